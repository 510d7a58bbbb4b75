// Deployed handlers of requests that must not wait long for WeChat. They call a silent WeChat once, because the deadline
// of the request has passed when the retry is due.
import type { Context } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readOrder } from '../../lib/store/orders.ts';
import { createBuyers } from '../support/buyers.ts';
import { notification } from '../support/pay-notification.ts';
import { refundNotice } from '../support/pay-notification-v2.ts';
import { createWebhookWorld } from '../support/webhooks.ts';

type Handler = (event: object, context: Context) => Promise<{ statusCode: number; body: string }>;

let world: Awaited<ReturnType<typeof createWebhookWorld>>;
let buyers: Awaited<ReturnType<typeof createBuyers>>;
beforeAll(async () => {
  world = await createWebhookWorld('pay-notify-v2');
  buyers = await createBuyers(world);
});
afterAll(() => world.close());

const get = async (name: 'pay-order' | 'pay-orders', token: string, outTradeNo?: string) => {
  const { handler } = (await import(`../../functions/${name}.ts`)) as { handler: Handler };
  const event = {
    headers: { authorization: `Bearer ${token}` },
    pathParameters: { outTradeNo },
    rawQueryString: '',
    requestContext: { http: { method: 'GET', sourceIp: '203.0.113.1' } },
  };
  const { statusCode, body } = await handler(event, { awsRequestId: 'r' } as Context);
  return { statusCode, body: JSON.parse(body) as unknown };
};
const queries = (outTradeNo: string) => world.calls(`/v3/pay/transactions/out-trade-no/${outTradeNo}`);

describe.each(['pay-order', 'pay-orders'] as const)('%s', (name) => {
  it('answers with the stored order after one call to a silent WeChat', async () => {
    const { token, order } = await buyers.newOrder();
    const { outTradeNo } = order;
    await world.faults(outTradeNo, 'timeout', 2);
    const { statusCode, body } = await get(name, token, outTradeNo);
    expect(statusCode).toBe(200);
    expect(JSON.stringify(body)).toContain(outTradeNo);
    expect(await queries(outTradeNo)).toBe(1);
    expect(await readOrder(world.table, outTradeNo)).toMatchObject({ state: 'NOTPAY' });
  });
});

describe('pay-notify', () => {
  it('acknowledges a refund of an unbooked payment after one call to a silent WeChat', async () => {
    const { order } = await buyers.newOrder();
    const { outTradeNo } = order;
    await world.faults(outTradeNo, 'timeout', 2);
    const refund = {
      out_trade_no: outTradeNo,
      out_refund_no: 'R-unbooked',
      refund_id: '50R-unbooked',
      refund_status: 'SUCCESS',
      amount: { total: 1800, refund: 1800, payer_total: 1800, payer_refund: 1800 },
    };
    const { handler } = (await import('../../functions/pay-notify.ts')) as unknown as { handler: Handler };
    const notice = notification(refund, { eventType: 'REFUND.SUCCESS' });
    expect(await handler(notice, { awsRequestId: 'r' } as Context)).toMatchObject({ statusCode: 204 });
    expect(await queries(outTradeNo)).toBe(1);
  });
});

describe('pay-notify-v2', () => {
  it('acknowledges an unsigned refund after one call to a silent WeChat', async () => {
    const { outTradeNo, transactionId } = await buyers.paidOrder();
    const outRefundNo = 'R-silent';
    const notice = refundNotice({
      out_trade_no: outTradeNo,
      transaction_id: transactionId,
      out_refund_no: outRefundNo,
      refund_id: '50R-silent',
      refund_status: 'SUCCESS',
      refund_fee: '1800',
      total_fee: '1800',
      success_time: '2026-11-20 12:00:05',
    });
    await world.faults(outRefundNo, 'timeout', 2);
    expect(await world.send(notice)).toMatchObject({ statusCode: 200, body: expect.stringContaining('SUCCESS') });
    expect(await world.calls(`/v3/refund/domestic/refunds/${outRefundNo}`)).toBe(1);
  });
});
