// The pushes of virtual payment about refunds, and the question of Apple before one.
import { describe, expect, it } from 'vitest';
import { refundOrder } from '../../lib/pay/refund-order.ts';
import { readRefund } from '../../lib/store/refunds.ts';
import type { Fields, Format } from '../support/miniapp-push.ts';
import type { Mode } from '../support/official-world.ts';
import {
  codeOf,
  createVirtualPushWorld,
  useVirtualPushWorld,
  type VirtualPushWorld,
  type WorldArguments,
} from '../support/virtual-push-world.ts';

let world: VirtualPushWorld;
const use = (...args: WorldArguments) => useVirtualPushWorld((created) => (world = created), ...args);
let count = 0;
const newRefundNo = () => `refund-${(count += 1)}-${Date.now()}`;
const requestRefund = (outTradeNo: string, amountFen: number, outRefundNo = newRefundNo()) =>
  refundOrder(world.pay, { outTradeNo, outRefundNo, amountFen });
const onlyRefund = async (outTradeNo: string) => (await world.wechat.orderOf(outTradeNo))!.refunds.at(-1)!;

/** Returns the push about a refund as the simulator would send it. */
const refundPush = (order: { outTradeNo: string; openId: string }, change: Fields = {}): Fields => ({
  Event: 'xpay_refund_notify',
  OpenId: order.openId,
  WxRefundId: 'VPR1',
  MchRefundId: 'R-forged-1',
  WxOrderId: 'VPO1',
  MchOrderId: order.outTradeNo,
  RefundFee: 100,
  RetCode: 0,
  RetMsg: '',
  RefundStartTimestamp: 1_796_000_000,
  RefundSuccTimestamp: 1_796_000_000,
  WxpayRefundTransactionId: '5030',
  RetryTimes: 0,
  ...change,
});

describe.each<[Mode, Format]>([
  ['plain', 'json'],
  ['compatible', 'xml'],
  ['secure', 'json'],
  ['secure', 'xml'],
])('a refund push in %s mode, as %s', (mode, format) => {
  use(mode, format);

  it('completes a refund that this service requested', async () => {
    const { outTradeNo } = await world.paysOrder();
    const { refund } = await requestRefund(outTradeNo, 200);
    expect(codeOf(await world.wechat.settleRefund(refund.outRefundNo))).toBe(0);
    expect(await readRefund(world.table, refund.outRefundNo)).toMatchObject({ status: 'SUCCESS', source: 'API' });
    expect(await world.stored(outTradeNo)).toMatchObject({ state: 'PAID', refundedFen: 200, refundingFen: 0 });
  });

  it('releases the amount of a refund that failed', async () => {
    const { outTradeNo } = await world.paysOrder();
    const { refund } = await requestRefund(outTradeNo, 600);
    expect(codeOf(await world.wechat.settleRefund(refund.outRefundNo, 'failed'))).toBe(0);
    expect(await readRefund(world.table, refund.outRefundNo)).toMatchObject({ status: 'CLOSED' });
    expect(await world.stored(outTradeNo)).toMatchObject({ state: 'PAID', refundedFen: 0, refundingFen: 0 });
  });

  it('books a refund in the console under the number of WeChat', async () => {
    const { outTradeNo } = await world.paysOrder();
    expect(codeOf(await world.wechat.consoleRefund(outTradeNo, 250))).toBe(0);
    const { wxRefundId } = await onlyRefund(outTradeNo);
    expect(await readRefund(world.table, wxRefundId)).toMatchObject({
      status: 'SUCCESS',
      source: 'CONSOLE',
      amountFen: 250,
      refundId: wxRefundId,
    });
    expect(await world.stored(outTradeNo)).toMatchObject({ state: 'PAID', refundedFen: 250 });
  });

  it('books a refund by Apple', async () => {
    const { outTradeNo } = await world.paysOrder({}, { apple: true });
    expect(codeOf(await world.wechat.appleRefund(outTradeNo))).toBe(0);
    expect(await world.stored(outTradeNo)).toMatchObject({ state: 'REFUNDED', refundedFen: 600, paidBy: 'apple' });
  });

  it('books a payment first whose own push is late', async () => {
    const { outTradeNo, transactionId } = await world.paidOrder();
    expect(codeOf(await world.wechat.consoleRefund(outTradeNo))).toBe(0);
    expect(await world.stored(outTradeNo)).toMatchObject({ state: 'REFUNDED', refundedFen: 600, transactionId });
  });

  it('books no refund that WeChat does not have, unless the push is encrypted', async () => {
    const { outTradeNo } = await world.paysOrder();
    const { openId } = await world.stored(outTradeNo);
    const push = refundPush({ outTradeNo, openId: openId! }, { MchRefundId: `R-${mode}-${format}-1` });
    expect(await world.pushed(push)).toBe(mode === 'plain' ? 1 : 0);
    expect((await world.stored(outTradeNo)).refundedFen).toBe(mode === 'plain' ? 0 : 100);
  });
});

