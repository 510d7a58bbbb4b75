// The events of the order shipping management: what a push changes, and what it must not change.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { putOrder, readOrder } from '../../lib/store/orders.ts';
import { takeTradePush } from '../../lib/shipping/take-trade-push.ts';
import { readShipment, writeShipment, type Shipment } from '../../lib/store/shipments.ts';
import { openMiniappPush, type MiniappPush } from '../../lib/wechat/miniapp-push.ts';
import type { TradeEvent } from '../../lib/wechat/miniapp-push-content.ts';
import { loadMiniappEvents } from '../../lib/wiring/mini-program.ts';
import { createBuyers } from '../support/buyers.ts';
import { crashesAfter, interceptCommands } from '../support/crashes.ts';
import { dueNumbers } from '../support/follow-ups.ts';
import { withMetrics } from '../support/metrics.ts';
import { pushRequest, pushText, type Fields, type Format } from '../support/miniapp-push.ts';
import { createMiniappWorld, type MiniappWorld } from '../support/miniapp-world.ts';
import type { Mode } from '../support/official-world.ts';
import { reminderPush, secondsOf, settlementPush } from '../support/trade-pushes.ts';
import { ids } from '../support/world.ts';

const SUCCESS = { statusCode: 200, body: 'success' };
const SHIPPED_AT = '2026-11-21T03:00:00.000Z';
const RECEIVED_AT = '2026-11-24T03:00:00.000Z';
const SETTLED_AT = '2026-11-25T03:00:00.000Z';
const SETTLED: Fields = {
  confirm_receive_method: 1,
  confirm_receive_time: secondsOf(RECEIVED_AT),
  settlement_time: secondsOf(SETTLED_AT),
};
const LIMITED: Fields = { MsgType: 'event', Event: 'wxa_trade_controlled', msg: '小程序支付功能已被限制' };

let world: MiniappWorld;
let paidOrder: Awaited<ReturnType<typeof createBuyers>>['paidOrder'];

/** Creates the world of the tests of one mode. */
const useMode = (mode: Mode) => {
  beforeAll(async () => {
    world = await createMiniappWorld(mode);
    // The function reads its settings at its first request, and paidOrder restores the settings of the world.
    await world.push({ MsgType: 'event', Event: 'user_enter_tempsession' });
    ({ paidOrder } = await createBuyers(world));
  });
  afterAll(() => world.close());
};
const shipmentOf = ({ outTradeNo }: { outTradeNo: string }) => readShipment(world.table, outTradeNo, 'strong');
const shipments = async () =>
  ((await world.everything()) as { sk: string }[]).filter(({ sk }) => sk.startsWith('SHIPMENT#'));
const isDue = async ({ outTradeNo }: { outTradeNo: string }) =>
  (await dueNumbers(world.table, 'shipment', Date.now() + 1)).includes(outTradeNo);
/** Stores the shipment of an order with changed attributes, as the upload does. */
const store = async (order: { outTradeNo: string }, change: Partial<Shipment>) => {
  expect(await world.push(reminderPush(order as Parameters<typeof reminderPush>[0]))).toMatchObject(SUCCESS);
  const seen = (await shipmentOf(order))!;
  return writeShipment(world.table, seen, { ...seen, ...change }, Date.now() + 86_400_000);
};

