import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppError } from '../../lib/core/errors.ts';
import { refundOrder } from '../../lib/pay/refund-order.ts';
import { consoleRefund } from '../../lib/pay/report-refund.ts';
import { errorOfPayCode } from '../../lib/wechat-pay/errors.ts';
import { sweep } from '../../lib/pay/sweep.ts';
import type { Send } from '../../lib/core/outbound.ts';
import { scheduleFollowUp } from '../../lib/store/follow-ups.ts';
import { readOrder, type Order } from '../../lib/store/orders.ts';
import { putReportedRefund, readRefund, type Refund } from '../../lib/store/refunds.ts';
import { createBuyers } from '../support/buyers.ts';
import { REFUND_SETTLES_MS, createWorld, type World } from '../support/world.ts';

const REFUNDS = '/v3/refund/domestic/refunds';

let world: World;
let paidOrder: Buyers['paidOrder'];
beforeAll(async () => {
  world = await createWorld();
  ({ paidOrder } = await createBuyers(world));
});
afterAll(() => world.simulator.close());

type Buyers = Awaited<ReturnType<typeof createBuyers>>;

let numbers = 0;
const newNumber = () => `R${Date.now()}x${(numbers += 1)}`;
const settled = () => world.simulator.advanceClock(REFUND_SETTLES_MS);
const order = (outTradeNo: string) => readOrder(world.table, outTradeNo);

