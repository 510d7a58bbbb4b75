import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { eventsOf } from '../../lib/events/from-record.ts';
import { refundOrder } from '../../lib/pay/refund-order.ts';
import { consoleRefund } from '../../lib/pay/report-refund.ts';
import { sweep } from '../../lib/pay/sweep.ts';
import { keys } from '../../lib/store/keys.ts';
import { readOrder } from '../../lib/store/orders.ts';
import { putReportedRefund, readRefund } from '../../lib/store/refunds.ts';
import { createBuyers } from '../support/buyers.ts';
import { recordOf } from '../support/stream-records.ts';
import { REFUND_SETTLES_MS, createWorld, type World } from '../support/world.ts';

const NOW = '2026-11-20T03:12:40.000Z';
const REFUNDS = '/v3/refund/domestic/refunds';

let world: World;
let paidOrder: Awaited<ReturnType<typeof createBuyers>>['paidOrder'];
beforeAll(async () => {
  world = await createWorld();
  ({ paidOrder } = await createBuyers(world));
});
afterAll(() => world.simulator.close());
afterEach(() => void (world.clock.offsetMs = 0));

let numbers = 0;
const newNumber = () => `S${Date.now()}x${(numbers += 1)}`;
const order = (outTradeNo: string) => readOrder(world.table, outTradeNo);
const stored = (outRefundNo: string) => readRefund(world.table, outRefundNo);

/** Asserts that the order has its whole amount again, and that no operator is alarmed. */
async function expectReleased(outTradeNo: string, outRefundNo: string): Promise<void> {
  expect(await order(outTradeNo)).toMatchObject({ state: 'PAID', refundingFen: 0, refundedFen: 0, refundCount: 0 });
  expect(await stored(outRefundNo)).toMatchObject({ status: 'REFUSED', numberInUse: true });
  expect(await stored(outRefundNo)).not.toHaveProperty('followUpPk');
  expect(world.lines.join('\n')).not.toContain('payment.mismatched');
}

describe.each(['v3', 'v2'] as const)('a refund number of another system of the merchant, for an order of %s', (api) => {
  it.each(['foreign-number', 'fee-mismatch'])(
    'releases the amount, names the number and raises no alarm (%s)',
    async (variant) => {
      const { outTradeNo } = await paidOrder({ api });
      const request = { outTradeNo, outRefundNo: newNumber(), amountFen: 1800 };
      await world.faults('refund', 'foreign-number');
      if (variant === 'fee-mismatch') await world.faults('refund', variant);
      await expect(refundOrder(world.pay, request)).rejects.toMatchObject({
        code: 'ORDER_STATE_CONFLICT',
        message: expect.stringContaining(request.outRefundNo),
        detail: { outRefundNo: request.outRefundNo },
      });
      await expectReleased(outTradeNo, request.outRefundNo);
    },
  );

  it('rejects the number again without a call to WeChat, and accepts a new number', async () => {
    const { outTradeNo } = await paidOrder({ api });
    const request = { outTradeNo, outRefundNo: newNumber(), amountFen: 1800 };
    await world.faults('refund', 'foreign-number');
    await refundOrder(world.pay, request).catch(() => undefined);
    const before = await world.calls(REFUNDS);
    await expect(refundOrder(world.pay, request)).rejects.toMatchObject({
      detail: { outRefundNo: request.outRefundNo },
    });
    expect(await world.calls(REFUNDS)).toBe(before);
    const { refund } = await refundOrder(world.pay, { ...request, outRefundNo: newNumber() });
    expect(refund.status).toBe('PROCESSING');
    await world.simulator.advanceClock(REFUND_SETTLES_MS);
    world.clock.offsetMs = 2 * 60_000;
    await sweep(world.pay);
    expect(await order(outTradeNo)).toMatchObject({ state: 'REFUNDED', refundedFen: 1800 });
  });

  it('lets the sweep release the amount after a lost response', async () => {
    const { outTradeNo } = await paidOrder({ api });
    const request = { outTradeNo, outRefundNo: newNumber(), amountFen: 1800 };
    await world.faults(REFUNDS, '5xx', 2);
    await expect(refundOrder(world.pay, request)).rejects.toMatchObject({ code: 'WECHAT_UNAVAILABLE' });
    expect(await order(outTradeNo)).toMatchObject({ refundingFen: 1800 });
    // Another system uses the number before the sweep queries it.
    await world.faults('refund', 'foreign-number');
    await world.pay
      .requestRefund((await order(outTradeNo))!, (await stored(request.outRefundNo))!)
      .catch(() => undefined);
    world.clock.offsetMs = 2 * 60_000;
    await sweep(world.pay);
    await expectReleased(outTradeNo, request.outRefundNo);
    const before = await world.calls(REFUNDS);
    world.clock.offsetMs = 3 * 86_400_000;
    await sweep(world.pay);
    expect(await world.calls(REFUNDS)).toBe(before);
  });

  it('keeps the amount reserved while the query fails', async () => {
    const { outTradeNo } = await paidOrder({ api });
    const request = { outTradeNo, outRefundNo: newNumber(), amountFen: 1800 };
    const broken = {
      ...world.pay,
      refundApi: async () => ({ query: () => Promise.reject(new Error('no response')) }),
    };
    await world.faults('refund', 'foreign-number');
    await expect(refundOrder(broken, request)).rejects.toThrow('no response');
    expect(await order(outTradeNo)).toMatchObject({ state: 'REFUNDING', refundingFen: 1800 });
    await expect(refundOrder(world.pay, request)).rejects.toMatchObject({ code: 'ORDER_STATE_CONFLICT' });
    await expectReleased(outTradeNo, request.outRefundNo);
  });
});

