import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { refreshOrder } from '../../lib/pay/check-order.ts';
import { refundOrder } from '../../lib/pay/refund-order.ts';
import { sweep } from '../../lib/pay/sweep.ts';
import { erasePayer } from '../../lib/store/orders.ts';
import { readRefund } from '../../lib/store/refunds.ts';
import { createVirtualBuyers } from '../support/virtual-buyers.ts';
import { createWorld, ids, REFUND_SETTLES_MS, type World } from '../support/world.ts';

const MINUTE_MS = 60_000;

let world: World;
let buyers: Awaited<ReturnType<typeof createVirtualBuyers>>;
let wechat: typeof buyers.wechat;
let pay: World['pay'];
beforeAll(async () => {
  world = await createWorld();
  pay = world.pay;
  buyers = await createVirtualBuyers(world);
  wechat = buyers.wechat;
});
afterEach(async () => {
  world.clock.offsetMs = 0;
  await fetch(`${world.simulator.url}/_faults`, { method: 'DELETE' });
});
afterAll(() => world.simulator.close());

let numbers = 0;
const newNumber = () => `refund-${Date.now()}-${(numbers += 1)}`;
/** Creates an order of 6 yuan that the ledger has as paid. */
const paid = async (how: { apple?: boolean } = {}) => {
  const bought = await buyers.paidOrder({}, how);
  await refreshOrder(pay, await buyers.stored(bought.outTradeNo));
  return bought;
};
const refund = (outTradeNo: string, change: object = {}) =>
  refundOrder(pay, { outTradeNo, outRefundNo: newNumber(), amountFen: 600, ...change });
const refundCalls = () => world.calls('/xpay/refund_order');
/** Moves the clock to when WeChat has ended its refunds, and sweeps. */
const settle = async (minutes = 5) => {
  await world.simulator.advanceClock(REFUND_SETTLES_MS);
  world.clock.offsetMs = minutes * MINUTE_MS;
  await sweep(pay);
};
const statusOf = async (outRefundNo: string) => (await readRefund(world.table, outRefundNo))?.status;
const rejectedWith = (code: string) => expect.objectContaining({ name: 'AppError', code });

