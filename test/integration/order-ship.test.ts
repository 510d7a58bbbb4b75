// Orders that an operator ships: parcels, repetitions, corrections, contacts, and answers of WeChat that are lost.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { runtime } from '../../lib/core/runtime.ts';
import { bindPhone } from '../../lib/identity/bind-phone.ts';
import { advance } from '../../lib/shipping/progress.ts';
import { writeShipment } from '../../lib/store/shipments.ts';
import { crashesAfter } from '../support/crashes.ts';
import { rejectionsOf } from '../support/rejections.ts';
import {
  CARRIERS,
  createShippingWorld,
  DAY_MS,
  GET_ORDER,
  MINUTE_MS,
  UPLOAD,
  type ShippingWorld,
} from '../support/shipping-world.ts';
import { ids } from '../support/world.ts';

let world: ShippingWorld;
beforeAll(async () => {
  world = await createShippingWorld();
});
afterAll(() => world.close());
afterEach(async () => {
  await world.calm();
  await world.setTrade({ managed: true, knownAfterMs: 2_000 });
});

const [A, B, C] = ['A', 'B', 'C'].map((letter) => ({ carrier: 'YTO', trackingNo: `YT-${letter}` })) as [
  { carrier: string; trackingNo: string },
  { carrier: string; trackingNo: string },
  { carrier: string; trackingNo: string },
];
const uploads = ({ transactionId }: { transactionId: string }) => world.bodies(UPLOAD, transactionId);
/** A paid order that WeChat knows, with its shipment. */
const started = async () => {
  const order = await world.coffee();
  await world.start(order.outTradeNo);
  await world.wait(3_000);
  return order;
};
const shipped = (parcels: object[], more = {}) => ({ state: 'shipped', delivery: 'express', parcels, ...more });

describe('shipOrder', () => {
  it('ships an express order, and returns its shipping', async () => {
    const { outTradeNo, ...order } = await started();
    await expect(world.ship({ outTradeNo, parcels: [A] })).resolves.toEqual({ outTradeNo, shipping: shipped([A]) });
    expect(await world.wechatShipping(outTradeNo)).toMatchObject({
      orderState: 2,
      parcels: [{ ...A, goods: 'Coffee' }],
    });
    expect(uploads(order)).toHaveLength(1);
    expect(await world.shipment(outTradeNo)).toMatchObject({
      shippedAt: expect.any(String),
      uploadAtMs: expect.any(Number),
    });
  });

  it.each(['pickup', 'same-city', 'virtual'])('ships an order in another way than its own: %s', async (delivery) => {
    const { outTradeNo } = await started();
    const { shipping } = await world.ship({ outTradeNo, delivery });
    expect(shipping).toEqual({ state: 'shipped', delivery, parcels: [] });
    expect(await world.wechatShipping(outTradeNo)).toMatchObject({ orderState: 2, delivery });
  });

  it('creates the shipment if the event of the payment is late', async () => {
    const { outTradeNo } = await world.coffee();
    await world.ship({ outTradeNo, parcels: [A] });
    await world.start(outTradeNo);
    expect(await world.shipment(outTradeNo)).toMatchObject({ state: 'shipped', parcels: [A] });
  });

  it('repeats the upload while WeChat does not have a new payment yet', async () => {
    const order = await world.coffee();
    await expect(world.ship({ outTradeNo: order.outTradeNo, parcels: [A] })).resolves.toMatchObject({
      shipping: { state: 'shipped' },
    });
    expect(uploads(order).length).toBeGreaterThan(1);
  });

  it('keeps the upload of a payment that stays unknown for the sweep', async () => {
    await world.setTrade({ knownAfterMs: MINUTE_MS });
    const { outTradeNo } = await world.coffee();
    await expect(world.ship({ outTradeNo, parcels: [A] })).rejects.toMatchObject({ code: 'WECHAT_UNAVAILABLE' });
    await world.wait(MINUTE_MS);
    expect(await world.resend(outTradeNo)).toMatchObject({ state: 'shipped', parcels: [A] });
  });
});

