// Follows an event through the whole stack: order, stream, bus, wallet.
import { describe, expect, it } from 'vitest';
import { api, phone } from '../support/client.ts';

const login = async () => {
  const person = await phone.newPerson();
  const { body } = await api('POST', '/miniapp/login', { body: { code: await phone.loginCode(person) } });
  return { person, token: body.token as string };
};
const balanceOf = async (token: string): Promise<number> => (await api('GET', '/wallet', { token })).body.balanceFen;

describe('GET /wallet', () => {
  it('contains a paid top-up once, and nothing of a coffee', async () => {
    const { person, token } = await login();
    expect(await balanceOf(token)).toBe(0);
    const order = async (purchase: object) => (await api('POST', '/pay/prepay', { token, body: purchase })).body;
    const coffee = await order({ sku: 'coffee', tradeType: 'JSAPI' });
    expect((await phone.act(person, 'pay', { prepayId: coffee.payment.package })).transactionId).toMatch(/./);
    const topUp = async (amountFen: number) => {
      const { payment } = await order({ sku: 'top-up', amountFen, tradeType: 'VIRTUAL' });
      return phone.act(person, 'pay', { virtual: payment });
    };
    await phone.fault('virtual-push', 'duplicate');
    expect((await topUp(12_300)).transactionId).toMatch(/./);
    await expect.poll(() => balanceOf(token)).toBe(12_300);
    await topUp(700);
    await expect.poll(() => balanceOf(token)).toBe(13_000);
  });

  it('rejects a request without a session', async () => {
    expect(await api('GET', '/wallet')).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED' } });
  });
});
