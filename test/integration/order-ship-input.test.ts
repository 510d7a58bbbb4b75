// What an operator must enter to ship an order: contacts, carriers, and orders that cannot be shipped.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bindPhone } from '../../lib/identity/bind-phone.ts';
import { advance } from '../../lib/shipping/progress.ts';
import { writeShipment } from '../../lib/store/shipments.ts';
import { A, B, CARRIERS, createShippingWorld, type ShippingWorld } from '../support/shipping-world.ts';
import { DAY_MS, MINUTE_MS, UPLOAD } from '../support/trade-controls.ts';
import { ids } from '../support/world.ts';

let world: ShippingWorld;
beforeAll(async () => {
  world = await createShippingWorld();
});
afterAll(() => world.close());
afterEach(() => world.reset());

describe('the contact of a parcel with SF', () => {
  const SF = { carrier: 'SF', trackingNo: 'SF100' };
  const contactsOf = (order: { transactionId: string }) =>
    world.uploads(order).map((body) => (body['shipping_list'] as { contact?: object }[]).map(({ contact }) => contact));

  it.each([
    ['the sender', { consignorPhone: '13812345678' }, { consignor_contact: '+86-138****5678' }],
    ['the receiver', { receiverPhone: '021-12345678' }, { receiver_contact: '021-****5678' }],
  ])('is the masked number of %s', async (_, phones, contact) => {
    const order = await world.started();
    await world.ship({ outTradeNo: order.outTradeNo, parcels: [{ ...SF, ...phones }] });
    expect(contactsOf(order)).toEqual([[contact]]);
    expect(JSON.stringify(await world.shipment(order.outTradeNo))).not.toContain('12345678');
    expect(world.lines.join('\n')).not.toContain('5678');
  });

  it('is the masked phone of the account by default', async () => {
    const order = await world.started();
    const { code } = (await world.phone.act(order.person, 'phone-code')) as { code: string };
    const { user } = await bindPhone(world.miniapp, { token: order.token, proof: { code } });
    await world.ship({ outTradeNo: order.outTradeNo, parcels: [SF] });
    const lastFour = user.phone!.slice(-4);
    expect(contactsOf(order)).toEqual([
      [{ receiver_contact: expect.stringMatching(`^\\+86-1\\d\\d\\*{4}${lastFour}$`) }],
    ]);
  });

  it('is required if the account has no phone, with an error that names the fields', async () => {
    const order = await world.started();
    await expect(world.ship({ outTradeNo: order.outTradeNo, parcels: [SF] })).rejects.toMatchObject({
      code: 'PARAM_ERROR',
      message: expect.stringContaining('SF needs consignorPhone or receiverPhone'),
    });
    expect(world.uploads(order)).toEqual([]);
  });

  it('leaves the item with the end of the shipment', async () => {
    const order = await world.started();
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
    const order = await world.started();
    const parcels = [{ carrier: '顺丰', trackingNo: 'SF1' }];
    await expect(world.ship({ outTradeNo: order.outTradeNo, parcels })).rejects.toMatchObject({
      code: 'PARAM_ERROR',
      message: expect.stringContaining('SF (顺丰速运)'),
    });
    expect(world.uploads(order)).toEqual([]);
  });

  it('is checked with a list that all instances share for a day', async () => {
    const { outTradeNo } = await world.started();
    const before = world.bodies(CARRIERS).length;
    await world.wait(DAY_MS + MINUTE_MS);
    for (let instance = 0; instance < 3; instance += 1)
      await world.ship({ outTradeNo, parcels: [A] }, await world.load());
    expect(world.bodies(CARRIERS).length - before).toBe(1);
  });

  it('is not checked while WeChat never returned its list', async () => {
    await world.wait(40 * DAY_MS);
    await world.errcode(CARRIERS, 10060012, 100);
    const { outTradeNo } = await world.started();
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
    const order = await world.started();
    await world.refund(order.outTradeNo, 1_800);
    expect(await codeOf({ outTradeNo: order.outTradeNo, parcels: [A] })).toContain('refunded in full');
    expect(world.uploads(order)).toEqual([]);
  });

  it('an order whose refund in full is under way', async () => {
    const order = await world.started();
    await world.refund(order.outTradeNo, 1_800, { ends: false });
    expect(await codeOf({ outTradeNo: order.outTradeNo, parcels: [A] })).toContain('under way');
    expect(world.uploads(order)).toEqual([]);
  });

  it('no order that is refunded in part', async () => {
    const { outTradeNo } = await world.started();
    await world.refund(outTradeNo, 800);
    expect(await codeOf({ outTradeNo, parcels: [A] })).toBe('shipped');
  });

  it('an upload that WeChat declines, and keeps nothing of it', async () => {
    const { outTradeNo } = await world.started();
    await world.errcode(UPLOAD, 10060009);
    expect(await codeOf({ outTradeNo, parcels: [A] })).toContain('PARAM_ERROR: description: at most 120');
    expect(await world.shipment(outTradeNo)).toMatchObject({ state: 'to-ship', parcels: [] });
    expect(await world.shipment(outTradeNo)).not.toHaveProperty('pending');
  });

  it('an order that WeChat does not accept any more, and adopts its state', async () => {
    const { outTradeNo, person } = await world.started();
    await world.control('POST', '/_merchant/shipping', { outTradeNo, ...B });
    await world.phone.act(person, 'receive', { outTradeNo });
    expect(await codeOf({ outTradeNo, parcels: [A] })).toContain('accepts no shipping information');
    expect(await world.shipment(outTradeNo)).toMatchObject({ state: 'settled', parcels: [B] });
  });
});
