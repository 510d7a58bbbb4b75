// Orders of the mini-program from their payment to their money, and complaints about them, through the whole stack.
import { describe, expect, it } from 'vitest';
import { api, merchant, operator, phone } from '../support/client.ts';

type Buyer = Awaited<ReturnType<typeof login>>;

const login = async (about: object = {}) => {
  const person = await phone.newPerson(about);
  const { body } = await api('POST', '/miniapp/login', { body: { code: await phone.loginCode(person) } });
  return { person, token: body.token as string };
};

/** Pays in the mini-program. @returns the order number */
const buy = async ({ person, token }: Buyer, purchase: object): Promise<string> => {
  const { body } = await api('POST', '/pay/prepay', { token, body: { tradeType: 'JSAPI', ...purchase } });
  await phone.act(person, 'pay', { prepayId: body.payment.package });
  return body.order.outTradeNo;
};
const shippingOf = async ({ token }: Buyer, outTradeNo: string) =>
  (await api('GET', `/pay/orders/${outTradeNo}`, { token })).body.order.shipping;
const moneyOf = async (outTradeNo: string) => {
  const order = (await merchant.orders()).find((sold) => sold.outTradeNo === outTradeNo);
  return { frozenFen: order?.frozenFen, settledFen: order?.settledFen };
};

describe('an order that is paid in the mini-program', () => {
  it('is shipped by an operator, and its money arrives when the buyer confirms the receipt', async () => {
    const buyer = await login();
    const outTradeNo = await buy(buyer, { sku: 'coffee' });
    const toShip = { state: 'to-ship', delivery: 'express', parcels: [] };
    await expect.poll(() => shippingOf(buyer, outTradeNo)).toEqual(toShip);
    expect(await moneyOf(outTradeNo)).toEqual({ frozenFen: 1_800, settledFen: 0 });

    const parcels = [{ carrier: 'YTO', trackingNo: 'YT2026120100001' }];
    const shipped = { state: 'shipped', delivery: 'express', parcels };
    const { shipping } = await operator('order-ship', { outTradeNo, parcels });
    expect(shipping).toMatchObject(shipped);
    expect((await operator('order-ship', { outTradeNo, parcels })).shipping).toMatchObject(shipped);
    // A delivery must be after the shipping. Other tests may have moved the clock of WeChat, and so the time of the shipping.
    const outcome = (await phone.clockOffsetMs()) > 0 ? 'errorMessage' : 'outTradeNo';
    const remind = () => operator('receipt-remind', { outTradeNo, receivedAt: new Date().toISOString() });
    await expect.poll(remind).toHaveProperty(outcome);

    const { push } = await phone.act(buyer.person, 'receive', { outTradeNo });
    expect(push).toMatchObject({ status: 200 });
    expect(await shippingOf(buyer, outTradeNo)).toMatchObject({ state: 'settled', settledAt: expect.any(String) });
    expect(await moneyOf(outTradeNo)).toEqual({ frozenFen: 0, settledFen: 1_800 });
  });

  it('is shipped by itself if its delivery is virtual', async () => {
    const buyer = await login();
    const ticket = { sku: 'ticket', description: 'Ticket', kind: 'goods', unitFen: 500, delivery: 'virtual' };
    await operator('catalog-put', { items: [ticket] });
    const outTradeNo = await buy(buyer, { sku: 'ticket' });
    await expect
      .poll(async () => (await shippingOf(buyer, outTradeNo))?.state, { timeout: 90_000, interval: 500 })
      .toBe('shipped');
  });

  it('is shipped by the sweep if WeChat did not answer the upload', async () => {
    const buyer = await login();
    const outTradeNo = await buy(buyer, { sku: 'coffee' });
    await expect.poll(async () => (await shippingOf(buyer, outTradeNo))?.state).toBe('to-ship');
    await phone.fault('upload_shipping_info', '5xx', { times: 20 });
    const parcels = [{ carrier: 'STO', trackingNo: 'STO2026120100002' }];
    const failed = await operator('order-ship', { outTradeNo, parcels });
    expect(failed).toMatchObject({ errorMessage: expect.stringContaining('WeChat') });
    await phone.endFaults();
    const sweep = async () => {
      await operator('shipping-sweep', {});
      return (await shippingOf(buyer, outTradeNo))?.state;
    };
    await expect.poll(sweep, { timeout: 60_000 }).toBe('shipped');
  });

  it('needs no shipping after a refund of the whole order', async () => {
    const buyer = await login();
    const outTradeNo = await buy(buyer, { sku: 'coffee' });
    await operator('pay-refund', { outTradeNo, outRefundNo: `unshipped-${outTradeNo}`.slice(0, 64), amountFen: 1_800 });
    await expect.poll(() => shippingOf(buyer, outTradeNo)).toBeNull();
    const declined = await operator('order-ship', { outTradeNo, parcels: [{ carrier: 'YTO', trackingNo: 'YT1' }] });
    expect(declined).toMatchObject({ errorMessage: expect.stringContaining('refund') });
  });
});

describe('a complaint', () => {
  it('is answered and completed by an operator, who alone sees the phone of the buyer', async () => {
    const buyer = await login({ phone: '13812340077' });
    const outTradeNo = await buy(buyer, { sku: 'coffee' });
    const { complaintId, notify } = await phone.act(buyer.person, 'complain', { outTradeNo, text: 'It is cold.' });
    expect(notify.status).toBeLessThan(300);
    const show = async (options: object = {}) => operator('complaints', { action: 'show', complaintId, ...options });
    const shown = await show();
    expect(JSON.stringify(shown)).toContain(outTradeNo);
    expect(JSON.stringify(shown)).not.toContain('13812340077');
    expect(JSON.stringify(await show({ phone: true }))).toContain('13812340077');

    await operator('complaints', { action: 'reply', complaintId, content: '您好，我们马上补做一杯。' });
    expect(JSON.stringify(await show())).toContain('PROCESSING');
    await operator('complaints', { action: 'complete', complaintId });
    // The list ends today, and other tests may have moved the clock of WeChat.
    expect(await operator('complaints', { action: 'list' })).toHaveProperty('complaints');
    expect(JSON.stringify(await show())).toContain('PROCESSED');
  });

  it('refunds the order when an operator approves the refund', async () => {
    const buyer = await login();
    const outTradeNo = await buy(buyer, { sku: 'coffee' });
    const wish = { outTradeNo, text: 'Money back, please.', refundFen: 1_800 };
    const { complaintId } = await phone.act(buyer.person, 'complain', wish);
    const outRefundNo = `complaint-${complaintId}`;
    await operator('complaints', { action: 'approve-refund', complaintId, outRefundNo, amountFen: 1_800 });
    await expect
      .poll(async () => (await api('GET', `/pay/orders/${outTradeNo}`, { token: buyer.token })).body.order.refundedFen)
      .toBe(1_800);
  });
});