describe('shipOrder with several parcels', () => {
  it.each([false, true])(
    'adds the parcels of each call until one is final (WeChat adds them itself: %s)',
    async (adds) => {
      const { outTradeNo } = await started();
      if (adds) await world.variant('upload-shipping', 'split-appends', 5);
      const first = await world.ship({ outTradeNo, parcels: [A], final: false });
      expect(first.shipping).toEqual({ state: 'to-ship', delivery: 'express', parcels: [A] });
      expect(await world.wechatShipping(outTradeNo)).toMatchObject({ orderState: 1 });
      await world.wait(DAY_MS);
      const last = await world.ship({ outTradeNo, parcels: [B] });
      expect(last.shipping).toEqual(shipped([A, B]));
      expect(await world.wechatShipping(outTradeNo)).toMatchObject({
        orderState: 2,
        parcels: [A, B],
        isCorrected: false,
      });
    },
  );

  it('completes a split order without a further parcel, and without using up the correction', async () => {
    const { outTradeNo } = await started();
    await world.ship({ outTradeNo, parcels: [A], final: false });
    await world.wait(MINUTE_MS);
    expect((await world.ship({ outTradeNo })).shipping).toEqual(shipped([A]));
    expect(await world.wechatShipping(outTradeNo)).toMatchObject({ orderState: 2, isCorrected: false });
  });

  it('has every parcel of concurrent calls', async () => {
    const { outTradeNo } = await started();
    const instances = await Promise.all([A, B, C].map(() => world.load({ sleep: runtime.sleep })));
    await Promise.all(
      [A, B, C].map((parcel, index) => world.ship({ outTradeNo, parcels: [parcel], final: false }, instances[index])),
    );
    const numbers = (await world.shipment(outTradeNo))!.parcels.map(({ trackingNo }) => trackingNo);
    expect(numbers.toSorted()).toEqual(['YT-A', 'YT-B', 'YT-C']);
    expect(((await world.wechatShipping(outTradeNo))!.parcels ?? []).map(({ trackingNo }) => trackingNo)).toEqual(
      numbers,
    );
  });
});

describe('the same call of shipOrder twice', () => {
  it('sends one upload, one after the other', async () => {
    const order = await started();
    const input = { outTradeNo: order.outTradeNo, parcels: [A] };
    const first = await world.ship(input);
    expect(await world.ship(input)).toEqual(first);
    expect(uploads(order)).toHaveLength(1);
  });

  it('sends one upload also at the same time, in separate instances', async () => {
    const order = await started();
    const input = { outTradeNo: order.outTradeNo, parcels: [A] };
    const instances = await Promise.all([1, 2, 3, 4, 5].map(() => world.load({ sleep: runtime.sleep })));
    const results = await Promise.all(instances.map((loaded) => world.ship(input, loaded)));
    expect(new Set(results.map((result) => JSON.stringify(result))).size).toBe(1);
    expect(uploads(order)).toHaveLength(1);
  });

  it('sends nothing when the call added its parcels to earlier ones', async () => {
    const order = await started();
    const [first, last] = [
      { outTradeNo: order.outTradeNo, parcels: [A], final: false },
      { outTradeNo: order.outTradeNo, parcels: [B] },
    ];
    await world.ship(first);
    await world.wait(MINUTE_MS);
    await world.ship(last);
    for (const repeated of [last, first]) expect((await world.ship(repeated)).shipping).toEqual(shipped([A, B]));
    expect(uploads(order)).toHaveLength(2);
  });

  it('repeats the same upload after WECHAT_TIMEOUT', async () => {
    const order = await started();
    const input = { outTradeNo: order.outTradeNo, parcels: [A] };
    world.loseAnswer(UPLOAD);
    await expect(world.ship(input)).rejects.toMatchObject({ code: 'WECHAT_TIMEOUT' });
    await world.wait(MINUTE_MS);
    await expect(world.ship(input)).resolves.toMatchObject({ shipping: shipped([A]) });
    const [lost, repeated] = uploads(order);
    expect(repeated).toEqual(lost);
    expect(await world.wechatShipping(order.outTradeNo)).toMatchObject({ isCorrected: false });
  });

  it.each([0, 1])('ships once after a crash behind write %i', async (writes) => {
    const order = await started();
    const input = { outTradeNo: order.outTradeNo, parcels: [A] };
    expect(await crashesAfter(world.table, writes, () => world.ship(input))).toBe(true);
    // The claim of the crashed call ends.
    await world.wait(MINUTE_MS);
    await expect(world.ship(input)).resolves.toMatchObject({ shipping: shipped([A]) });
    expect(await world.wechatShipping(order.outTradeNo)).toMatchObject({ orderState: 2, isCorrected: false });
  });

  it('waits for the end of a crashed call, and says so', async () => {
    const { outTradeNo } = await started();
    await crashesAfter(world.table, 1, () => world.ship({ outTradeNo, parcels: [A] }));
    await expect(world.ship({ outTradeNo, parcels: [A] })).rejects.toMatchObject({
      code: 'WECHAT_TIMEOUT',
      message: expect.stringContaining('repeat the request in a minute'),
    });
  });
});

