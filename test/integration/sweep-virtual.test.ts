import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { checkOrder } from '../../lib/pay/check-order.ts';
import { getOrder } from '../../lib/pay/get-order.ts';
import { settlePayment } from '../../lib/pay/settle.ts';
import { sweep } from '../../lib/pay/sweep.ts';
import { erasePayer } from '../../lib/store/orders.ts';
import { crashesAfter } from '../support/crashes.ts';
import { asVerified } from '../support/verified.ts';
import { createVirtualBuyers } from '../support/virtual-buyers.ts';
import { createWorld, ids, type World } from '../support/world.ts';

const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;
const SANDBOX = { VIRTUAL_PAY_ENV: 'sandbox', VIRTUAL_PAY_APP_KEY: ids.virtual.sandboxAppKey };

let world: World;
let buyers: Awaited<ReturnType<typeof createVirtualBuyers>>;
let wechat: typeof buyers.wechat;
let pay: World['pay'];
let sandbox: World['pay'];
beforeAll(async () => {
  world = await createWorld();
  pay = world.pay;
  buyers = await createVirtualBuyers(world);
  wechat = buyers.wechat;
  sandbox = await world.payWith({ settings: SANDBOX });
});
afterAll(() => world.simulator.close());
beforeEach(() => buyers.settleEarlier());
afterEach(() => (world.clock.offsetMs = 0));

const provideCalls = () => world.calls('/xpay/notify_provide_goods');
const linesOf = (event: string, outTradeNo: string) =>
  world.lines.filter((line) => line.includes(`"${event}"`) && line.includes(outTradeNo));