describe('pay-refund of a virtual payment', () => {
  it('begins the refund, and the sweep finds its end', async () => {
    const { outTradeNo } = await paid();
    const outRefundNo = newNumber();
    const begun = await refund(outTradeNo, { outRefundNo, reason: '不想要了' });
    expect(begun.refund).toMatchObject({ outRefundNo, status: 'PROCESSING', refundId: expect.stringMatching(/^VPR/) });
    expect(await buyers.stored(outTradeNo)).toMatchObject({ state: 'REFUNDING', refundingFen: 600 });
    await settle();
    expect(await statusOf(outRefundNo)).toBe('SUCCESS');
    expect(await buyers.stored(outTradeNo)).toMatchObject({ state: 'REFUNDED', refundedFen: 600, refundingFen: 0 });
    expect(await wechat.orderOf(outTradeNo)).toMatchObject({ status: 5, leftFen: 0 });
  });

  it('returns the current status for a repeated request, and requests the refund once', async () => {
    const { outTradeNo } = await paid();
    const outRefundNo = newNumber();
    const before = await refundCalls();
    await refund(outTradeNo, { outRefundNo });
    expect((await refund(outTradeNo, { outRefundNo })).refund.status).toBe('PROCESSING');
    await wechat.settleRefund(outRefundNo);
    expect((await refund(outTradeNo, { outRefundNo })).refund).toMatchObject({ status: 'SUCCESS' });
    expect((await refundCalls()) - before).toBe(1);
    await expect(refund(outTradeNo, { outRefundNo, amountFen: 100 })).rejects.toThrow(
      rejectedWith('ORDER_STATE_CONFLICT'),
    );
  });

  it('refunds in parts until the whole payment is back', async () => {
    const { outTradeNo } = await paid();
    for (const [amountFen, state, refundedFen] of [
      [100, 'PAID', 100],
      [200, 'PAID', 300],
      [300, 'REFUNDED', 600],
    ] as const) {
      const outRefundNo = newNumber();
      await refund(outTradeNo, { outRefundNo, amountFen });
      await wechat.settleRefund(outRefundNo);
      await refund(outTradeNo, { outRefundNo, amountFen });
      expect(await buyers.stored(outTradeNo)).toMatchObject({ state, refundedFen, refundingFen: 0 });
    }
    await expect(refund(outTradeNo, { amountFen: 1 })).rejects.toMatchObject({ detail: { leftFen: 0 } });
    expect(await wechat.orderOf(outTradeNo)).toMatchObject({ refundedFen: 600 });
  });

  it.each(['refunded-in-part', 'no-left-fee'] as const)('refunds the rest of a payment with %s', async (action) => {
    const { outTradeNo } = await paid();
    const outRefundNo = newNumber();
    await refund(outTradeNo, { outRefundNo, amountFen: 200 });
    await wechat.settleRefund(outRefundNo);
    await refund(outTradeNo, { outRefundNo, amountFen: 200 });
    await wechat.plan({ target: 'query-order', action });
    await expect(refund(outTradeNo, { amountFen: 400 })).resolves.toMatchObject({ refund: { status: 'PROCESSING' } });
  });

  it('releases the amount of a refund that failed at WeChat', async () => {
    const { outTradeNo } = await paid();
    const outRefundNo = newNumber();
    await refund(outTradeNo, { outRefundNo });
    await wechat.settleRefund(outRefundNo, 'failed');
    expect((await refund(outTradeNo, { outRefundNo })).refund.status).toBe('CLOSED');
    expect(await buyers.stored(outTradeNo)).toMatchObject({ state: 'PAID', refundingFen: 0 });
    await expect(refund(outTradeNo)).resolves.toMatchObject({ refund: { status: 'PROCESSING' } });
  });

  it.each([
    ['a number of seven characters', { outRefundNo: 'refund7' }],
    ['a number of 33 characters', { outRefundNo: 'r'.repeat(33) }],
    ['a number with *', { outRefundNo: 'refund*0001' }],
    ['a number with |', { outRefundNo: 'refund|0001' }],
    ['a number with @', { outRefundNo: 'refund@0001' }],
    ['an account of the merchant', { fundsAccount: 'AVAILABLE' }],
  ])('is rejected for %s before any call', async (_, change) => {
    const { outTradeNo } = await paid();
    const before = [await refundCalls(), await world.calls('/xpay/query_order')];
    await expect(refund(outTradeNo, change)).rejects.toThrow(rejectedWith('PARAM_ERROR'));
    expect([await refundCalls(), await world.calls('/xpay/query_order')]).toEqual(before);
    expect(await buyers.stored(outTradeNo)).toMatchObject({ state: 'PAID', refundingFen: 0 });
  });

  it('is rejected for an unpaid order, and for more than was paid', async () => {
    const { outTradeNo } = await buyers.newOrder();
    await expect(refund(outTradeNo)).rejects.toThrow(rejectedWith('ORDER_STATE_CONFLICT'));
    const bought = await paid();
    await expect(refund(bought.outTradeNo, { amountFen: 601 })).rejects.toMatchObject({ detail: { leftFen: 600 } });
  });

  it('is rejected for a payment that Apple received, and names Apple', async () => {
    const { outTradeNo } = await paid({ apple: true });
    const before = await refundCalls();
    await expect(refund(outTradeNo)).rejects.toMatchObject({
      code: 'FORBIDDEN',
      message: expect.stringMatching(/Apple.*reportaproblem\.apple\.com/),
    });
    expect(await refundCalls()).toBe(before);
  });

  it('is rejected after the user closed the account, and reserves nothing', async () => {
    const { outTradeNo } = await paid();
    await erasePayer(world.table, outTradeNo);
    await expect(refund(outTradeNo)).rejects.toMatchObject({
      code: 'FORBIDDEN',
      message: expect.stringMatching(/console/),
    });
    expect(await buyers.stored(outTradeNo)).toMatchObject({ state: 'PAID', refundingFen: 0 });
  });

  it.each([
    ['environment', { VIRTUAL_PAY_ENV: 'sandbox', VIRTUAL_PAY_APP_KEY: ids.virtual.sandboxAppKey }],
    ['offer', { VIRTUAL_PAY_OFFER_ID: '1450000002' }],
  ])('is rejected for an order of another %s, names the settings, and reserves nothing', async (_, settings) => {
    const { outTradeNo } = await paid();
    const request = { outTradeNo, outRefundNo: newNumber(), amountFen: 600 };
    await expect(refundOrder(await world.payWith({ settings }), request)).rejects.toMatchObject({
      code: 'WECHAT_CONFIG',
      message: expect.stringContaining('VIRTUAL_PAY_OFFER_ID 1450000001 and VIRTUAL_PAY_ENV live'),
    });
    expect(await buyers.stored(outTradeNo)).toMatchObject({ state: 'PAID', refundingFen: 0 });
  });

  it('stays reserved while the settings do not reach its order, and is requested once in the end', async () => {
    const { outTradeNo } = await paid();
    const outRefundNo = newNumber();
    await wechat.loseAnswers('refund_order');
    await expect(refund(outTradeNo, { outRefundNo })).rejects.toThrow(rejectedWith('WECHAT_UNAVAILABLE'));
    const settings = { VIRTUAL_PAY_ENV: 'sandbox', VIRTUAL_PAY_APP_KEY: ids.virtual.sandboxAppKey };
    world.clock.offsetMs = 5 * MINUTE_MS;
    await sweep(await world.payWith({ settings }));
    expect(await statusOf(outRefundNo)).toBe('REQUESTED');
    await settle(120);
    expect(await statusOf(outRefundNo)).toBe('SUCCESS');
    expect((await wechat.orderOf(outTradeNo))!.refunds).toHaveLength(1);
  });
});

