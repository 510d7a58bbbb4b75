import type { PayNotificationV2 } from '../../lib/wechat-pay/v2/open-notification.ts';
// Refund notifications of WeChat: signed by API v3, or as a claim of API v2 that a query has to confirm.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { refundOrder } from '../../lib/pay/refund-order.ts';
import { sweep } from '../../lib/pay/sweep.ts';
import { takeNotification } from '../../lib/pay/take-notification.ts';
import { readOrder } from '../../lib/store/orders.ts';
import { readRefund } from '../../lib/store/refunds.ts';
import { createBuyers } from '../support/buyers.ts';
import { notification } from '../support/pay-notification.ts';
import { createWebhookWorld } from '../support/webhooks.ts';
import { REFUND_SETTLES_MS, ids } from '../support/world.ts';

let world: Awaited<ReturnType<typeof createWebhookWorld>>;
let paidOrder: Awaited<ReturnType<typeof createBuyers>>['paidOrder'];
beforeAll(async () => {
  world = await createWebhookWorld('pay-notify');
  ({ paidOrder } = await createBuyers(world));
});
afterAll(() => world.close());

let numbers = 0;
const newNumber = () => `N${Date.now()}x${(numbers += 1)}`;
const order = (outTradeNo: string) => readOrder(world.table, outTradeNo);
const settled = () => world.simulator.advanceClock(REFUND_SETTLES_MS);

interface Delivery {
  kind: string;
  event?: string;
  status?: number;
  url?: string;
  fault?: string;
}
const deliveries = async () =>
  ((await (await fetch(`${world.simulator.url}/_log`)).json()) as Delivery[]).filter(({ kind }) => kind === 'push');

describe('notification of a refund that was requested here', () => {
  it('books the refund without a query', async () => {
    const { outTradeNo } = await paidOrder();
    const outRefundNo = newNumber();
    await refundOrder(world.pay, { outTradeNo, outRefundNo, amountFen: 1800 });
    await settled();
    expect(await order(outTradeNo)).toMatchObject({ state: 'REFUNDED', refundedFen: 1800 });
    expect(await readRefund(world.table, outRefundNo)).toMatchObject({ status: 'SUCCESS', source: 'API' });
    expect(await world.calls(`/v3/refund/domestic/refunds/${outRefundNo}`)).toBe(0);
    expect((await deliveries()).at(-1)).toMatchObject({ status: 204 });
  });

  it.each([
    ['refund-abnormal', 'ABNORMAL', 'REFUNDING'],
    ['refund-closed', 'CLOSED', 'PAID'],
  ])('%s: books the refund as %s and leaves the order %s', async (fault, status, state) => {
    const { outTradeNo } = await paidOrder();
    const outRefundNo = newNumber();
    await world.faults('refund', fault);
    await refundOrder(world.pay, { outTradeNo, outRefundNo, amountFen: 1800 });
    await settled();
    expect(await readRefund(world.table, outRefundNo)).toMatchObject({ status });
    expect(await order(outTradeNo)).toMatchObject({ state });
  });

  it.each(['drop-notify', 'duplicate-notify', 'tamper-notify', 'late-notify', 'probe-notify', 'unsigned-notify'])(
    'books the refund once despite the fault %s',
    async (fault) => {
      const { outTradeNo } = await paidOrder();
      await world.faults('notify', fault);
      await refundOrder(world.pay, { outTradeNo, outRefundNo: newNumber(), amountFen: 500 });
      await settled();
      await world.simulator.advanceClock(15_000);
      expect(await order(outTradeNo)).toMatchObject({ state: 'PAID', refundedFen: 500, refundCount: 1 });
    },
  );

  it('is rejected when it does not match the order, and recorded once', async () => {
    const { outTradeNo, transactionId } = await paidOrder();
    const content = {
      out_trade_no: outTradeNo,
      transaction_id: transactionId,
      out_refund_no: newNumber(),
      refund_id: `50${newNumber()}`,
      refund_status: 'SUCCESS',
      amount: { total: 1700, refund: 100 },
    };
    const event = notification(content, { eventType: 'REFUND.SUCCESS' });
    const before = (await world.everything()).length;
    for (let times = 0; times < 3; times += 1) expect((await world.send(event)).statusCode).toBe(409);
    expect((await world.everything()).length - before).toBe(1);
    expect(await order(outTradeNo)).toMatchObject({ state: 'PAID', refundedFen: 0 });
  });
});

describe('notification of a refund of another system of the merchant', () => {
  it('is accepted, logged once and raises no alarm', async () => {
    const content = {
      out_trade_no: 'till-20261120-1',
      transaction_id: '4200000000202611200000000077',
      out_refund_no: newNumber(),
      refund_id: `50${newNumber()}`,
      refund_status: 'SUCCESS',
      amount: { total: 1700, refund: 100 },
    };
    const event = notification(content, { eventType: 'REFUND.SUCCESS' });
    for (let times = 0; times < 3; times += 1) expect((await world.send(event)).statusCode).toBe(204);
    const logged = world.lines.filter((line) => line.includes(content.refund_id));
    expect(logged).toEqual([expect.stringContaining('"refund.foreign"')]);
  });
});

