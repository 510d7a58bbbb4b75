import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refundOrder } from '../../lib/pay/refund-order.ts';
import { reportRefund } from '../../lib/pay/report-refund.ts';
import { settleRefund } from '../../lib/pay/settle-refund.ts';
import { settlePayment } from '../../lib/pay/settle.ts';
import { showOrder } from '../../lib/pay/show-order.ts';
import { erasePayer, readOrder } from '../../lib/store/orders.ts';
import type { WechatRefund } from '../../lib/wechat-pay/pay-api.ts';
import { createBuyers } from '../support/buyers.ts';
import { asVerified } from '../support/verified.ts';
import { createWorld, type World } from '../support/world.ts';

let world: World;
let buyers: Awaited<ReturnType<typeof createBuyers>>;
beforeAll(async () => {
  world = await createWorld();
  buyers = await createBuyers(world);
});
afterAll(() => world.simulator.close());

let numbers = 0;
const newNumber = () => `O${Date.now()}x${(numbers += 1)}`;

/** A refund of 5 yuan, as WeChat reports it. */
async function reported(outTradeNo: string): Promise<WechatRefund> {
  const { mchId, transactionId } = (await readOrder(world.table, outTradeNo))!;
  const outRefundNo = newNumber();
  const ids = { outTradeNo, outRefundNo, refundId: `W${outRefundNo}`, transactionId: transactionId! };
  return { ...ids, mchId, status: 'SUCCESS', amountFen: 500, totalFen: 1800 };
}

describe('order-show', () => {
  it('returns the order with its refunds, oldest first', async () => {
    const { outTradeNo } = await buyers.paidOrder();
    const [first, second] = [newNumber(), newNumber()];
    await refundOrder(world.pay, { outTradeNo, outRefundNo: first, amountFen: 100, reason: '不想要了' });
    await world.faults('refund', 'refund-not-enough');
    await refundOrder(world.pay, { outTradeNo, outRefundNo: second, amountFen: 200 }).catch(() => undefined);
    const { order, refunds, mismatches } = await showOrder(world.base, { outTradeNo });
    expect(order).toMatchObject({ outTradeNo, api: 'v3', tradeType: 'JSAPI', amountFen: 1800, refundCount: 1 });
    expect(order.userId).toBe(outTradeNo.slice(0, 16));
    expect(refunds).toMatchObject([
      { outRefundNo: first, amountFen: 100, reason: '不想要了', status: 'PROCESSING' },
      { outRefundNo: second, amountFen: 200, status: 'REFUSED' },
    ]);
    expect(mismatches).toEqual([]);
  });

  it('shows no openid, no address, no payment handle and no key of the table', async () => {
    const { outTradeNo } = await buyers.paidOrder({ api: 'v2' });
    const stored = (await readOrder(world.table, outTradeNo))!;
    const shown = await showOrder(world.base, { outTradeNo });
    const text = JSON.stringify(shown);
    for (const secret of [stored.openId!, stored.clientIp!, stored.paymentHandle!]) expect(text).not.toContain(secret);
    expect(shown.order).toMatchObject({ openId: expect.stringMatching(/^.{7}\*{4}$/), clientIp: expect.any(String) });
    for (const name of ['pk', 'sk', 'paidPk', 'followUpPk', 'refundNos']) expect(shown.order).not.toHaveProperty(name);
  });

  it('lists the payments that do not match the order', async () => {
    const { outTradeNo } = await buyers.paidOrder();
    const { appId, mchId, currency } = (await readOrder(world.table, outTradeNo))!;
    const payment = { transactionId: 'second-payment', paidAt: '2026-11-20T00:00:00.000Z', amountFen: 1800, currency };
    const transaction = asVerified({ appId, mchId, outTradeNo, tradeState: 'SUCCESS', payment });
    await settlePayment(world.base, transaction).catch(() => undefined);
    expect((await showOrder(world.base, { outTradeNo })).mismatches).toEqual([
      { transactionId: 'second-payment', outTradeNo, reasons: ['paid twice'], seenAt: expect.any(String) },
    ]);
  });

  it('returns a refund of the merchant platform once WeChat confirmed it', async () => {
    const { outTradeNo } = await buyers.paidOrder();
    const report = await reported(outTradeNo);
    const shownRefunds = async () => (await showOrder(world.base, { outTradeNo })).refunds;
    await reportRefund(world.base, report);
    expect(await shownRefunds()).toEqual([]);
    await settleRefund(world.base, asVerified(report));
    const { outRefundNo } = report;
    expect(await shownRefunds()).toMatchObject([{ outRefundNo, source: 'CONSOLE', status: 'SUCCESS', amountFen: 500 }]);
  });

  it('lists the refunds that do not match the order', async () => {
    const { outTradeNo } = await buyers.paidOrder();
    const report = await reported(outTradeNo);
    await settleRefund(world.base, asVerified({ ...report, totalFen: 1799 })).catch(() => undefined);
    const { refunds, mismatches } = await showOrder(world.base, { outTradeNo });
    expect(refunds).toEqual([]);
    const { refundId, transactionId } = report;
    expect(mismatches).toMatchObject([{ refundId, transactionId, outTradeNo, reasons: ['amountFen'] }]);
  });

  it('names the money that WeChat reported for an unknown order', async () => {
    const outTradeNo = 'till-4711';
    await expect(showOrder(world.base, { outTradeNo })).rejects.toMatchObject({ code: 'NOT_FOUND' });
    const payment = { transactionId: 'unknown', paidAt: '2026-11-20T00:00:00.000Z', amountFen: 1, currency: 'CNY' };
    const transaction = asVerified({ appId: 'wx1', mchId: '1', outTradeNo, tradeState: 'SUCCESS', payment });
    await settlePayment(world.base, transaction).catch(() => undefined);
    const error = await showOrder(world.base, { outTradeNo }).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: 'NOT_FOUND', message: expect.stringContaining('unknown order') });
    expect(String(error)).not.toContain('MISMATCH#');
  });

  it('shows an order of a closed account without its payer', async () => {
    const { outTradeNo } = await buyers.paidOrder();
    await erasePayer(world.table, outTradeNo);
    const { order } = await showOrder(world.base, { outTradeNo });
    expect(order).toMatchObject({ outTradeNo, state: 'PAID' });
    for (const name of ['openId', 'clientIp']) expect(order).not.toHaveProperty(name);
  });

  it.each([undefined, null, {}, { outTradeNo: 1 }, { outTradeNo: '' }, { outTradeNo: 'x'.repeat(33) }, 'number'])(
    'rejects the input %j',
    async (input) => {
      await expect(showOrder(world.base, input)).rejects.toMatchObject({ code: 'PARAM_ERROR' });
    },
  );
});