describe('another call of shipOrder after a lost answer', () => {
  it('finishes the earlier upload first', async () => {
    const { outTradeNo } = await started();
    world.loseAnswer(UPLOAD);
    await expect(world.ship({ outTradeNo, parcels: [A], final: false })).rejects.toMatchObject({
      code: 'WECHAT_TIMEOUT',
    });
    await world.wait(MINUTE_MS);
    expect((await world.ship({ outTradeNo, parcels: [B] })).shipping).toEqual(shipped([A, B]));
  });

  it('is no error if WeChat declines the earlier upload', async () => {
    const { outTradeNo } = await started();
    await world.errcode(UPLOAD, 10060012, 1);
    await expect(world.ship({ outTradeNo, parcels: [A] })).rejects.toMatchObject({ code: 'WECHAT_UNAVAILABLE' });
    await world.errcode(UPLOAD, 10060026, 1);
    expect((await world.ship({ outTradeNo, parcels: [B] })).shipping).toEqual(shipped([B]));
  });
});

describe('the correction of a shipped order', () => {
  it('replaces all parcels once', async () => {
    const { outTradeNo } = await started();
    await world.ship({ outTradeNo, parcels: [A] });
    await world.wait(MINUTE_MS);
    expect((await world.ship({ outTradeNo, parcels: [B] })).shipping).toEqual(shipped([B]));
    expect(await world.wechatShipping(outTradeNo)).toMatchObject({ isCorrected: true, parcels: [B] });
    await world.wait(MINUTE_MS);
    await expect(world.ship({ outTradeNo, parcels: [C] })).rejects.toMatchObject({ code: 'ORDER_STATE_CONFLICT' });
    expect((await world.ship({ outTradeNo, parcels: [B] })).shipping).toEqual(shipped([B]));
  });

  it('sends one correction for concurrent calls with different parcels', async () => {
    const order = await started();
    const { outTradeNo } = order;
    await world.ship({ outTradeNo, parcels: [A] });
    await world.wait(MINUTE_MS);
    const instances = await Promise.all([B, C].map(() => world.load({ sleep: runtime.sleep })));
    const results = await Promise.allSettled(
      [B, C].map((parcel, index) => world.ship({ outTradeNo, parcels: [parcel] }, instances[index])),
    );
    expect(rejectionsOf(results)).toMatchObject([{ code: 'ORDER_STATE_CONFLICT' }]);
    expect(uploads(order)).toHaveLength(2);
    const { parcels } = (await world.shipment(outTradeNo))!;
    expect(await world.wechatShipping(outTradeNo)).toMatchObject({ parcels });
  });

  it('is done if its answer was lost', async () => {
    const { outTradeNo } = await started();
    await world.ship({ outTradeNo, parcels: [A] });
    await world.wait(MINUTE_MS);
    world.loseAnswer(UPLOAD);
    await expect(world.ship({ outTradeNo, parcels: [B] })).rejects.toMatchObject({ code: 'WECHAT_TIMEOUT' });
    expect((await world.ship({ outTradeNo, parcels: [B] })).shipping).toEqual(shipped([B]));
    expect(await world.shipment(outTradeNo)).toMatchObject({ isCorrected: true });
    await world.wait(MINUTE_MS);
    await expect(world.ship({ outTradeNo, parcels: [C] })).rejects.toMatchObject({ code: 'ORDER_STATE_CONFLICT' });
  });

  it('is done if its answer was lost and WeChat then calls the correction used up', async () => {
    const { outTradeNo } = await started();
    await world.ship({ outTradeNo, parcels: [A] });
    await world.wait(MINUTE_MS);
    world.loseAnswer(UPLOAD);
    await expect(world.ship({ outTradeNo, parcels: [B] })).rejects.toMatchObject({ code: 'WECHAT_TIMEOUT' });
    await world.errcode(UPLOAD, 10060003);
    expect((await world.ship({ outTradeNo, parcels: [B] })).shipping).toEqual(shipped([B]));
  });

  it('is not used up by information that WeChat has already', async () => {
    const { outTradeNo } = await started();
    await world.ship({ outTradeNo, parcels: [A] });
    await world.wait(MINUTE_MS);
    // Without a description WeChat got that of the order, so nothing changes at WeChat.
    await world.ship({ outTradeNo, parcels: [{ ...A, description: 'Coffee' }] });
    await world.wait(MINUTE_MS);
    expect((await world.ship({ outTradeNo, parcels: [B] })).shipping).toEqual(shipped([B]));
  });

  it('is declined after an operator corrected the order in the console, and the parcels of WeChat are adopted', async () => {
    const { outTradeNo } = await started();
    await world.ship({ outTradeNo, parcels: [A] });
    await world.wait(MINUTE_MS);
    await world.control('POST', '/_merchant/shipping', { outTradeNo, ...B });
    await world.wait(MINUTE_MS);
    await expect(world.ship({ outTradeNo, parcels: [C] })).rejects.toMatchObject({ code: 'ORDER_STATE_CONFLICT' });
    expect(await world.shipment(outTradeNo)).toMatchObject({ parcels: [B], isCorrected: true });
  });

  it('is not possible after the receipt', async () => {
    const { outTradeNo, person } = await started();
    await world.ship({ outTradeNo, parcels: [A] });
    await world.wait(MINUTE_MS);
    await world.phone.act(person, 'receive', { outTradeNo });
    await expect(world.ship({ outTradeNo, parcels: [B] })).rejects.toMatchObject({ code: 'ORDER_STATE_CONFLICT' });
    expect(await world.shipment(outTradeNo)).toMatchObject({ state: 'settled', parcels: [A] });
  });

  it('keeps the time of the shipping, and publishes no second event', async () => {
    const { outTradeNo } = await started();
    await world.ship({ outTradeNo, parcels: [A] });
    const { shippedAt } = (await world.shipment(outTradeNo))!;
    await world.wait(MINUTE_MS);
    await world.ship({ outTradeNo, parcels: [B] });
    expect(await world.shipment(outTradeNo)).toMatchObject({ shippedAt });
  });
});