describe('a refund push in secure mode', () => {
  use();

  it('books a refund once when it arrives ten times at once', async () => {
    const { outTradeNo } = await world.paysOrder();
    const openId = (await world.stored(outTradeNo)).openId!;
    const push = refundPush({ outTradeNo, openId }, { MchRefundId: '', WxRefundId: 'VPR-ten-times' });
    const codes = await Promise.all(Array.from({ length: 10 }, () => world.pushed(push)));
    expect(codes).toContain(0);
    expect(await world.pushed(push)).toBe(0);
    expect(await world.stored(outTradeNo)).toMatchObject({ refundedFen: 100, refundCount: 1 });
  });

  it('records a refund of more than was paid once, and books nothing', async () => {
    const { outTradeNo } = await world.paysOrder();
    const openId = (await world.stored(outTradeNo)).openId!;
    const push = refundPush({ outTradeNo, openId }, { MchRefundId: 'R-too-much', RefundFee: 601 });
    for (let times = 0; times < 2; times += 1) expect(await world.pushed(push)).toBe(1);
    expect(await world.mismatches(outTradeNo)).toEqual([['more than was paid']]);
    expect(await world.stored(outTradeNo)).toMatchObject({ state: 'PAID', refundedFen: 0 });
  });

  it('books nothing for an unpaid order, an unknown order or another system', async () => {
    const { outTradeNo } = await world.newOrder();
    const openId = (await world.stored(outTradeNo)).openId!;
    const before = await world.everything();
    for (const number of [outTradeNo, '0'.repeat(32), 'other-system-1'])
      expect(await world.pushed(refundPush({ outTradeNo: number, openId }))).toBe(1);
    expect(await world.everything()).toEqual(before);
  });

  it('is repeated until WeChat answers the query about a failed refund', async () => {
    const { outTradeNo } = await world.paysOrder();
    const { refund } = await requestRefund(outTradeNo, 600);
    await world.wechat.errcode('query_order', 268490015, 1);
    expect(codeOf(await world.wechat.settleRefund(refund.outRefundNo, 'failed'))).toBe(1);
    expect(await readRefund(world.table, refund.outRefundNo)).toMatchObject({ status: 'PROCESSING' });
    await world.simulator.advanceClock(2_000);
    expect(await readRefund(world.table, refund.outRefundNo)).toMatchObject({ status: 'CLOSED' });
  });
});

describe.each<[Mode, Format]>([
  ['compatible', 'xml'],
  ['secure', 'json'],
  ['secure', 'xml'],
])('the question of Apple in %s mode, as %s', (mode, format) => {
  use(mode, format);

  const answerTo = async (outTradeNo: string) => {
    const { status, body, error } = await world.wechat.appleQuestion(outTradeNo);
    expect([status, error]).toEqual([200, undefined]);
    return body;
  };
  const decisionIn = (body: string) => Number(/result_code"?[:>](\d)/.exec(body)?.[1]);

  it('is answered with the evidence of the delivery for a paid order, also after a refund', async () => {
    const { outTradeNo } = await world.paysOrder({}, { apple: true });
    for (const text of ['不同意退款', '不再重复退款']) {
      const body = await answerTo(outTradeNo);
      expect(decisionIn(body)).toBe(1);
      expect(body).toMatch(/evidence"?[:>]/);
      expect(body).toContain(`订单 ${outTradeNo}`);
      expect(body).toContain(text);
      await world.wechat.appleRefund(outTradeNo).catch(() => undefined);
    }
  });

  it('is answered with consent for an unpaid order', async () => {
    const { outTradeNo } = await world.newOrder();
    expect(decisionIn(await answerTo(outTradeNo))).toBe(0);
  });

  it('is left open for an unknown order', async () => {
    for (const number of ['0'.repeat(32), 'other-system-1']) expect(await answerTo(number)).toBe('success');
  });
});

describe('the question of Apple', () => {
  it('needs one read of the table and no call to WeChat', async () => {
    world = await createVirtualPushWorld();
    const { outTradeNo } = await world.paysOrder({}, { apple: true });
    const before = [await world.calls('/xpay/query_order'), await world.everything()];
    await world.wechat.appleQuestion(outTradeNo);
    expect([await world.calls('/xpay/query_order'), await world.everything()]).toEqual(before);
    await world.close();
  });

  it('is left open in plain mode, whose sender may be an attacker', async () => {
    world = await createVirtualPushWorld('plain');
    const { outTradeNo } = await world.paysOrder({}, { apple: true });
    expect((await world.wechat.appleQuestion(outTradeNo)).body).toBe('success');
    await world.close();
  });
});