describe('pay-sweep of virtual payments', () => {
  it('books a payment whose push was lost, and reports the delivery to WeChat once', async () => {
    const { outTradeNo, transactionId } = await buyers.paidOrder();
    const before = await provideCalls();
    expect(await buyers.sweepAfter(1.1)).toMatchObject({ visited: 1, failed: 0 });
    expect(await buyers.stored(outTradeNo)).toMatchObject({ state: 'PAID', transactionId });
    expect(await buyers.stored(outTradeNo)).not.toHaveProperty('paidBy');
    expect(await wechat.orderOf(outTradeNo)).toMatchObject({ status: 4, isProvided: true });
    expect(await buyers.sweepAfter(DAY_MINUTES)).toMatchObject({ visited: 0 });
    expect((await provideCalls()) - before).toBe(1);
    expect(linesOf('order.paid', outTradeNo)).toHaveLength(1);
  });

  it('books a payment that Apple received, with the number of virtual payment', async () => {
    const { outTradeNo, transactionId } = await buyers.paidOrder({}, { apple: true });
    await buyers.sweepAfter(1.1);
    expect(transactionId).toMatch(/^VPO/);
    expect(await buyers.stored(outTradeNo)).toMatchObject({ state: 'PAID', transactionId, paidBy: 'apple' });
  });

  it('leaves an order open that the buyer did not open or did not pay, until it expires', async () => {
    const unopened = await buyers.newOrder();
    const cancelled = await buyers.newOrder();
    await expect(wechat.pay(cancelled.person, cancelled.payment, { cancel: true })).rejects.toThrow('cancel');
    expect(await buyers.sweepAfter(1.1)).toMatchObject({ visited: 2, failed: 0 });
    for (const { outTradeNo } of [unopened, cancelled]) {
      expect(await buyers.stored(outTradeNo)).toMatchObject({ state: 'NOTPAY' });
    }
    await buyers.sweepAfter(121);
    for (const { outTradeNo } of [unopened, cancelled]) {
      expect(await buyers.stored(outTradeNo)).toMatchObject({ state: 'CLOSED' });
    }
  });

  it('closes an order that WeChat closed', async () => {
    const { person, payment, outTradeNo } = await buyers.newOrder();
    await expect(wechat.pay(person, payment, { cancel: true })).rejects.toThrow('cancel');
    await wechat.close(outTradeNo);
    await buyers.sweepAfter(1.1);
    expect(await buyers.stored(outTradeNo)).toMatchObject({ state: 'CLOSED' });
  });

  it('looks at a closed order once more after a day, and books its late payment', async () => {
    const [late, never] = [await buyers.newOrder(), await buyers.newOrder()];
    await buyers.sweepAfter(121);
    expect(await buyers.sweepAfter(23 * 60)).toMatchObject({ visited: 0 });
    await wechat.plan({ target: 'virtual-push', action: 'no-push' });
    await wechat.pay(late.person, late.payment);
    expect(await buyers.sweepAfter(121 + DAY_MINUTES + 1)).toMatchObject({ visited: 2, failed: 0 });
    expect(await buyers.stored(late.outTradeNo)).toMatchObject({ state: 'PAID' });
    expect(await wechat.orderOf(late.outTradeNo)).toMatchObject({ isProvided: true });
    expect(await buyers.stored(never.outTradeNo)).toMatchObject({ state: 'CLOSED' });
    for (const { outTradeNo } of [late, never]) expect(await buyers.hasFollowUp(outTradeNo)).toBe(false);
  });

  it('keeps the follow-up of a late payment until the delivery is reported', async () => {
    const { person, payment, outTradeNo } = await buyers.newOrder();
    await buyers.sweepAfter(121);
    await wechat.plan({ target: 'virtual-push', action: 'no-push' });
    await wechat.pay(person, payment);
    await world.faults('/xpay/notify_provide_goods', '5xx');
    await buyers.sweepAfter(121 + DAY_MINUTES + 1);
    expect(await buyers.stored(outTradeNo)).toMatchObject({ state: 'PAID' });
    expect(await buyers.hasFollowUp(outTradeNo)).toBe(true);
    await buyers.sweepAfter(121 + DAY_MINUTES + 10);
    expect(await wechat.orderOf(outTradeNo)).toMatchObject({ isProvided: true });
    expect(await buyers.hasFollowUp(outTradeNo)).toBe(false);
  });

  it('books each payment once in concurrent sweeps and looks', async () => {
    const orders = [await buyers.paidOrder(), await buyers.paidOrder(), await buyers.paidOrder()];
    world.clock.offsetMs = 1.1 * MINUTE_MS;
    const looks = orders.map(({ token, outTradeNo }) => getOrder(pay, { token, outTradeNo }));
    await Promise.all([sweep(pay), sweep(pay), ...looks]);
    for (const { outTradeNo } of orders) {
      expect(await buyers.stored(outTradeNo)).toMatchObject({ state: 'PAID' });
      expect(linesOf('order.paid', outTradeNo)).toHaveLength(1);
    }
  });

  it('ends with a warning for a delivery that WeChat declines, and with nothing for one reported before', async () => {
    const orders = [await buyers.paidOrder(), await buyers.paidOrder(), await buyers.paidOrder()];
    await world.faults('/xpay/notify_provide_goods', '5xx', 3);
    await buyers.sweepAfter(1.1);
    for (const { outTradeNo } of orders) expect(await buyers.hasFollowUp(outTradeNo)).toBe(true);
    for (const errcode of [268490002, 268490004, 268490005])
      await world.fault({ target: '/xpay/notify_provide_goods', action: 'errcode', errcode });
    expect(await buyers.sweepAfter(7)).toMatchObject({ visited: 3, failed: 0 });
    for (const { outTradeNo } of orders) expect(await buyers.hasFollowUp(outTradeNo)).toBe(false);
  });
});