describe('an upload of which WeChat pushes the result before its answer', () => {
  it('keeps the parcels and the pushed state', async () => {
    const order = await started();
    const { outTradeNo } = order;
    world.beforeAnswer(UPLOAD, async () => {
      const seen = (await world.shipment(outTradeNo))!;
      const at = new Date(world.outside.now()).toISOString();
      const estimatedSettlementAt = '2026-12-11T00:00:00.000Z';
      await writeShipment(world.table, seen, advance(seen, { state: 'shipped', seenAt: at, estimatedSettlementAt }), 1);
    });
    expect((await world.ship({ outTradeNo, parcels: [A] })).shipping).toEqual(
      shipped([A], { estimatedSettlementAt: '2026-12-11T00:00:00.000Z' }),
    );
    expect(await world.shipment(outTradeNo)).not.toHaveProperty('isCorrected');
    expect(uploads(order)).toHaveLength(1);
  });
});

describe('an order that was shipped elsewhere', () => {
  it('gets the parcels of WeChat, and counts as shipped', async () => {
    const { outTradeNo, transactionId } = await started();
    await world.control('POST', '/_merchant/shipping', { outTradeNo, ...B });
    await world.variant('upload-shipping', 'already-shipped');
    expect((await world.ship({ outTradeNo, parcels: [A] })).shipping).toEqual(shipped([B]));
    expect(world.bodies(GET_ORDER, transactionId)).toHaveLength(1);
  });
});

