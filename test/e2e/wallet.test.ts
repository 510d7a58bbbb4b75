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
    const pay = async (purchase: object) => {
      const { body } = await api('POST', '/pay/prepay', { token, body: { tradeType: 'JSAPI', ...purchase } });
      const prepayId = (body.payment.package as string).replace('prepay_id=', '');
      return phone.act(person, 'pay', { prepayId });
    };
    expect((await pay({ sku: 'coffee' })).transactionId).toMatch(/./);
    await phone.fault('notify', 'duplicate-notify');
    expect((await pay({ sku: 'top-up', amountFen: 12_300 })).transactionId).toMatch(/./);
    await expect.poll(() => balanceOf(token)).toBe(12_300);
    await pay({ sku: 'top-up', amountFen: 700 });
    await expect.poll(() => balanceOf(token)).toBe(13_000);
  });

  it('rejects a request without a session', async () => {
    expect(await api('GET', '/wallet')).toMatchObject({ status: 401, body: { code: 'UNAUTHENTICATED' } });
  });
});