describe('refundOrder', () => {
  const refund = (request: object, deps = world.pay) => refundOrder(deps, { outRefundNo: newNumber(), ...request });

  it('refunds an order in full and marks it REFUNDED when WeChat reports success', async () => {
    const { outTradeNo } = await paidOrder();
    const request = { outTradeNo, outRefundNo: newNumber(), amountFen: 1800, reason: '不想要了' };
    const { refund: accepted } = await refund(request);
    expect(accepted).toMatchObject({ outTradeNo, amountFen: 1800, status: 'PROCESSING', successAt: null });
    expect(await order(outTradeNo)).toMatchObject({ state: 'REFUNDING', refundingFen: 1800, refundedFen: 0 });
    await settled();
    const { refund: done } = await refund(request);
    expect(done).toMatchObject({ status: 'SUCCESS', refundId: accepted.refundId, successAt: expect.any(String) });
    expect(await order(outTradeNo)).toMatchObject({ state: 'REFUNDED', refundingFen: 0, refundedFen: 1800 });
    expect(await readRefund(world.table, request.outRefundNo)).not.toHaveProperty('followUpPk');
  });

  it('refunds an order in parts and keeps it PAID until nothing is left', async () => {
    const { outTradeNo } = await paidOrder();
    for (const [amountFen, state] of [
      [500, 'PAID'],
      [700, 'PAID'],
      [600, 'REFUNDED'],
    ] as const) {
      const request = { outTradeNo, outRefundNo: newNumber(), amountFen };
      await refund(request);
      await settled();
      await refund(request);
      expect((await order(outTradeNo))?.state).toBe(state);
    }
  });

  it('returns the same refund for a repeated number, with one call to WeChat', async () => {
    const { outTradeNo } = await paidOrder();
    const request = { outTradeNo, outRefundNo: newNumber(), amountFen: 300 };
    const before = await world.calls(REFUNDS);
    const first = await refund(request);
    const again = await Promise.all([refund(request), refund(request)]);
    for (const { refund: repeated } of again) expect(repeated.refundId).toBe(first.refund.refundId);
    expect((await world.calls(REFUNDS)) - before).toBe(1);
    expect(await order(outTradeNo)).toMatchObject({ refundingFen: 300, refundCount: 1 });
  });

  it('never refunds more than was paid under six concurrent requests', async () => {
    const { outTradeNo } = await paidOrder();
    const outcomes = await Promise.allSettled(Array.from({ length: 6 }, () => refund({ outTradeNo, amountFen: 700 })));
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(2);
    const rejections = outcomes.flatMap((outcome) =>
      outcome.status === 'rejected' ? [outcome.reason as unknown] : [],
    );
    expect(rejections).toEqual(
      Array.from({ length: 4 }, () => expect.objectContaining({ code: 'ORDER_STATE_CONFLICT' })),
    );
    expect(await order(outTradeNo)).toMatchObject({ refundingFen: 1400 });
  });

  it.each([
    ['an unpaid order', { amountFen: 1 }, 'ORDER_STATE_CONFLICT', 'unpaid'],
    ['more than was paid', { amountFen: 1801 }, 'ORDER_STATE_CONFLICT'],
    ['an amount of zero', { amountFen: 0 }, 'PARAM_ERROR'],
    ['half a fen', { amountFen: 0.5 }, 'PARAM_ERROR'],
    ['an order number of 33 characters', { amountFen: 1, outTradeNo: 'x'.repeat(33) }, 'PARAM_ERROR'],
    ['a malformed refund number', { amountFen: 1, outRefundNo: 'a b' }, 'PARAM_ERROR'],
    ['a reason with an emoji', { amountFen: 1, reason: '🚀' }, 'PARAM_ERROR'],
    ['a reason of 81 bytes in 27 characters', { amountFen: 1, reason: '退'.repeat(27) }, 'PARAM_ERROR'],
    ['an unknown account of the merchant', { amountFen: 1, fundsAccount: 'BASIC' }, 'PARAM_ERROR'],
    ['an unknown order', { amountFen: 1, outTradeNo: '0'.repeat(32) }, 'NOT_FOUND'],
  ])('rejects %s before any call to WeChat', async (_, request, code, paid = 'paid') => {
    const { outTradeNo } = await paidOrder({ paid: paid === 'paid' });
    const before = await world.calls(REFUNDS);
    await expect(refund({ outTradeNo, ...request })).rejects.toMatchObject({ code });
    expect(await world.calls(REFUNDS)).toBe(before);
  });

  it('rejects a number that belongs to another refund', async () => {
    const [one, two] = [await paidOrder(), await paidOrder()];
    const outRefundNo = newNumber();
    await refund({ outTradeNo: one.outTradeNo, outRefundNo, amountFen: 100 });
    for (const other of [
      { outTradeNo: one.outTradeNo, amountFen: 101 },
      { outTradeNo: two.outTradeNo, amountFen: 100 },
    ]) {
      await expect(refund({ ...other, outRefundNo })).rejects.toMatchObject({ code: 'ORDER_STATE_CONFLICT' });
    }
    expect(await order(two.outTradeNo)).toMatchObject({ state: 'PAID', refundingFen: 0 });
  });

  it('releases the amount when WeChat declines the refund, and accepts the same number again', async () => {
    const { outTradeNo } = await paidOrder();
    const request = { outTradeNo, outRefundNo: newNumber(), amountFen: 1800 };
    await world.faults('refund', 'refund-not-enough');
    await expect(refund(request)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await order(outTradeNo)).toMatchObject({ state: 'PAID', refundingFen: 0, refundCount: 0 });
    expect(await readRefund(world.table, request.outRefundNo)).toMatchObject({ status: 'REFUSED' });
    expect((await refund(request)).refund.status).toBe('PROCESSING');
  });

  it.each(['accepted-5xx', '5xx', 'timeout'])(
    'keeps the amount reserved after the fault %s, and resolves the outcome when the request is repeated',
    async (action) => {
      const { outTradeNo } = await paidOrder();
      const request = { outTradeNo, outRefundNo: newNumber(), amountFen: 1800 };
      await world.faults(REFUNDS, action, 2);
      await expect(refund(request)).rejects.toMatchObject({ code: expect.stringMatching(/^WECHAT_/) });
      expect(await order(outTradeNo)).toMatchObject({ state: 'REFUNDING', refundingFen: 1800 });
      expect((await refund(request)).refund.status).toBe('PROCESSING');
      await settled();
      expect((await refund(request)).refund.status).toBe('SUCCESS');
      expect(await order(outTradeNo)).toMatchObject({ state: 'REFUNDED', refundedFen: 1800, refundCount: 1 });
    },
  );

  it('keeps the amount reserved after FREQUENCY_LIMITED, which does not prove that WeChat declined', async () => {
    const { outTradeNo } = await paidOrder();
    const limited: Send = async (request) =>
      request.method === 'GET'
        ? world.base.send(request)
        : { status: 429, headers: {}, body: Buffer.from('{"code":"FREQUENCY_LIMITED","message":"x"}') };
    const request = { outTradeNo, outRefundNo: newNumber(), amountFen: 1800 };
    await expect(refund(request, await world.payWith({ send: limited }))).rejects.toMatchObject({
      code: 'RATE_LIMITED',
    });
    expect(await order(outTradeNo)).toMatchObject({ state: 'REFUNDING' });
    expect((await refund(request)).refund.status).toBe('PROCESSING');
  });

  it.each([
    ['refund-abnormal', 'ABNORMAL', 'REFUNDING', 1800],
    ['refund-closed', 'CLOSED', 'PAID', 0],
  ])('%s: the refund ends %s, and the order is %s', async (fault, status, state, refundingFen) => {
    const { outTradeNo } = await paidOrder();
    const request = { outTradeNo, outRefundNo: newNumber(), amountFen: 1800 };
    await world.faults('refund', fault);
    await refund(request);
    await settled();
    expect((await refund(request)).refund.status).toBe(status);
    expect(await order(outTradeNo)).toMatchObject({ state, refundingFen, refundedFen: 0 });
  });

  it('lets the sweep request a lost refund under the same number', async () => {
    const { outTradeNo } = await paidOrder();
    const request = { outTradeNo, outRefundNo: newNumber(), amountFen: 900 };
    const lost: Send = async (outbound) => {
      if (outbound.method === 'POST') throw new AppError('WECHAT_TIMEOUT', 'lost');
      return world.base.send(outbound);
    };
    await expect(refund(request, await world.payWith({ send: lost }))).rejects.toMatchObject({
      code: 'WECHAT_TIMEOUT',
    });
    const later = await world.payWith();
    world.clock.offsetMs = 61_000;
    await sweep(later);
    expect(await readRefund(world.table, request.outRefundNo)).toMatchObject({ status: 'PROCESSING' });
    await settled();
    world.clock.offsetMs = 10 * 60_000;
    await sweep(later);
    world.clock.offsetMs = 0;
    expect(await readRefund(world.table, request.outRefundNo)).toMatchObject({ status: 'SUCCESS' });
    expect(await order(outTradeNo)).toMatchObject({ state: 'PAID', refundedFen: 900 });
  });

  it('lets the sweep book a refund that was marked REFUSED and exists at WeChat', async () => {
    const { outTradeNo } = await paidOrder();
    const request = { outTradeNo, outRefundNo: newNumber(), amountFen: 1800 };
    await world.faults('refund', 'refund-not-enough');
    await expect(refund(request)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    const due = { kind: 'refund', no: request.outRefundNo } as const;
    const later = await world.payWith();
    for (const hours of [0.1, 25, 50]) {
      world.clock.offsetMs = hours * 3_600_000;
      await sweep(later);
    }
    world.clock.offsetMs = 0;
    const declined = await readRefund(world.table, due.no);
    expect(declined).toMatchObject({ status: 'REFUSED' });
    expect(declined).not.toHaveProperty('followUpPk');
    await world.pay.requestRefund((await order(outTradeNo))!, (await readRefund(world.table, due.no))!);
    await settled();
    await scheduleFollowUp(world.table, due, world.base.now() - 1);
    await sweep(world.pay);
    expect(await readRefund(world.table, due.no)).toMatchObject({ status: 'SUCCESS' });
    expect(await order(outTradeNo)).toMatchObject({ state: 'REFUNDED', refundedFen: 1800 });
  });

  it('lets the sweep correct REFUSED when the first request arrives after its repeat was declined', async () => {
    const { outTradeNo } = await paidOrder();
    const request = { outTradeNo, outRefundNo: newNumber(), amountFen: 500 };
    let send: (() => Promise<unknown>) | undefined;
    const lost = {
      ...world.pay,
      requestRefund: async (paid: Order, requested: Refund): Promise<never> => {
        send = () => world.pay.requestRefund(paid, requested);
        throw new AppError('WECHAT_TIMEOUT', 'still on its way');
      },
    };
    await expect(refund(request, lost)).rejects.toMatchObject({ code: 'WECHAT_TIMEOUT' });
    const declining = { ...world.pay, requestRefund: () => Promise.reject(errorOfPayCode('NOT_ENOUGH', 'test')) };
    await expect(refund(request, declining)).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await readRefund(world.table, request.outRefundNo)).toMatchObject({ status: 'REFUSED' });
    await send!();
    world.clock.offsetMs = 2 * 60_000;
    await sweep(world.pay);
    world.clock.offsetMs = 0;
    expect(await readRefund(world.table, request.outRefundNo)).toMatchObject({ status: 'PROCESSING' });
    expect(await order(outTradeNo)).toMatchObject({ state: 'REFUNDING', refundingFen: 500 });
  });

  it('does not release a newer request under the same number after a late decline', async () => {
    const { outTradeNo } = await paidOrder();
    const request = { outTradeNo, outRefundNo: newNumber(), amountFen: 500 };
    const declining = () => Promise.reject(errorOfPayCode('NOT_ENOUGH', 'test'));
    let declineFirst = () => undefined as void;
    const slow = {
      ...world.pay,
      requestRefund: async (): Promise<never> => {
        await new Promise<void>((resolve) => (declineFirst = resolve));
        return declining();
      },
    };
    const first = refund(request, slow).catch((error: unknown) => error);
    await expect.poll(() => readRefund(world.table, request.outRefundNo)).toMatchObject({ status: 'REQUESTED' });
    await refund(request, { ...world.pay, requestRefund: declining }).catch(() => undefined);
    const lost = { ...world.pay, requestRefund: () => Promise.reject(new AppError('WECHAT_TIMEOUT', 'lost')) };
    await refund(request, lost).catch(() => undefined);
    declineFirst();
    expect(await first).toMatchObject({ code: 'FORBIDDEN' });
    expect(await readRefund(world.table, request.outRefundNo)).toMatchObject({ status: 'REQUESTED' });
    expect(await order(outTradeNo)).toMatchObject({ refundingFen: 500, refundCount: 1 });
  });

  it('returns the refund that WeChat has when WeChat reports a mismatch', async () => {
    const { outTradeNo } = await paidOrder();
    const request = { outTradeNo, outRefundNo: newNumber(), amountFen: 500 };
    await world.pay.requestRefund((await order(outTradeNo))!, {
      ...request,
      status: 'REQUESTED',
      source: 'API',
      createdAt: '',
      changedAt: '',
      reason: 'another reason',
    });
    const mismatched = {
      ...world.pay,
      requestRefund: () => Promise.reject(errorOfPayCode('REFUND_FEE_MISMATCH', 'test')),
    };
    expect((await refund(request, mismatched)).refund).toMatchObject({ status: 'PROCESSING' });
  });

  it('accepts a number that was merely reported', async () => {
    const [one, two] = [await paidOrder(), await paidOrder()];
    const outRefundNo = newNumber();
    const report = consoleRefund({ outRefundNo, outTradeNo: one.outTradeNo, amountFen: 1800 }, world.base.now());
    await putReportedRefund(world.table, report, world.base.now());
    const request = { outTradeNo: two.outTradeNo, outRefundNo, amountFen: 700 };
    expect((await refund(request)).refund).toMatchObject({ status: 'PROCESSING', amountFen: 700 });
    expect(await order(one.outTradeNo)).toMatchObject({ state: 'PAID', refundingFen: 0 });
  });

  it('makes at most fifty refunds of one order', async () => {
    const { outTradeNo } = await paidOrder();
    for (let made = 0; made < 50; made += 1) await refund({ outTradeNo, amountFen: 1 });
    const call = refund({ outTradeNo, amountFen: 1 });
    await expect(call).rejects.toMatchObject({ code: 'ORDER_STATE_CONFLICT', message: expect.stringContaining('50') });
  });
});
