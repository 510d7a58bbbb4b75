import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { settleRefund } from '../../lib/pay/settle-refund.ts';
import type { WechatRefund } from '../../lib/wechat-pay/pay-api.ts';
import { sweep } from '../../lib/pay/sweep.ts';
import { scheduleFollowUp } from '../../lib/store/follow-ups.ts';
import { readOrder, type Order } from '../../lib/store/orders.ts';
import { readRefund } from '../../lib/store/refunds.ts';
import { createBuyers } from '../support/buyers.ts';
import { asVerified } from '../support/verified.ts';
import { createWorld, ids, type World } from '../support/world.ts';

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
const order = (outTradeNo: string) => readOrder(world.table, outTradeNo);

describe('settleRefund', () => {
  const newReport = async (change: Partial<WechatRefund> = {}, paid = true) => {
    const { outTradeNo, transactionId } = await paidOrder({ paid });
    const number = newNumber();
    const reported: WechatRefund = {
      mchId: ids.pay.mchId,
      outTradeNo,
      transactionId,
      outRefundNo: number,
      refundId: `50${number}`,
      status: 'SUCCESS',
      amountFen: 400,
      totalFen: 1800,
      successAt: '2026-11-20T00:00:00.000Z',
      ...change,
    };
    return asVerified(reported);
  };

  it('books a refund that was made in the merchant platform, with source CONSOLE', async () => {
    const reported = await newReport();
    expect(await settleRefund(world.base, reported)).toBe('booked');
    expect(await readRefund(world.table, reported.outRefundNo)).toMatchObject({ status: 'SUCCESS', source: 'CONSOLE' });
    expect(await order(reported.outTradeNo)).toMatchObject({ state: 'PAID', refundedFen: 400, refundCount: 1 });
  });

  it('books a refund once when fifty copies of its report arrive concurrently', async () => {
    const reported = await newReport();
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => settleRefund(world.base, reported)));
    expect(outcomes.filter((outcome) => outcome === 'booked')).toHaveLength(1);
    expect(await order(reported.outTradeNo)).toMatchObject({ refundedFen: 400, refundCount: 1 });
  });

  it('stores a successAt when WeChat omits the field, and the sweep ends the follow-up of the refund', async () => {
    const { successAt, ...reported } = await newReport();
    expect(successAt).toBeDefined();
    await settleRefund(world.base, asVerified(reported));
    expect(await readRefund(world.table, reported.outRefundNo)).toHaveProperty('successAt');
    await scheduleFollowUp(world.table, { kind: 'refund', no: reported.outRefundNo }, world.base.now() - 1);
    await sweep(world.pay);
    expect(await readRefund(world.table, reported.outRefundNo)).not.toHaveProperty('followUpPk');
  });

  it('keeps the sweep from retrying a mismatched payment three hours later', async () => {
    const { outTradeNo } = await paidOrder({ paid: false });
    const api = await world.pay.payApi('v3');
    const query = async (asked: Order) => {
      const transaction = await api.query(asked);
      return asVerified({ ...transaction, payment: { ...transaction.payment!, amountFen: 1 } });
    };
    world.clock.offsetMs = 61_000;
    expect(await sweep({ ...world.pay, payApi: async () => ({ ...api, query }) })).toMatchObject({ failed: 1 });
    world.clock.offsetMs = 3 * 3_600_000;
    expect(await sweep(world.pay)).toMatchObject({ failed: 0 });
    world.clock.offsetMs = 0;
    expect((await order(outTradeNo))?.state).toBe('NOTPAY');
  });

  it('returns unpaid and stores no refund while the order is unpaid in the ledger', async () => {
    const reported = await newReport({}, false);
    expect(await settleRefund(world.base, reported)).toBe('unpaid');
    expect(await readRefund(world.table, reported.outRefundNo)).toBeUndefined();
  });

  it('returns foreign and stores nothing for a refund of an order that the ledger lacks', async () => {
    const reported = await newReport({ outTradeNo: '0'.repeat(32) });
    expect(await settleRefund(world.base, reported)).toBe('foreign');
    expect(await readRefund(world.table, reported.outRefundNo)).toBeUndefined();
    expect(world.lines.filter((line) => line.includes(reported.refundId))).toEqual([]);
  });

  it.each<[string, Partial<WechatRefund>, string]>([
    ['with the mchId of another merchant', { mchId: '1900000002' }, 'mchId'],
    ['with another order total', { totalFen: 1801 }, 'amountFen'],
    ['with another transactionId', { transactionId: 'other' }, 'transactionId'],
    ['that exceeds the paid amount', { amountFen: 1801 }, 'more than was paid'],
  ])('leaves the order unchanged and records the mismatch once for a refund %s', async (_, change, reason) => {
    const reported = await newReport(change);
    const before = await order(reported.outTradeNo);
    for (let times = 0; times < 2; times += 1) {
      const call = settleRefund(world.base, reported);
      await expect(call).rejects.toMatchObject({ code: 'ORDER_STATE_CONFLICT', detail: { reasons: [reason] } });
    }
    expect(await order(reported.outTradeNo)).toEqual(before);
    const recorded = world.lines.filter(
      (line) => line.includes('"payment.mismatched"') && line.includes(reported.refundId),
    );
    expect(recorded).toHaveLength(1);
  });
});