describe('the contact of a parcel with SF', () => {
  const SF = { carrier: 'SF', trackingNo: 'SF100' };
  const contactsOf = (order: { transactionId: string }) =>
    uploads(order).map((body) => (body['shipping_list'] as { contact?: object }[]).map(({ contact }) => contact));

  it.each([
    ['the sender', { consignorPhone: '13812345678' }, { consignor_contact: '+86-138****5678' }],
    ['the receiver', { receiverPhone: '021-12345678' }, { receiver_contact: '021-****5678' }],
  ])('is the masked number of %s', async (_, phones, contact) => {
    const order = await started();
    await world.ship({ outTradeNo: order.outTradeNo, parcels: [{ ...SF, ...phones }] });
    expect(contactsOf(order)).toEqual([[contact]]);
    expect(JSON.stringify(await world.shipment(order.outTradeNo))).not.toContain('12345678');
    expect(world.lines.join('\n')).not.toContain('5678');
  });

  it('is the masked phone of the account by default', async () => {
    const order = await started();
    const { code } = (await world.phone.act(order.person, 'phone-code')) as { code: string };
    const { user } = await bindPhone(world.miniapp, { token: order.token, proof: { code } });
    await world.ship({ outTradeNo: order.outTradeNo, parcels: [SF] });
    const lastFour = user.phone!.slice(-4);
    expect(contactsOf(order)).toEqual([
      [{ receiver_contact: expect.stringMatching(`^\\+86-1\\d\\d\\*{4}${lastFour}$`) }],
    ]);
  });

  it('is missing without a phone: the error says what to add', async () => {
    const order = await started();
    await expect(world.ship({ outTradeNo: order.outTradeNo, parcels: [SF] })).rejects.toMatchObject({
      code: 'PARAM_ERROR',
      message: expect.stringContaining('SF needs consignorPhone or receiverPhone'),
    });
    expect(uploads(order)).toEqual([]);
  });

  it('leaves the item with the end of the shipment', async () => {
    const order = await started();
    const { outTradeNo } = order;
    await world.ship({ outTradeNo, parcels: [{ ...SF, consignorPhone: '13812345678' }] });
    const seen = (await world.shipment(outTradeNo))!;
    expect(seen.parcels).toEqual([{ ...SF, contact: { consignor: '+86-138****5678' } }]);
    await writeShipment(
      world.table,
      seen,
      advance(seen, { state: 'settled', seenAt: '2026-12-12T00:00:00.000Z' }),
      undefined,
    );
    expect((await world.shipment(outTradeNo))!.parcels).toEqual([SF]);
  });
});

describe('the carrier of a parcel', () => {
  it('must be in the list of WeChat: the error names similar codes', async () => {
    const order = await started();
    const parcels = [{ carrier: '顺丰', trackingNo: 'SF1' }];
    await expect(world.ship({ outTradeNo: order.outTradeNo, parcels })).rejects.toMatchObject({
      code: 'PARAM_ERROR',
      message: expect.stringContaining('SF (顺丰速运)'),
    });
    expect(uploads(order)).toEqual([]);
  });

  it('is checked with a list that all instances share for a day', async () => {
    const { outTradeNo } = await started();
    const before = world.bodies(CARRIERS).length;
    await world.wait(DAY_MS + MINUTE_MS);
    for (let instance = 0; instance < 3; instance += 1)
      await world.ship({ outTradeNo, parcels: [A] }, await world.load());
    expect(world.bodies(CARRIERS).length - before).toBe(1);
  });

  it('is not checked while WeChat never returned its list', async () => {
    await world.wait(40 * DAY_MS);
    await world.errcode(CARRIERS, 10060012, 100);
    const { outTradeNo } = await started();
    await expect(world.ship({ outTradeNo, parcels: [A] }, await world.load())).resolves.toMatchObject({
      shipping: { state: 'shipped' },
    });
  });
});

