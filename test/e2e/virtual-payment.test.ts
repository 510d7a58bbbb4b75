// A recharge by virtual payment, from the catalogue to its refund, over HTTP.
import { describe, expect, inject, it } from 'vitest';
import { api, operator, phone } from '../support/client.ts';
import { virtualControls } from '../support/virtual-controls.ts';

const login = async () => {
  const person = await phone.newPerson();
  const { body } = await api('POST', '/miniapp/login', { body: { code: await phone.loginCode(person) } });
  return { person, token: body.token as string };
};
type Buyer = Awaited<ReturnType<typeof login>>;

const xpay = () => virtualControls({ url: inject('stack').simulator });
const order = ({ token }: Buyer, purchase: object = {}) =>
  api('POST', '/pay/prepay', { token, body: { sku: 'top-up', amountFen: 1_200, tradeType: 'VIRTUAL', ...purchase } });
const read = async ({ token }: Buyer, outTradeNo: string) =>
  (await api('GET', `/pay/orders/${outTradeNo}`, { token })).body.order;
const balanceOf = async ({ token }: Buyer): Promise<number> => (await api('GET', '/wallet', { token })).body.balanceFen;

/** Orders a recharge and pays it on the phone. @returns the order number */
async function recharge(buyer: Buyer, how: { apple?: boolean } = {}): Promise<string> {
  const { payment, order: placed } = (await order(buyer)).body;
  const { notify } = await xpay().pay(buyer.person, payment, how);
  expect(notify).toMatchObject({ status: 200, body: expect.stringMatching(/"ErrCode": ?0/) });
  return placed.outTradeNo;
}

describe('a recharge by virtual payment', () => {
  it('is listed with its step, paid on the phone, credited once, and taken out of the wallet by a refund', async () => {
    const buyer = await login();
    const { items } = (await api('GET', '/catalog')).body;
    const { sku, stepFen } = items.find(({ virtualGood }: { virtualGood: boolean }) => virtualGood);
    const { status, body } = await order(buyer, { sku, amountFen: 12 * stepFen });
    expect([status, body.order.state]).toEqual([201, 'NOTPAY']);
    expect(JSON.parse(body.payment.signData)).toMatchObject({ productId: sku, buyQuantity: 12, goodsPrice: stepFen });
    const { outTradeNo } = body.order;
    expect(await read(buyer, outTradeNo)).toMatchObject({ state: 'NOTPAY' });

    await xpay().plan({ target: 'virtual-push', action: 'duplicate' });
    await xpay().pay(buyer.person, body.payment);
    expect(await read(buyer, outTradeNo)).toMatchObject({ state: 'PAID', paidAt: expect.any(String), shipping: null });
    await expect.poll(() => balanceOf(buyer)).toBe(1_200);
    await xpay().redeliver(outTradeNo);
    expect(await xpay().orderOf(outTradeNo)).toMatchObject({ isProvided: true });

    const refund = { outTradeNo, outRefundNo: `${outTradeNo.slice(-20)}-1`, amountFen: 500 };
    expect(await operator('pay-refund', refund)).toMatchObject({ refund: { status: 'PROCESSING' } });
    await phone.advanceClock(2_000);
    await expect.poll(() => read(buyer, outTradeNo)).toMatchObject({ state: 'PAID', refundedFen: 500 });
    await expect.poll(() => balanceOf(buyer)).toBe(700);
    await operator('pay-refund', { ...refund, outRefundNo: `${outTradeNo.slice(-20)}-2`, amountFen: 700 });
    await phone.advanceClock(2_000);
    await expect.poll(() => read(buyer, outTradeNo)).toMatchObject({ state: 'REFUNDED', refundedFen: 1_200 });
    await expect.poll(() => balanceOf(buyer)).toBe(0);
    expect(await operator('pay-refund', { ...refund, amountFen: 1 })).toHaveProperty('errorMessage');
  });

  it('is found by the look of its buyer when the push is lost, and reported as delivered', async () => {
    const buyer = await login();
    const { payment, order: placed } = (await order(buyer)).body;
    await xpay().plan({ target: 'virtual-push', action: 'no-push' });
    expect(await xpay().pay(buyer.person, payment)).toMatchObject({ notify: null });
    await expect
      .poll(async () => (await read(buyer, placed.outTradeNo)).state, { timeout: 20_000, interval: 1_000 })
      .toBe('PAID');
    await expect.poll(() => balanceOf(buyer)).toBe(1_200);
    await expect.poll(async () => (await xpay().orderOf(placed.outTradeNo))?.isProvided).toBe(true);
  });

  it('is refunded by Apple alone if Apple took the money', async () => {
    const buyer = await login();
    const outTradeNo = await recharge(buyer, { apple: true });
    await expect.poll(() => balanceOf(buyer)).toBe(1_200);
    const refund = { outTradeNo, outRefundNo: `${outTradeNo.slice(-20)}-1`, amountFen: 1_200 };
    const declined = (await operator('pay-refund', refund)) as { errorMessage: string };
    expect(declined.errorMessage).toContain('Apple');
    const asked = await xpay().appleQuestion(outTradeNo);
    expect(JSON.parse(asked.body)).toMatchObject({ result_code: 1, evidence: expect.stringMatching(/./) });
    await xpay().appleRefund(outTradeNo);
    await expect.poll(() => read(buyer, outTradeNo)).toMatchObject({ state: 'REFUNDED', refundedFen: 1_200 });
    await expect.poll(() => balanceOf(buyer)).toBe(0);
  });

  it('stays unpaid when the buyer cancels, and cannot be opened again', async () => {
    const buyer = await login();
    const key = { 'idempotency-key': crypto.randomUUID() };
    const body = { sku: 'top-up', amountFen: 500, tradeType: 'VIRTUAL' };
    const prepay = () => api('POST', '/pay/prepay', { token: buyer.token, headers: key, body });
    const { payment, order: placed } = (await prepay()).body;
    expect((await prepay()).body.payment).toEqual(payment);
    await expect(xpay().pay(buyer.person, payment, { cancel: true })).rejects.toThrow('-2');
    await expect(xpay().pay(buyer.person, (await prepay()).body.payment)).rejects.toThrow('-15002');
    const closed = await api('POST', `/pay/orders/${placed.outTradeNo}/close`, { token: buyer.token });
    expect(closed).toMatchObject({ status: 200, body: { order: { state: 'CLOSED' } } });
    expect(await prepay()).toMatchObject({ status: 409, body: { code: 'ORDER_STATE_CONFLICT' } });
  });

  it('brings a complaint to the operator, who answers and completes it', async () => {
    const buyer = await login();
    const outTradeNo = await recharge(buyer);
    const { complaintId, push } = await xpay().complain(buyer.person, outTradeNo, '充值没有到账，请尽快处理');
    expect(push).toMatchObject({ status: 200 });
    const show = async () => JSON.stringify(await operator('complaints', { action: 'show', complaintId }));
    expect(await show()).toContain(outTradeNo);
    await operator('complaints', { action: 'reply', complaintId, content: '您好，已为您核实。' });
    expect(await show()).toContain('PROCESSING');
    await operator('complaints', { action: 'complete', complaintId });
    expect(await show()).toContain('PROCESSED');
  });
});