describe('GET /pay/orders/{outTradeNo} of a virtual order', () => {
  it('finds a payment whose push was lost, and reports its delivery', async () => {
    const { outTradeNo, token } = await buyers.paidOrder();
    const { order } = await getOrder(pay, { token, outTradeNo });
    expect(order).toMatchObject({ state: 'PAID' });
    expect(await wechat.orderOf(outTradeNo)).toMatchObject({ isProvided: true });
  });

  it('shows the stored order when WeChat does not answer or lacks the order', async () => {
    const { outTradeNo, token } = await buyers.paidOrder();
    await world.faults('/xpay/query_order', '5xx');
    expect((await getOrder(pay, { token, outTradeNo })).order).toMatchObject({ state: 'NOTPAY' });
    const unopened = await buyers.newOrder();
    const look = await getOrder(pay, { token: unopened.token, outTradeNo: unopened.outTradeNo });
    expect(look.order).toMatchObject({ state: 'NOTPAY' });
  });
});

describe('the report of a delivery', () => {
  it('is repeated by the follow-up of the order after a failure', async () => {
    const { outTradeNo } = await buyers.paidOrder();
    await world.faults('/xpay/notify_provide_goods', '5xx', 2);
    await buyers.sweepAfter(1.1);
    expect(await buyers.stored(outTradeNo)).toMatchObject({ state: 'PAID' });
    expect(linesOf('order.delivery-unconfirmed', outTradeNo)).toHaveLength(1);
    await buyers.sweepAfter(7);
    expect(await buyers.hasFollowUp(outTradeNo)).toBe(true);
    await buyers.sweepAfter(60);
    expect(await wechat.orderOf(outTradeNo)).toMatchObject({ isProvided: true });
    expect(await buyers.hasFollowUp(outTradeNo)).toBe(false);
  });

  it('is made up for after a lost answer', async () => {
    const { outTradeNo } = await buyers.paidOrder();
    await wechat.loseAnswers('notify_provide_goods');
    await buyers.sweepAfter(1.1);
    await wechat.plan({ target: 'provide-goods', action: 'repeated' });
    await buyers.sweepAfter(7);
    expect(await buyers.hasFollowUp(outTradeNo)).toBe(false);
  });

  it('is made up for after a crash between booking and report', async () => {
    const { outTradeNo } = await buyers.paidOrder();
    const order = await buyers.stored(outTradeNo);
    const { query } = await pay.payApi('virtual');
    const transaction = await query(order);
    // The instance crashes here: it booked the payment, and reported nothing.
    await settlePayment(pay, transaction);
    expect(await wechat.orderOf(outTradeNo)).toMatchObject({ isProvided: false });
    await buyers.sweepAfter(7);
    expect(await wechat.orderOf(outTradeNo)).toMatchObject({ isProvided: true });
    expect(await buyers.hasFollowUp(outTradeNo)).toBe(false);
  });

  it('survives a crash after each write of a look', async () => {
    for (let writes = 0; ; writes += 1) {
      const { outTradeNo } = await buyers.paidOrder();
      const order = await buyers.stored(outTradeNo);
      const hasCrashed = await crashesAfter(world.table, writes, () => checkOrder(pay, order));
      await buyers.sweepAfter(130);
      await buyers.sweepAfter(200);
      expect(await buyers.stored(outTradeNo), `${writes} writes`).toMatchObject({ state: 'PAID' });
      expect(await wechat.orderOf(outTradeNo), `${writes} writes`).toMatchObject({ isProvided: true });
      expect(await buyers.hasFollowUp(outTradeNo), `${writes} writes`).toBe(false);
      world.clock.offsetMs = 0;
      if (!hasCrashed) break;
    }
  });

  it('needs no openid, which the close of an account erases', async () => {
    const { outTradeNo } = await buyers.paidOrder();
    await world.faults('/xpay/notify_provide_goods', '5xx');
    await buyers.sweepAfter(1.1);
    await erasePayer(world.table, outTradeNo);
    await buyers.sweepAfter(7);
    expect(await wechat.orderOf(outTradeNo)).toMatchObject({ isProvided: true });
    expect(await buyers.hasFollowUp(outTradeNo)).toBe(false);
  });
});