describe('shipOrder rejects', () => {
  const codeOf = (input: object, loaded?: Awaited<ReturnType<ShippingWorld['load']>>) =>
    world.ship(input, loaded).then(
      () => 'shipped',
      ({ code, message }: { code: string; message: string }) => `${code}: ${message}`,
    );

  it('an unknown order', async () => {
    expect(await codeOf({ outTradeNo: 'unknown', parcels: [A] })).toContain('NOT_FOUND');
  });

  it('an unpaid order', async () => {
    const { outTradeNo } = await world.paidOrder({ paid: false });
    expect(await codeOf({ outTradeNo, parcels: [A] })).toBe('ORDER_STATE_CONFLICT: Only a paid order can be shipped');
  });

  it('an order that was not paid in the mini-program', async () => {
    const { outTradeNo } = await world.coffee();
    const other = await world.load({ settings: { MINIAPP_APP_ID: ids.official.appId } });
    expect(await codeOf({ outTradeNo, parcels: [A] }, other)).toContain('not paid in the mini-program');
  });

  it('an order of a mini-program that is not under trade management', async () => {
    await world.wait(2 * DAY_MS);
    await world.setTrade({ managed: false });
    const { outTradeNo } = await world.coffee();
    expect(await codeOf({ outTradeNo, parcels: [A] })).toContain('not under trade management');
    await world.setTrade({ managed: true });
    await world.wait(2 * DAY_MS);
  });

  it('every order while ORDER_SHIPPING is off', async () => {
    const { outTradeNo } = await world.coffee();
    const off = await world.load({ settings: { ORDER_SHIPPING: 'off' } });
    expect(await codeOf({ outTradeNo, parcels: [A] }, off)).toContain('NOT_CONFIGURED: ORDER_SHIPPING is off');
  });

  it('an order that is refunded in full', async () => {
    const order = await started();
    await world.refund(order.outTradeNo, 1_800);
    expect(await codeOf({ outTradeNo: order.outTradeNo, parcels: [A] })).toContain('refunded in full');
    expect(uploads(order)).toEqual([]);
  });

  it('an order whose refund in full is under way', async () => {
    const order = await started();
    await world.refund(order.outTradeNo, 1_800, { ends: false });
    expect(await codeOf({ outTradeNo: order.outTradeNo, parcels: [A] })).toContain('under way');
    expect(uploads(order)).toEqual([]);
  });

  it('no order that is refunded in part', async () => {
    const { outTradeNo } = await started();
    await world.refund(outTradeNo, 800);
    expect(await codeOf({ outTradeNo, parcels: [A] })).toBe('shipped');
  });

  it('an upload that WeChat declines, and keeps nothing of it', async () => {
    const { outTradeNo } = await started();
    await world.errcode(UPLOAD, 10060009);
    expect(await codeOf({ outTradeNo, parcels: [A] })).toContain('PARAM_ERROR: description: at most 120');
    expect(await world.shipment(outTradeNo)).toMatchObject({ state: 'to-ship', parcels: [] });
    expect(await world.shipment(outTradeNo)).not.toHaveProperty('pending');
  });

  it('an order that WeChat does not accept any more, and adopts its state', async () => {
    const { outTradeNo, person } = await started();
    await world.control('POST', '/_merchant/shipping', { outTradeNo, ...B });
    await world.phone.act(person, 'receive', { outTradeNo });
    expect(await codeOf({ outTradeNo, parcels: [A] })).toContain('accepts no shipping information');
    expect(await world.shipment(outTradeNo)).toMatchObject({ state: 'settled', parcels: [B] });
  });
});