describe('a reported refund whose number belongs to an order of another system', () => {
  it('is no longer queried, and raises no alarm', async () => {
    const { outTradeNo } = await paidOrder();
    const outRefundNo = newNumber();
    await world.faults('refund', 'foreign-number');
    const request = { outTradeNo, outRefundNo, amountFen: 1 };
    await world.pay
      .requestRefund((await order(outTradeNo))!, { ...consoleRefund(request, world.base.now()), status: 'REQUESTED' })
      .catch(() => undefined);
    await putReportedRefund(world.table, consoleRefund(request, world.base.now()), world.base.now() - 1);
    await sweep(world.pay);
    expect(await stored(outRefundNo)).not.toHaveProperty('followUpPk');
    expect(await order(outTradeNo)).toMatchObject({ state: 'PAID', refundingFen: 0 });
    expect(world.lines.join('\n')).not.toContain('payment.mismatched');
  });
});

describe('the attach of an order', () => {
  it('is stored with its refunds, so that their events carry it', async () => {
    const { outTradeNo } = await paidOrder({ attach: '7号桌' });
    const outRefundNo = newNumber();
    await refundOrder(world.pay, { outTradeNo, outRefundNo, amountFen: 1 });
    const refund = { ...(await stored(outRefundNo))!, status: 'SUCCESS' as const, refundId: '1', successAt: NOW };
    const [event] = eventsOf(recordOf(keys.refund(outRefundNo), undefined, refund));
    expect(event).toMatchObject({ name: 'order.refunded', data: { outRefundNo, attach: '7号桌' } });
  });
});

describe('REFUND_NO_PREFIX', () => {
  it('rejects a number without the prefix before any call to WeChat, and accepts a number with it', async () => {
    const { outTradeNo } = await paidOrder();
    const pay = await world.payWith({ settings: { REFUND_NO_PREFIX: 'prod-' } });
    const request = { outTradeNo, outRefundNo: newNumber(), amountFen: 1 };
    const before = await world.calls(REFUNDS);
    await expect(refundOrder(pay, request)).rejects.toMatchObject({
      code: 'PARAM_ERROR',
      message: expect.stringMatching(/REFUND_NO_PREFIX.*prod-/),
    });
    expect(await world.calls(REFUNDS)).toBe(before);
    const accepted = await refundOrder(pay, { ...request, outRefundNo: `prod-${request.outRefundNo}` });
    expect(accepted.refund.status).toBe('PROCESSING');
  });
});

describe('fundsAccount', () => {
  it('lets an operator repeat a refund from the available balance when the unsettled funds are too small', async () => {
    const { outTradeNo } = await paidOrder();
    const request = { outTradeNo, outRefundNo: newNumber(), amountFen: 1800 };
    await world.faults('refund', 'unsettled-not-enough');
    await expect(refundOrder(world.pay, request)).rejects.toMatchObject({
      code: 'FORBIDDEN',
      message: expect.stringContaining('fundsAccount AVAILABLE'),
    });
    expect(await order(outTradeNo)).toMatchObject({ state: 'PAID', refundingFen: 0 });
    const { refund } = await refundOrder(world.pay, { ...request, fundsAccount: 'AVAILABLE' });
    expect(refund.status).toBe('PROCESSING');
    expect(await stored(request.outRefundNo)).toMatchObject({ fundsAccount: 'AVAILABLE' });
  });

  it('reports the minute between two partial refunds, and completes the second refund later', async () => {
    const { outTradeNo } = await paidOrder();
    await refundOrder(world.pay, { outTradeNo, outRefundNo: newNumber(), amountFen: 100 });
    const second = { outTradeNo, outRefundNo: newNumber(), amountFen: 200 };
    await world.faults('refund', 'too-frequent');
    await expect(refundOrder(world.pay, second)).rejects.toMatchObject({ code: 'RATE_LIMITED', retryAfterSeconds: 60 });
    expect(await order(outTradeNo)).toMatchObject({ refundingFen: 300 });
    world.clock.offsetMs = 2 * 60_000;
    await sweep(world.pay);
    expect(await stored(second.outRefundNo)).toMatchObject({ status: expect.stringMatching(/PROCESSING|SUCCESS/) });
  });
});