describe('the two environments of virtual payment', () => {
  const paidInSandbox = async () => {
    const { person, payment, outTradeNo } = await buyers.newOrder({}, sandbox);
    await wechat.pay(person, payment);
    return outTradeNo;
  };

  it('a stage of the sandbox books its payments, which have no push', async () => {
    const outTradeNo = await paidInSandbox();
    expect(await buyers.sweepAfter(1.1, sandbox)).toMatchObject({ visited: 1, failed: 0 });
    expect(await buyers.stored(outTradeNo)).toMatchObject({ state: 'PAID', env: 'sandbox' });
  });

  it('a live stage never books an order of the sandbox', async () => {
    const outTradeNo = await paidInSandbox();
    for (const minutes of [1.1, 6, 31, 121, 121 + DAY_MINUTES + 1]) await buyers.sweepAfter(minutes);
    expect(await buyers.stored(outTradeNo)).toMatchObject({ state: 'CLOSED' });
    expect(await buyers.hasFollowUp(outTradeNo)).toBe(false);
  });

  it('a stage of the sandbox neither books nor closes an order of the live environment', async () => {
    const { outTradeNo } = await buyers.paidOrder();
    for (const minutes of [1.1, 6, 31, 121, 121 + DAY_MINUTES + 1]) await buyers.sweepAfter(minutes, sandbox);
    expect(await buyers.stored(outTradeNo)).toMatchObject({ state: 'NOTPAY' });
    expect(linesOf('follow-up.failed', outTradeNo).at(-1)).toContain('VIRTUAL_PAY_ENV');
    await buyers.sweepAfter(3 * DAY_MINUTES);
    expect(await buyers.stored(outTradeNo)).toMatchObject({ state: 'PAID' });
  });

  it('a stage of another offer neither books nor closes an order of the former offer', async () => {
    const other = await world.payWith({ settings: { VIRTUAL_PAY_OFFER_ID: '1450000002' } });
    const { outTradeNo } = await buyers.paidOrder();
    for (const minutes of [1.1, 121, 121 + DAY_MINUTES + 1]) await buyers.sweepAfter(minutes, other);
    expect(await buyers.stored(outTradeNo)).toMatchObject({ state: 'NOTPAY' });
    expect(linesOf('payment.mismatched', outTradeNo)).toEqual([]);
    expect(linesOf('follow-up.failed', outTradeNo).at(-1)).toContain('VIRTUAL_PAY_OFFER_ID');
    await buyers.sweepAfter(3 * DAY_MINUTES);
    expect(await buyers.stored(outTradeNo)).toMatchObject({ state: 'PAID' });
  });

  it('a stage of the sandbox leaves the report of a live delivery to a live stage', async () => {
    const { outTradeNo } = await buyers.paidOrder();
    await world.faults('/xpay/notify_provide_goods', '5xx');
    await buyers.sweepAfter(1.1);
    await buyers.sweepAfter(7, sandbox);
    expect(await buyers.hasFollowUp(outTradeNo)).toBe(true);
    await buyers.sweepAfter(DAY_MINUTES);
    expect(await wechat.orderOf(outTradeNo)).toMatchObject({ isProvided: true });
  });

  it.each([
    ['another environment', { env: 'sandbox' as const }, ['env']],
    ['another offer', { mchId: '1450000002' }, ['mchId']],
    ['another app', { appId: ids.official.appId }, ['appId']],
  ])('a payment of %s is recorded as a mismatch, and books nothing', async (_, change, reasons) => {
    const { outTradeNo } = await buyers.paidOrder();
    const transaction = await (await pay.payApi('virtual')).query(await buyers.stored(outTradeNo));
    const booking = settlePayment(pay, asVerified({ ...transaction, ...change }));
    await expect(booking).rejects.toMatchObject({ code: 'ORDER_STATE_CONFLICT', detail: { reasons } });
    expect(await buyers.stored(outTradeNo)).toMatchObject({ state: 'NOTPAY' });
    expect(linesOf('payment.mismatched', outTradeNo)).toHaveLength(1);
  });
});