describe('a refund of a virtual payment that WeChat declines', () => {
  it.each([
    [268490006, 'FORBIDDEN'],
    [268490013, 'FORBIDDEN'],
    [268490016, 'ORDER_STATE_CONFLICT'],
    [268490003, 'WECHAT_CONFIG'],
  ])('releases its amount (errcode %i)', async (errcode, code) => {
    const { outTradeNo } = await paid();
    await wechat.errcode('refund_order', errcode);
    const outRefundNo = newNumber();
    await expect(refund(outTradeNo, { outRefundNo })).rejects.toThrow(rejectedWith(code));
    expect(await buyers.stored(outTradeNo)).toMatchObject({ state: 'PAID', refundingFen: 0 });
    expect(await statusOf(outRefundNo)).toBe('REFUSED');
    await expect(refund(outTradeNo, { outRefundNo })).resolves.toMatchObject({ refund: { status: 'PROCESSING' } });
  });

  it('stays reserved while another refund of the order is under way, and is requested again', async () => {
    const { outTradeNo } = await paid();
    const [first, second] = [newNumber(), newNumber()];
    await refund(outTradeNo, { outRefundNo: first, amountFen: 200 });
    const early = refund(outTradeNo, { outRefundNo: second, amountFen: 400 });
    await expect(early).rejects.toThrow(rejectedWith('RATE_LIMITED'));
    expect(await buyers.stored(outTradeNo)).toMatchObject({ state: 'REFUNDING', refundingFen: 600 });
    await wechat.settleRefund(first);
    await settle();
    expect([await statusOf(first), await statusOf(second)]).toEqual(['SUCCESS', 'PROCESSING']);
    await settle(60);
    expect(await statusOf(second)).toBe('SUCCESS');
    expect(await buyers.stored(outTradeNo)).toMatchObject({ state: 'REFUNDED', refundedFen: 600 });
  });
});

describe('a refund of a virtual payment whose outcome is unknown', () => {
  it('is found by the sweep when only the answer was lost', async () => {
    const { outTradeNo } = await paid();
    const outRefundNo = newNumber();
    await wechat.loseAnswers('refund_order');
    await expect(refund(outTradeNo, { outRefundNo })).rejects.toThrow(rejectedWith('WECHAT_UNAVAILABLE'));
    expect(await statusOf(outRefundNo)).toBe('REQUESTED');
    await settle();
    expect(await statusOf(outRefundNo)).toBe('SUCCESS');
    expect((await wechat.orderOf(outTradeNo))!.refunds).toHaveLength(1);
  });

  it('is requested again by the sweep when WeChat never received it', async () => {
    const { outTradeNo } = await paid();
    const outRefundNo = newNumber();
    await world.faults('/xpay/refund_order', '5xx');
    await expect(refund(outTradeNo, { outRefundNo })).rejects.toThrow(rejectedWith('WECHAT_UNAVAILABLE'));
    await settle();
    expect(await statusOf(outRefundNo)).toBe('PROCESSING');
    expect((await wechat.orderOf(outTradeNo))!.refunds).toMatchObject([{ refundOrderId: outRefundNo, amountFen: 600 }]);
  });
});

describe('concurrent refunds of a virtual payment', () => {
  it('never exceed the payment', async () => {
    const { outTradeNo } = await paid();
    const requests = Array.from({ length: 5 }, () => refund(outTradeNo, { amountFen: 400 }));
    const outcomes = await Promise.allSettled(requests);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    expect((await wechat.orderOf(outTradeNo))!.refunds).toMatchObject([{ amountFen: 400 }]);
    expect(await buyers.stored(outTradeNo)).toMatchObject({ state: 'REFUNDING', refundingFen: 400 });
  });

  it('of one number are one refund', async () => {
    const { outTradeNo } = await paid();
    const outRefundNo = newNumber();
    await Promise.allSettled(Array.from({ length: 5 }, () => refund(outTradeNo, { outRefundNo })));
    expect((await wechat.orderOf(outTradeNo))!.refunds).toHaveLength(1);
    await wechat.settleRefund(outRefundNo);
    expect((await refund(outTradeNo, { outRefundNo })).refund.status).toBe('SUCCESS');
    expect(await buyers.stored(outTradeNo)).toMatchObject({ state: 'REFUNDED', refundedFen: 600, refundingFen: 0 });
  });
});
