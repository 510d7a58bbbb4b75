// The report that a carrier delivered an order, after which WeChat asks the buyer to confirm the receipt.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { crashesAfter } from '../support/crashes.ts';
import { createShippingWorld, REMIND, type ShippingWorld } from '../support/shipping-world.ts';
import { DAY_MS } from '../support/trade-controls.ts';

let world: ShippingWorld;
beforeAll(async () => {
  world = await createShippingWorld();
});
afterAll(() => world.close());
afterEach(() => world.calm());

const PARCEL = { carrier: 'YTO', trackingNo: 'YT-A' };
const reminders = ({ transactionId }: { transactionId: string }) => world.bodies(REMIND, transactionId);
/** An order that was shipped two days ago, and the time of its delivery. */
const shippedOrder = async (input: object = { parcels: [PARCEL] }) => {
  const order = await world.coffee();
  await world.wait(3_000);
  await world.ship({ outTradeNo: order.outTradeNo, ...input });
  await world.wait(2 * DAY_MS);
  return { ...order, receivedAt: new Date(world.outside.now() - 1_000).toISOString() };
};

describe('remindReceipt', () => {
  it('reports the time of the delivery to WeChat once', async () => {
    const order = await shippedOrder();
    const { outTradeNo, receivedAt } = order;
    const result = await world.remind({ outTradeNo, receivedAt });
    expect(result).toEqual({ outTradeNo, shipping: { state: 'shipped', delivery: 'express', parcels: [PARCEL] } });
    expect(await world.remind({ outTradeNo, receivedAt })).toEqual(result);
    expect(reminders(order)).toEqual([
      { transaction_id: order.transactionId, received_time: Math.floor(Date.parse(receivedAt) / 1_000) },
    ]);
  });

  it('is done after concurrent calls, a lost answer and a crash, although WeChat accepts one report', async () => {
    const [raced, lost, crashed] = [await shippedOrder(), await shippedOrder(), await shippedOrder()];
    const inputOf = ({ outTradeNo, receivedAt }: typeof raced) => ({ outTradeNo, receivedAt });
    await Promise.all([1, 2, 3].map(() => world.remind(inputOf(raced))));
    world.loseAnswer(REMIND);
    await expect(world.remind(inputOf(lost))).rejects.toMatchObject({ code: 'WECHAT_TIMEOUT' });
    await world.remind(inputOf(lost));
    expect(await crashesAfter(world.table, 0, () => world.remind(inputOf(crashed)))).toBe(true);
    await world.remind(inputOf(crashed));
    for (const { outTradeNo } of [raced, lost, crashed]) {
      expect(await world.shipment(outTradeNo)).toMatchObject({ deliveryNotifiedAt: expect.any(String) });
    }
  });

  it('sends nothing after the buyer confirmed the receipt', async () => {
    const order = await shippedOrder();
    const { outTradeNo, receivedAt } = order;
    await world.phone.act(order.person, 'receive', { outTradeNo });
    // A correction that WeChat does not accept any more adopts the state of the order.
    await world.ship({ outTradeNo, parcels: [{ ...PARCEL, trackingNo: 'YT-B' }] }).catch(() => undefined);
    expect((await world.remind({ outTradeNo, receivedAt })).shipping).toMatchObject({ state: 'settled' });
    expect(reminders(order)).toEqual([]);
  });
});

describe('remindReceipt rejects', () => {
  const errorOf = (input: object) =>
    world.remind(input).then(
      () => 'done',
      ({ code, message }: { code: string; message: string }) => `${code}: ${message}`,
    );
  const now = () => new Date(world.outside.now()).toISOString();

  it.each(['2026-12-01', '2026-12-01T09:30:00', '2026-99-99T09:30:00Z', 1_795_203_600])(
    'a time without a zone, or no time: %j',
    async (receivedAt) => {
      expect(await errorOf({ outTradeNo: 'x', receivedAt })).toContain('PARAM_ERROR: ');
    },
  );

  it('a delivery before the shipping, and one in the future', async () => {
    const order = await shippedOrder();
    const { outTradeNo } = order;
    const at = (ms: number) => new Date(world.outside.now() + ms).toISOString();
    expect(await errorOf({ outTradeNo, receivedAt: at(-3 * DAY_MS) })).toContain('after the shipping');
    expect(await errorOf({ outTradeNo, receivedAt: at(DAY_MS) })).toContain('future');
    expect(reminders(order)).toEqual([]);
  });

  it('an unknown order', async () => {
    expect(await errorOf({ outTradeNo: 'unknown', receivedAt: now() })).toContain('NOT_FOUND');
  });

  it('an order without a shipment, and an order that is shipped in part', async () => {
    const { outTradeNo } = await world.coffee();
    expect(await errorOf({ outTradeNo, receivedAt: now() })).toContain(
      'ORDER_STATE_CONFLICT: The order has no shipment',
    );
    await world.wait(3_000);
    await world.ship({ outTradeNo, parcels: [PARCEL], final: false });
    expect(await errorOf({ outTradeNo, receivedAt: now() })).toContain('not shipped as a whole');
  });

  it('an order without a carrier', async () => {
    const { outTradeNo, receivedAt } = await shippedOrder({ delivery: 'pickup' });
    expect(await errorOf({ outTradeNo, receivedAt })).toContain('Only an express order');
  });
});