describe.each<Mode>(['compatible', 'secure'])('an event of order shipping in %s mode', (mode) => {
  useMode(mode);

  describe.each<Format>(['json', 'xml'])('in %s', (format) => {
    it('ships and settles an order whose shipment does not exist yet', async () => {
      const order = await paidOrder();
      const estimated_settlement_time = secondsOf(SETTLED_AT);
      expect(await world.push(settlementPush(order, { estimated_settlement_time }), format)).toMatchObject(SUCCESS);
      expect(await shipmentOf(order)).toMatchObject({
        state: 'shipped',
        shippedAt: SHIPPED_AT,
        estimatedSettlementAt: SETTLED_AT,
        sku: 'coffee',
        delivery: 'express',
        amountFen: 1_800,
      });
      expect(await world.push(settlementPush(order, SETTLED), format)).toMatchObject(SUCCESS);
      expect(await shipmentOf(order)).toMatchObject({
        state: 'settled',
        receivedAt: RECEIVED_AT,
        settledAt: SETTLED_AT,
        confirmReceiveMethod: '1',
      });
      expect(await dueNumbers(world.table, 'shipment', Date.parse('2100-01-01'))).not.toContain(order.outTradeNo);
    });
  });

  it('reads times that are texts, and ignores times that are no epoch seconds', async () => {
    const order = await paidOrder();
    const times = { shipped_time: '', settlement_time: '0', confirm_receive_time: String(secondsOf(RECEIVED_AT)) };
    const beganAtMs = Date.now();
    await world.push(settlementPush(order, times));
    const { shippedAt, ...shipment } = (await shipmentOf(order))!;
    expect(shipment).toMatchObject({ state: 'received', receivedAt: RECEIVED_AT });
    expect(Date.parse(shippedAt!)).toBeGreaterThanOrEqual(beganAtMs);
  });

  it('has one effect however often the push arrives, and reaches the hook of the team once', async () => {
    const order = await paidOrder();
    const before = world.passedOn('trade_manage_order_settlement');
    const request = world.request(settlementPush(order));
    const answers = await Promise.all(Array.from({ length: 5 }, () => world.send(request)));
    const shipment = await shipmentOf(order);
    expect(await world.send(request)).toMatchObject(SUCCESS);
    expect(answers).toEqual(answers.map(() => expect.objectContaining(SUCCESS)));
    expect(await shipmentOf(order)).toEqual(shipment);
    expect(world.passedOn('trade_manage_order_settlement') - before).toBe(1);
  });

  it('settles the order in any order of its pushes, also when all arrive at once', async () => {
    const order = await paidOrder();
    const pushes = [SETTLED, {}, { confirm_receive_time: secondsOf(RECEIVED_AT) }, {}, SETTLED];
    await Promise.all(pushes.map((change) => world.push(settlementPush(order, change))));
    expect(await shipmentOf(order)).toMatchObject({ state: 'settled', settledAt: SETTLED_AT });
    await world.push(settlementPush(order, { estimated_settlement_time: secondsOf(SETTLED_AT) }));
    expect(await shipmentOf(order)).toMatchObject({ state: 'settled', settledAt: SETTLED_AT });
  });

  it('keeps a pending upload, which ends by itself, and its early follow-up', async () => {
    const order = await paidOrder();
    const upload = { delivery: 'express' as const, parcels: [], isFinal: true, uploadAtMs: Date.now() };
    await store(order, { pending: { ...upload, claimId: 'c', claimedAtMs: Date.now() } });
    await world.push(settlementPush(order));
    expect(await shipmentOf(order)).toMatchObject({ state: 'shipped', pending: { claimId: 'c' } });
    expect(await isDue(order)).toBe(false);
    expect(await dueNumbers(world.table, 'shipment', Date.now() + 61_000)).toContain(order.outTradeNo);
  });

  it("makes an order due for the sweep that was shipped in WeChat's console, and no order that was uploaded", async () => {
    const [byHand, uploaded] = [await paidOrder(), await paidOrder()];
    await world.push(settlementPush(byHand));
    await store(uploaded, { uploadAtMs: Date.now() });
    await world.push(settlementPush(uploaded));
    expect(await isDue(byHand)).toBe(true);
    expect(await isDue(uploaded)).toBe(false);
  });

  it('creates the missing shipment of an order that is not shipped, and makes it due', async () => {
    const order = await paidOrder();
    expect(await world.push(reminderPush(order))).toMatchObject(SUCCESS);
    expect(await shipmentOf(order)).toMatchObject({ state: 'to-ship', parcels: [] });
    expect(await isDue(order)).toBe(true);
    expect(world.output.join('\n')).toContain('shipment.reminded');
  });

  it('leaves a settled order alone when a reminder is late', async () => {
    const order = await paidOrder();
    await world.push(settlementPush(order, SETTLED));
    const before = await shipmentOf(order);
    await world.push(reminderPush(order));
    expect(await shipmentOf(order)).toEqual(before);
  });

  it('stores a verified notice of limited payments once, and counts it once', async () => {
    const request = world.request(LIMITED);
    const [answers, metrics] = await withMetrics(async () => [await world.send(request), await world.send(request)]);
    expect(answers).toMatchObject([SUCCESS, SUCCESS]);
    expect(metrics).toEqual(['LimitedPayments']);
    const stored = ((await world.everything()) as { sk: string }[]).filter(({ sk }) => sk === 'PAYLIMIT');
    expect(stored).toMatchObject([{ appId: ids.miniapp.appId, message: LIMITED['msg'], verified: true }]);
    expect(world.output.join('\n')).toContain('payment.limited');
  });

  it('logs that WeChat waits for the first shipping information', async () => {
    const before = await world.everything();
    const Event = 'trade_manage_remind_access_api';
    expect(await world.push({ ...LIMITED, Event, msg: '请接入发货接口' })).toMatchObject(SUCCESS);
    expect(world.output.join('\n')).toContain('请接入发货接口');
    expect(world.passedOn(Event)).toBe(1);
    expect(await world.everything()).toHaveLength(before.length + 1);
  });
});

