// The delivery pushes of virtual payment: what books a payment, and what must not book one.
import { DeleteCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { describe, expect, it } from 'vitest';
import { closeOrder } from '../../lib/pay/close-order.ts';
import { keys } from '../../lib/store/keys.ts';
import { erasePayer } from '../../lib/store/orders.ts';
import { takeDelivery } from '../../lib/mini-program/take-delivery.ts';
import { readMessageKey } from '../../lib/wechat/message-cipher.ts';
import { openMiniappPush, type MiniappPush } from '../../lib/wechat/miniapp-push.ts';
import type { DeliveryEvent } from '../../lib/wechat-pay/virtual/pushes.ts';
import { loadMiniappEvents } from '../../lib/wiring/mini-program.ts';
import { crashesAfter } from '../support/crashes.ts';
import { ids } from '../support/world.ts';
import { withMetrics } from '../support/metrics.ts';
import { pushRequest, pushText, type Fields, type Format } from '../support/miniapp-push.ts';
import type { Mode } from '../support/official-world.ts';
import {
  codeOf,
  deliveryPush,
  useVirtualPushWorld,
  type VirtualPushWorld,
  type WorldArguments,
} from '../support/virtual-push-world.ts';

const QUERY = '/xpay/query_order';
const PROVIDE = '/xpay/notify_provide_goods';

let world: VirtualPushWorld;
const use = (...args: WorldArguments) => useVirtualPushWorld((created) => (world = created), ...args);
const calls = async (path: string, run: () => Promise<unknown>) => {
  const before = await world.calls(path);
  await run();
  return (await world.calls(path)) - before;
};
/** Opens the payment of an order, and cancels it. */
const opened = async () => {
  const placed = await world.newOrder();
  await world.wechat.pay(placed.person, placed.payment, { cancel: true }).catch(() => undefined);
  return world.stored(placed.outTradeNo);
};

describe.each<[Mode, Format]>([
  ['plain', 'json'],
  ['plain', 'xml'],
  ['compatible', 'json'],
  ['compatible', 'xml'],
  ['secure', 'json'],
  ['secure', 'xml'],
])('a delivery push in %s mode, as %s', (mode, format) => {
  use(mode, format);

  it('books the payment, and ends the repetitions of WeChat', async () => {
    let paid!: Awaited<ReturnType<VirtualPushWorld['paysOrder']>>;
    const queries = await calls(QUERY, async () => (paid = await world.paysOrder({ sku: 'top-up', amountFen: 300 })));
    expect(codeOf(paid.notify)).toBe(0);
    expect(await world.stored(paid.outTradeNo)).toMatchObject({ state: 'PAID', transactionId: paid.transactionId });
    expect(await world.wechat.orderOf(paid.outTradeNo)).toMatchObject({ isProvided: true, status: 4 });
    // The signature of plain mode does not cover the content.
    expect(queries).toBe(mode === 'plain' ? 1 : 0);
  });

  it('fails with a 5xx, which has an alarm, while a setting is wrong, and is repeated', async () => {
    await world.wechat.errcode('query_order', 268490003, 1);
    const { outTradeNo, notify } = await world.paysOrder({}, { apple: true });
    expect(notify).toMatchObject({ status: 503 });
    expect((await world.stored(outTradeNo)).state).toBe('NOTPAY');
    expect(world.output.findLast((line) => line.includes('virtual-pay.push-failed'))).toContain(outTradeNo);
    await world.simulator.advanceClock(2_000);
    expect((await world.stored(outTradeNo)).state).toBe('PAID');
  });

  it('books nothing when WeChat has no payment, unless the push is encrypted', async () => {
    const order = await opened();
    expect(await world.pushed(deliveryPush(order))).toBe(mode === 'plain' ? 1 : 0);
    expect((await world.stored(order.outTradeNo)).state).toBe(mode === 'plain' ? 'NOTPAY' : 'PAID');
  });

  it('has the same answer to an unknown number, another payer and an unpaid order', async () => {
    const order = await opened();
    const forged = { WeChatPayInfo: { MchOrderNo: 'C1', TransactionId: '', PaidTime: 0 } };
    const bodies = new Set<string>();
    const other = { OpenId: 'o-other' };
    const unknown = { OutTradeNo: '0'.repeat(32) };
    const changes: Fields[] = [{}, unknown, { ...unknown, ...other }, { OutTradeNo: 'other-1' }, other];
    for (const change of changes) bodies.add(await world.answerTo(deliveryPush(order, { ...forged, ...change })));
    expect([...bodies]).toEqual([expect.stringContaining('not done')]);
    expect(await world.mismatches(order.outTradeNo)).toEqual([]);
  });
});

describe('a delivery push in secure mode', () => {
  use();

  it('books a payment once when it arrives ten times at once', async () => {
    const { outTradeNo, transactionId } = await world.paidOrder();
    const order = await world.stored(outTradeNo);
    const info = { MchOrderNo: 'C1', TransactionId: transactionId, PaidTime: 1_796_000_000 };
    const push = deliveryPush(order, { WeChatPayInfo: info });
    const codes = await Promise.all(Array.from({ length: 10 }, () => world.pushed(push)));
    expect(codes).toEqual(Array.from({ length: 10 }, () => 0));
    expect(world.bookings(outTradeNo)).toBe(1);
    expect(await world.mismatches(outTradeNo)).toEqual([]);
  });

  it('is followed by a report of the delivery when WeChat lost the answer', async () => {
    await world.wechat.plan({ target: 'virtual-push', action: 'lost-answer' });
    const { outTradeNo } = await world.paysOrder();
    expect(await world.wechat.orderOf(outTradeNo)).toMatchObject({ isProvided: false });
    const reports = await calls(PROVIDE, () => world.simulator.advanceClock(2_000));
    expect(reports).toBe(1);
    expect(await world.wechat.orderOf(outTradeNo)).toMatchObject({ isProvided: true });
    expect(world.bookings(outTradeNo)).toBe(1);
  });

  it('is accepted when the report of a repeated delivery fails, because the answer is a report too', async () => {
    const { outTradeNo } = await world.paysOrder();
    await world.wechat.errcode('notify_provide_goods', 268490015, 2);
    expect(codeOf(await world.wechat.redeliver(outTradeNo))).toBe(0);
  });

  it('books a payment of Apple, which has no number of WeChat Pay, after a query', async () => {
    const { outTradeNo, transactionId, notify } = await world.paysOrder({}, { apple: true });
    expect(codeOf(notify)).toBe(0);
    expect(await world.stored(outTradeNo)).toMatchObject({ state: 'PAID', paidBy: 'apple', transactionId });
  });

  it('books three goods after a query when the price in the push is that of one good', async () => {
    await world.wechat.plan({ target: 'virtual-push', action: 'unit-price' });
    const { outTradeNo, notify } = await world.paysOrder({ sku: 'top-up', amountFen: 300 });
    expect(codeOf(notify)).toBe(0);
    expect(await world.stored(outTradeNo)).toMatchObject({ state: 'PAID', amountFen: 300 });
    expect(await world.mismatches(outTradeNo)).toEqual([]);
  });

  const DIFFERENCES: [string, object][] = [
    ['OpenId', { OpenId: 'o-other' }],
    ['Env', { Env: 1 }],
    ['ProductId', { GoodsInfo: { ProductId: 'top-up' } }],
    ['Quantity', { GoodsInfo: { Quantity: 2 } }],
    ['ActualPrice', { GoodsInfo: { ActualPrice: 1 } }],
    ['WeChatPayInfo', { WeChatPayInfo: null }],
    ['PaidTime', { WeChatPayInfo: { PaidTime: 'yesterday' } }],
    ['TransactionId', { WeChatPayInfo: { TransactionId: null } }],
  ];

  it.each(DIFFERENCES)('is no proof with another %s: the query books what WeChat has', async (_, change) => {
    const { outTradeNo, transactionId } = await world.paidOrder();
    const queries = await calls(QUERY, async () => {
      expect(codeOf(await world.wechat.forge(outTradeNo, change))).toBe(0);
    });
    expect(queries).toBe(1);
    expect(await world.stored(outTradeNo)).toMatchObject({ state: 'PAID', transactionId, amountFen: 600 });
    expect(await world.mismatches(outTradeNo)).toEqual([]);
  });

  it.each<[string, Fields]>([
    ['sandbox', { Env: 1 }],
    ['payer', { OpenId: 'o-other' }],
    ['price', { GoodsInfo: { ProductId: 'lesson', Quantity: 1, OrigPrice: 600, ActualPrice: 1, Attach: 'a' } }],
  ])('books nothing for another %s when WeChat has no payment', async (_, change) => {
    const order = await opened();
    expect(await world.pushed(deliveryPush(order, change))).toBe(1);
    expect(await world.stored(order.outTradeNo)).toEqual(order);
    expect(await world.mismatches(order.outTradeNo)).toEqual([]);
  });

  it('records a payment of another amount once, and books nothing', async () => {
    const { outTradeNo } = await world.paidOrder();
    await setAmount(outTradeNo, 1);
    for (let times = 0; times < 2; times += 1) expect(codeOf(await world.wechat.redeliver(outTradeNo, times))).toBe(1);
    expect(await world.mismatches(outTradeNo)).toEqual([['amountFen']]);
    expect((await world.stored(outTradeNo)).state).toBe('NOTPAY');
  });

  it('records a payment whose order the ledger lost once, after WeChat confirmed the payment', async () => {
    const { outTradeNo } = await world.paidOrder();
    await remove(outTradeNo);
    for (let times = 0; times < 2; times += 1) expect(codeOf(await world.wechat.redeliver(outTradeNo, times))).toBe(1);
    expect(await world.mismatches(outTradeNo)).toEqual([['unknown order']]);
  });

  it('records nothing about an unknown order that WeChat does not have either, or has in the sandbox', async () => {
    const order = { ...(await opened()), outTradeNo: '0'.repeat(32) };
    const before = await world.everything();
    expect(await world.pushed(deliveryPush(order))).toBe(1);
    expect(await world.pushed(deliveryPush(order, { Env: 1 }))).toBe(1);
    expect(await world.everything()).toEqual(before);
  });

  it('counts the push of another system without a query and without a record', async () => {
    const order = { ...(await opened()), outTradeNo: 'other-system-1' };
    const before = await world.everything();
    const queries = await calls(QUERY, async () => {
      const [code, metrics] = await withMetrics(() => world.pushed(deliveryPush(order)));
      expect([code, metrics]).toEqual([1, ['mini-program UnhandledPushes']]);
    });
    expect(queries).toBe(0);
    expect(await world.everything()).toEqual(before);
  });

  it('is repeated until WeChat answers the query', async () => {
    const { outTradeNo } = await world.paidOrder({}, { apple: true });
    await world.wechat.errcode('query_order', 268490015, 1);
    expect(codeOf(await world.wechat.redeliver(outTradeNo, 0))).toBe(1);
    expect((await world.stored(outTradeNo)).state).toBe('NOTPAY');
    expect(world.output.findLast((line) => line.includes('virtual-pay.push-failed'))).toContain(outTradeNo);
    expect(codeOf(await world.wechat.redeliver(outTradeNo, 1))).toBe(0);
    expect((await world.stored(outTradeNo)).state).toBe('PAID');
  });

  it('throws when the write of the payment fails, and books with its repetition', async () => {
    const order = await opened();
    const { virtualPay } = (await loadMiniappEvents(world.outside)).within(Number.POSITIVE_INFINITY);
    const [push, event] = openedPush(deliveryPush(order));
    const deps = { ...virtualPay!, table: world.table };
    expect(await crashesAfter(world.table, 0, () => takeDelivery(deps, push, event))).toBe(true);
    expect((await world.stored(order.outTradeNo)).state).toBe('NOTPAY');
    expect(await world.pushed(deliveryPush(order, { RetryTimes: 1 }))).toBe(0);
    expect(world.bookings(order.outTradeNo)).toBe(1);
  });

  it('books the payment of a closed order, and of an order whose payer closed the account', async () => {
    const closed = await world.newOrder();
    await closeOrder(world.pay, closed);
    await world.wechat.plan({ target: 'virtual-push', action: 'no-push' });
    await world.wechat.pay(closed.person, closed.payment);
    const erased = await world.paidOrder({}, { apple: true });
    await erasePayer(world.table, erased.outTradeNo);
    for (const { outTradeNo } of [closed, erased]) {
      expect(codeOf(await world.wechat.redeliver(outTradeNo, 0))).toBe(0);
      expect((await world.stored(outTradeNo)).state).toBe('PAID');
    }
    expect(await world.stored(erased.outTradeNo)).not.toHaveProperty('openId');
  });
});

describe('without the AppKey', () => {
  use('secure', 'json', { VIRTUAL_PAY_APP_KEY: '' });

  it('a proven payment is booked, and a push that needs a query is repeated', async () => {
    expect(codeOf((await world.paysOrder()).notify)).toBe(0);
    const { outTradeNo, notify } = await world.paysOrder({}, { apple: true });
    expect(notify).toMatchObject({ status: 503 });
    expect((await world.stored(outTradeNo)).state).toBe('NOTPAY');
    expect(world.output.join('\n')).toContain('VIRTUAL_PAY_APP_KEY');
  });
});

/** Returns an encrypted push and its event as the webhook opens them. */
function openedPush(fields: Fields): [MiniappPush, DeliveryEvent] {
  const { rawQueryString, body } = pushRequest(pushText('json', { MsgType: 'event', ...fields }));
  const { appId, token, aesKey } = ids.miniapp;
  const pushKeys = { mode: 'secure' as const, appId, token, aesKeys: [readMessageKey(aesKey)!], nowMs: Date.now() };
  const push = openMiniappPush(new URLSearchParams(rawQueryString), Buffer.from(body), pushKeys) as MiniappPush;
  return [push, push.content as DeliveryEvent];
}

async function setAmount(outTradeNo: string, amountFen: number) {
  await world.table.client.send(
    new UpdateCommand({
      TableName: world.table.name,
      Key: keys.order(outTradeNo),
      UpdateExpression: 'SET amountFen = :fen',
      ExpressionAttributeValues: { ':fen': amountFen },
    }),
  );
}

async function remove(outTradeNo: string) {
  await world.table.client.send(new DeleteCommand({ TableName: world.table.name, Key: keys.order(outTradeNo) }));
}
