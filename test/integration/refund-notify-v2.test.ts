import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readOrder } from '../../lib/store/orders.ts';
import { readRefund } from '../../lib/store/refunds.ts';
import { createBuyers } from '../support/buyers.ts';
import { refundNotice } from '../support/pay-notification-v2.ts';
import { createWebhookWorld } from '../support/webhooks.ts';

const ACCEPTED = '<xml><return_code><![CDATA[SUCCESS]]></return_code><return_msg><![CDATA[OK]]></return_msg></xml>';

let world: Awaited<ReturnType<typeof createWebhookWorld>>;
let buyers: Awaited<ReturnType<typeof createBuyers>>;
beforeAll(async () => {
  world = await createWebhookWorld('pay-notify-v2');
  buyers = await createBuyers(world);
});
afterAll(() => world.close());

describe('pay-notify-v2 for refunds', () => {
  const content = (outTradeNo: string, change: Record<string, string> = {}) => ({
    transaction_id: '42',
    out_trade_no: outTradeNo,
    refund_id: '50x',
    out_refund_no: `claim-${outTradeNo.slice(-12)}`,
    total_fee: '1800',
    settlement_total_fee: '1800',
    refund_fee: '1800',
    settlement_refund_fee: '1800',
    refund_status: 'SUCCESS',
    success_time: '2026-11-20 12:00:05',
    refund_recv_accout: '支付用户零钱',
    refund_account: 'REFUND_SOURCE_UNSETTLED_FUNDS',
    refund_request_source: 'VENDOR_PLATFORM',
    ...change,
  });

  it('stores and acknowledges a claim, and moves no money while WeChat does not confirm the claim', async () => {
    const { outTradeNo } = await buyers.paidOrder({ api: 'v2' });
    const answer = await world.send(refundNotice(content(outTradeNo)));
    expect(answer).toMatchObject({ statusCode: 200, body: ACCEPTED });
    const { out_refund_no } = content(outTradeNo);
    expect(await readRefund(world.table, out_refund_no)).toMatchObject({ status: 'REPORTED', source: 'CONSOLE' });
    expect(await readOrder(world.table, outTradeNo)).toMatchObject({ state: 'PAID', refundedFen: 0 });
  });

  it.each<[string, (outTradeNo: string) => ReturnType<typeof refundNotice>]>([
    ['with another key', (no) => refundNotice(content(no), 'x'.repeat(32))],
    ['for another merchant', (no) => refundNotice(content(no), undefined, { mch_id: '1900000002' })],
    ['that is not base64', (no) => refundNotice(content(no), undefined, { req_info: '%%%' })],
  ])('rejects a refund notification %s and stores nothing', async (_, event) => {
    const { outTradeNo } = await buyers.paidOrder({ api: 'v2' });
    await world.expectRefused(event(outTradeNo));
  });

  it.each([
    ['without an amount', { refund_fee: '' }],
    ['with an unknown status', { refund_status: 'WHATEVER' }],
  ])('asks WeChat to repeat a refund notification %s, and counts it', async (_, change) => {
    const { outTradeNo } = await buyers.paidOrder({ api: 'v2' });
    await world.expectUnreadable(refundNotice(content(outTradeNo, change)));
  });

  it.each([
    ['another merchant', { mch_id: '1900000002' }],
    ['a partner', { sub_mch_id: '1900000002' }],
  ])('stores a refund of %s without our order once and acknowledges it', async (_, outside) => {
    const before = (await world.notices()).length;
    const outTradeNo = `T-of-${Object.keys(outside)[0]}`;
    for (let times = 0; times < 3; times += 1) {
      const nonce = { nonce_str: `n${times}` };
      const event = refundNotice(content(outTradeNo), undefined, { ...outside, ...nonce });
      expect(await world.send(event)).toMatchObject({ statusCode: 200, body: ACCEPTED });
    }
    expect((await world.notices()).length - before).toBe(1);
  });

  it('accepts a refund of another system of the merchant, and logs it once', async () => {
    const refund = content('T20250801120000000001');
    for (let times = 0; times < 3; times += 1) expect((await world.send(refundNotice(refund))).statusCode).toBe(200);
    expect(world.lines.filter((line) => line.includes('"refund.foreign"'))).toHaveLength(1);
    expect(world.lines.join('\n')).not.toContain('payment.mismatched');
  });
});