describe('an event of order shipping about an order that it cannot concern', () => {
  useMode('secure');

  it.each<[string, () => Promise<Fields>]>([
    [
      'another system of the merchant',
      async () => settlementPush({ outTradeNo: 'ERP-2026-000001', transactionId: '42' }),
    ],
    [
      'no order of this table',
      async () => settlementPush({ outTradeNo: 'k3v9x2m7q1w8z4t601jd5m2x8r4v7c9q', transactionId: '42' }),
    ],
    ['no number', async () => settlementPush({ outTradeNo: '', transactionId: '' })],
    ['a number of 4 KB', async () => settlementPush({ outTradeNo: 'x'.repeat(4_096), transactionId: '42' })],
    ['another merchant', async () => settlementPush(await paidOrder(), { merchant_id: '1900000109' })],
    ['another payment', async () => settlementPush({ ...(await paidOrder()), transactionId: '42' }, SETTLED)],
    ['an order whose payment is not booked yet', async () => settlementPush(await unbookedOrder())],
    ['an order of the official account', async () => settlementPush(await officialOrder())],
    ['a reminder of another system', async () => reminderPush({ outTradeNo: 'ERP-2026-000001', transactionId: '42' })],
  ])('has no effect: %s', async (_, build) => {
    const fields = await build();
    const before = await shipments();
    const output = world.output.length;
    expect(await world.push(fields)).toMatchObject(SUCCESS);
    expect(await shipments()).toEqual(before);
    expect(world.output.slice(output).join('\n')).toContain('shipment.push-ignored');
  });

  /** An order whose payment notification is lost. */
  async function unbookedOrder() {
    await world.faults('notify', 'drop-notify');
    return paidOrder({ paid: false });
  }

  /** An order that is paid here, as if it was placed in an H5 page of the official account. */
  async function officialOrder() {
    const paid = (await readOrder(world.table, (await paidOrder()).outTradeNo))!;
    const outTradeNo = paid.outTradeNo.slice(0, -1) + (paid.outTradeNo.endsWith('0') ? '1' : '0');
    await putOrder(world.table, { ...paid, outTradeNo, appId: ids.official.appId }, Date.now());
    return { outTradeNo, transactionId: paid.transactionId! };
  }
});

describe('takeTradePush', () => {
  useMode('secure');

  /** Takes a push with the dependencies of a cold instance. */
  const take = async (fields: Fields) => {
    const deps = (await loadMiniappEvents(world.outside)).within(Number.POSITIVE_INFINITY);
    const { rawQueryString, body } = pushRequest(pushText('json', fields));
    const keys = { ...deps.pushKeys, nowMs: Date.now() };
    const push = openMiniappPush(new URLSearchParams(rawQueryString), Buffer.from(body), keys) as MiniappPush;
    await takeTradePush({ ...deps, table: world.table }, push, push.content as TradeEvent);
  };

  it.each([0, 1, 2])('completes the effect with the repeated push after a crash behind %i writes', async (writes) => {
    const order = await paidOrder();
    const push = settlementPush(order, SETTLED);
    expect(await crashesAfter(world.table, writes, () => take(push))).toBe(writes < 2);
    await take(push);
    // The first write only stores the shipment, so that the events come from a change.
    expect(await shipmentOf(order)).toMatchObject({ state: 'settled', revision: 2, settledAt: SETTLED_AT });
  });

  it('decides again when another writer changes the shipment between its read and its write', async () => {
    const order = await paidOrder();
    await take(settlementPush(order));
    let isFirst = true;
    const end = interceptCommands(world.table, async ({ name }, send) => {
      if (name === 'Put' && isFirst) {
        isFirst = false;
        const seen = (await shipmentOf(order))!;
        const parcels = [{ carrier: 'STO', trackingNo: '1' }];
        await writeShipment(world.table, seen, { ...seen, parcels }, Date.now());
      }
      return send();
    });
    await take(settlementPush(order, SETTLED));
    end();
    expect(await shipmentOf(order)).toMatchObject({ state: 'settled', parcels: [{ trackingNo: '1' }] });
  });
});

describe('an event of order shipping in plain mode', () => {
  useMode('plain');

  it('advances nothing, and makes the order due for the sweep', async () => {
    const order = await paidOrder();
    expect(await world.push(settlementPush(order, SETTLED))).toMatchObject(SUCCESS);
    const shipment = await shipmentOf(order);
    expect(shipment).toMatchObject({ state: 'to-ship' });
    expect(shipment).not.toHaveProperty('settledAt');
    expect(await isDue(order)).toBe(true);
  });

  it('delays and repeats no pending upload', async () => {
    const order = await paidOrder();
    const upload = { delivery: 'express' as const, parcels: [], isFinal: true, uploadAtMs: Date.now() };
    const written = await store(order, { pending: { ...upload, claimId: 'c', claimedAtMs: Date.now() } });
    await world.push(settlementPush(order, SETTLED));
    expect(await shipmentOf(order)).toMatchObject({ revision: written!.revision });
  });

  it('stores a notice of limited payments that is not verified', async () => {
    const [, metrics] = await withMetrics(() => world.push(LIMITED));
    expect(metrics).toEqual(['LimitedPayments']);
    const stored = ((await world.everything()) as { sk: string }[]).filter(({ sk }) => sk === 'PAYLIMIT');
    expect(stored).toMatchObject([{ verified: false }]);
  });
});
