// Order shipping with the production wiring, against the simulator. Answers of WeChat can be lost on their way.
import { AppError } from '../../lib/core/errors.ts';
import type { OutboundRequest } from '../../lib/core/outbound.ts';
import { runtime, type Runtime } from '../../lib/core/runtime.ts';
import type { DomainEvent } from '../../lib/events/schemas.ts';
import { isPaidInMiniapp, type MiniappOrder } from '../../lib/shipping/new-shipment.ts';
import { remindReceipt } from '../../lib/shipping/remind-receipt.ts';
import { shipOrder } from '../../lib/shipping/ship-order.ts';
import { startShipment } from '../../lib/shipping/start-shipment.ts';
import { uploadPending } from '../../lib/shipping/upload-shipment.ts';
import { readOrder } from '../../lib/store/orders.ts';
import { readShipment } from '../../lib/store/shipments.ts';
import { loadOrderShip, loadReceiptReminder, loadShipmentStart } from '../../lib/wiring/shipping.ts';
import { createBuyers } from './buyers.ts';
import { control } from './control.ts';
import { tradeControls, UPLOAD } from './trade-controls.ts';
import { createWorld, ids, type Settings, type WorldOptions } from './world.ts';

export const IS_MANAGED = '/wxa/sec/order/is_trade_managed';
export const CARRIERS = '/cgi-bin/express/delivery/open_msg/get_delivery_list';
export const REMIND = '/wxa/sec/order/notify_confirm_receive';

/** Three parcels. */
export const [A, B, C] = ['A', 'B', 'C'].map((letter) => ({ carrier: 'YTO', trackingNo: `YT-${letter}` })) as [
  { carrier: string; trackingNo: string },
  { carrier: string; trackingNo: string },
  { carrier: string; trackingNo: string },
];

/** The view of an order that was shipped with these parcels. */
export const shippedView = (parcels: object[], more = {}) => ({
  state: 'shipped',
  delivery: 'express',
  parcels,
  ...more,
});

export type ShippingWorld = Awaited<ReturnType<typeof createShippingWorld>>;

export async function createShippingWorld(options: WorldOptions = {}) {
  const world = await createWorld(options);
  const buyers = await createBuyers(world);
  const sent: { path: string; body: Record<string, unknown> }[] = [];
  const disturbances: {
    path: string;
    disturb: (send: () => ReturnType<Runtime['send']>) => ReturnType<Runtime['send']>;
  }[] = [];

  const send = async (request: OutboundRequest) => {
    const path = request.url.pathname;
    if (request.method === 'POST') sent.push({ path, body: JSON.parse(String(request.body ?? '{}')) });
    const index = disturbances.findIndex((planned) => planned.path === path);
    const [planned] = index < 0 ? [] : disturbances.splice(index, 1);
    return planned ? planned.disturb(() => runtime.send(request)) : runtime.send(request);
  };
  /** Moves the clocks of the service and of WeChat. */
  const wait = async (ms: number) => {
    const advanceMs = Math.ceil(ms);
    world.clock.offsetMs += advanceMs;
    await control(world.simulator, 'POST', '/_clock', { advanceMs });
  };
  const controls = tradeControls(world, wait);
  /** Loads the dependencies like a cold instance. A pause moves the clocks, unless `sleep` replaces it. */
  const load = async ({ settings = {}, ...change }: Partial<Runtime> & { settings?: Settings } = {}) => {
    const outside = { ...world.outside, send, sleep: wait, ...change };
    Object.assign(process.env, world.settings, { ORDER_SHIPPING: 'auto' }, settings);
    // The loaders read the settings before their first pause.
    const loading = [loadShipmentStart(outside), loadOrderShip(outside), loadReceiptReminder(outside)] as const;
    const [start, ship, remind] = await Promise.all(loading);
    return { start, ship, remind };
  };
  const deps = await load();

  const start = (outTradeNo: string, loaded = deps) => startShipment(loaded.start!, paidEvent(outTradeNo));
  const bodies = (path: string, transactionId = '') =>
    sent
      .filter((call) => call.path === path && JSON.stringify(call.body).includes(transactionId))
      .map(({ body }) => body);
  const order = async (outTradeNo: string) => (await readOrder(world.table, outTradeNo))!;
  /** Returns the event of a payment. Only the number counts. */
  const paidEvent = (outTradeNo: string) =>
    ({ name: 'order.paid', id: `order.paid:${outTradeNo}`, at: '', data: { outTradeNo } }) as DomainEvent<'order.paid'>;

  return {
    ...world,
    ...buyers,
    ...controls,
    sent,
    load,
    deps,
    wait,
    order,
    /** A paid order of goods (express), or of a top-up (virtual). */
    coffee: () => buyers.paidOrder(),
    /** A paid order of goods with its shipment, which uploads can find at WeChat. */
    started: async () => {
      const paid = await buyers.paidOrder();
      await start(paid.outTradeNo);
      await wait(3_000);
      return paid;
    },
    topUp: () => buyers.paidOrder({ sku: 'top-up', amountFen: 500 }),
    start,
    ship: (input: object, loaded = deps) => shipOrder(loaded.ship, input),
    remind: (input: object, loaded = deps) => remindReceipt(loaded.remind, input),
    /** Sends a pending upload as the sweep does. */
    resend: async (outTradeNo: string, loaded = deps) => {
      const [paid, shipment] = [await order(outTradeNo), await readShipment(world.table, outTradeNo, 'strong')];
      if (!isPaidInMiniapp(paid, ids.miniapp.appId)) throw new Error('not paid in the mini-program');
      return uploadPending(loaded.ship, paid satisfies MiniappOrder, shipment!);
    },
    shipment: (outTradeNo: string) => readShipment(world.table, outTradeNo, 'strong'),
    /** The bodies of the calls with this path, about this payment if given. */
    bodies,
    uploads: ({ transactionId }: { transactionId: string }) => bodies(UPLOAD, transactionId),
    /** The shipping of an order as WeChat has it. */
    wechatShipping: async (outTradeNo: string) => (await controls.merchantOrder(outTradeNo)).shipping,
    /** Ends the faults, and resets the switches. */
    reset: async () => {
      await controls.calm();
      await controls.setTrade({ managed: true, knownAfterMs: 2_000 });
    },
    /** Loses the answer of the next call: the call takes effect. */
    loseAnswer: (path: string) =>
      disturbances.push({
        path,
        disturb: async (forward) => {
          await forward();
          throw new AppError('WECHAT_TIMEOUT', 'WeChat did not answer in time');
        },
      }),
    /** Runs `meanwhile` after WeChat took the next call and before its answer arrives. */
    beforeAnswer: (path: string, meanwhile: () => Promise<unknown>) =>
      disturbances.push({
        path,
        disturb: async (forward) => {
          const answer = await forward();
          await meanwhile();
          return answer;
        },
      }),
    close: () => world.simulator.close(),
  };
}