describe('notification of a refund before the payment notification', () => {
  it('books the payment and the refund', async () => {
    const { outTradeNo, transactionId } = await paidOrder({ paid: false });
    expect((await order(outTradeNo))?.state).not.toBe('REFUNDED');
    const outRefundNo = newNumber();
    await merchantRefund(outTradeNo, 1800);
    await settled();
    expect(await order(outTradeNo)).toMatchObject({ state: 'REFUNDED', transactionId, refundedFen: 1800 });
    expect(await readRefund(world.table, outRefundNo)).toBeUndefined();
  });

  it('is stored when the query of the payment fails, and booked by the sweep', async () => {
    await world.faults('notify', 'drop-notify');
    const { outTradeNo, transactionId } = await paidOrder({ paid: false });
    expect(await order(outTradeNo)).toMatchObject({ state: 'NOTPAY' });
    // Another system of the same merchant requests this refund.
    const outRefundNo = newNumber();
    await world.pay.requestRefund(
      { ...(await order(outTradeNo))!, transactionId },
      {
        outRefundNo,
        outTradeNo,
        amountFen: 600,
        status: 'REQUESTED',
        source: 'API',
        createdAt: '',
        changedAt: '',
        notifyUrl: world.address.url,
      },
    );
    await world.faults('transactions/out-trade-no', '5xx', 2);
    await settled();
    expect((await deliveries()).at(-1)).toMatchObject({ status: 204 });
    expect(await readRefund(world.table, outRefundNo)).toMatchObject({ status: 'REPORTED' });
    expect(await order(outTradeNo)).toMatchObject({ state: 'NOTPAY' });
    world.clock.offsetMs = 1_000;
    await sweep(world.pay);
    world.clock.offsetMs = 0;
    expect(await order(outTradeNo)).toMatchObject({ state: 'PAID', refundedFen: 600 });
  });
});

interface ConsoleRefund {
  outRefundNo: string;
  refundId: string;
}

async function merchantRefund(outTradeNo: string, amountFen: number): Promise<ConsoleRefund> {
  const answer = await fetch(`${world.simulator.url}/_merchant/refunds`, {
    method: 'POST',
    body: JSON.stringify({ outTradeNo, amountFen }),
  });
  expect(answer.status).toBe(201);
  return (await answer.json()) as ConsoleRefund;
}

describe('API v2 claim of a refund in the merchant platform', () => {
  it.each(['v3', 'v2'] as const)('is confirmed by a query and booked for an order of API %s', async (api) => {
    const { outTradeNo } = await paidOrder({ api });
    const { outRefundNo, refundId } = await merchantRefund(outTradeNo, 700);
    await settled();
    expect((await deliveries()).at(-1)).toMatchObject({ status: 200, url: world.v2.url });
    expect(await readRefund(world.table, outRefundNo)).toMatchObject({
      status: 'SUCCESS',
      source: 'CONSOLE',
      refundId,
    });
    expect(await order(outTradeNo)).toMatchObject({ state: 'PAID', refundedFen: 700 });
  });

  it('is stored and acknowledged when the query fails, and booked by the sweep', async () => {
    const { outTradeNo } = await paidOrder();
    await world.faults('/v3/refund/domestic/refunds/', '5xx', 2);
    const { outRefundNo } = await merchantRefund(outTradeNo, 700);
    await settled();
    expect((await deliveries()).at(-1)).toMatchObject({ status: 200 });
    expect(await readRefund(world.table, outRefundNo)).toMatchObject({ status: 'REPORTED' });
    world.clock.offsetMs = 1_000;
    await sweep(world.pay);
    world.clock.offsetMs = 0;
    expect(await readRefund(world.table, outRefundNo)).toMatchObject({ status: 'SUCCESS' });
  });

  it('is acknowledged within the five seconds of its sender when the query hangs', async () => {
    const { outTradeNo } = await paidOrder();
    await world.faults('/v3/refund/domestic/refunds/', 'timeout', 1);
    const { outRefundNo } = await merchantRefund(outTradeNo, 100);
    await settled();
    // A notification of an earlier test may be redelivered in between.
    const lastDelivery = async () => (await deliveries()).findLast(({ url }) => url === world.v2.url);
    await expect.poll(lastDelivery).toMatchObject({ status: 200 });
    expect(await readRefund(world.table, outRefundNo)).toMatchObject({ status: 'REPORTED' });
  });

  it.each(['drop-notify', 'duplicate-notify', 'tamper-notify', 'late-notify'])(
    'is booked once despite the fault %s',
    async (fault) => {
      const { outTradeNo } = await paidOrder();
      await world.faults('notify', fault);
      await merchantRefund(outTradeNo, 300);
      await settled();
      await world.simulator.advanceClock(15_000);
      expect(await order(outTradeNo)).toMatchObject({ refundedFen: 300, refundCount: 1 });
    },
  );

  it('changes nothing and is dropped after a day when WeChat cannot confirm it', async () => {
    const { outTradeNo, transactionId } = await paidOrder();
    const claim = {
      mchId: ids.pay.mchId,
      outTradeNo,
      transactionId,
      outRefundNo: newNumber(),
      refundId: '50x',
      status: 'SUCCESS' as const,
      amountFen: 1800,
      totalFen: 1800,
    };
    await takeNotification(world.pay, { kind: 'refund-claim', refund: claim } as PayNotificationV2);
    expect(await order(outTradeNo)).toMatchObject({ state: 'PAID', refundedFen: 0, refundingFen: 0 });
    const later = await world.payWith();
    world.clock.offsetMs = 26 * 3_600_000;
    await sweep(later);
    world.clock.offsetMs = 0;
    expect(await readRefund(world.table, claim.outRefundNo)).not.toHaveProperty('followUpPk');
    expect(await order(outTradeNo)).toMatchObject({ refundedFen: 0 });
  });
});
