// A shop under trade management: the simulator holds its money, and pushes what happens to its orders.
import { vi } from 'vitest';
import { eventsOf } from '../../lib/events/from-record.ts';
import type { DomainEvent } from '../../lib/events/schemas.ts';
import { readOrder } from '../../lib/store/orders.ts';
import { keys } from '../../lib/store/keys.ts';
import { deleteShipment, readShipment, type Shipment } from '../../lib/store/shipments.ts';
import { shipOrder } from '../../lib/shipping/ship-order.ts';
import { startShipment } from '../../lib/shipping/start-shipment.ts';
import { sweepShipments } from '../../lib/shipping/sweep-shipments.ts';
import { loadOrderShip, loadShipmentStart, loadShippingSweep } from '../../lib/wiring/shipping.ts';
import { createBuyers } from './buyers.ts';
import { dueNumbers } from './follow-ups.ts';
import { recordOf } from './stream-records.ts';
import { DAY_MS, tradeControls } from './trade-controls.ts';
import { createWebhookWorld } from './webhooks.ts';
import { REFUND_SETTLES_MS } from './world.ts';

export const PARCEL = { carrier: 'STO', trackingNo: '773012345678901' };

export type TradeWorld = Awaited<ReturnType<typeof createTradeWorld>>;

/** Creates a world in which the flows, the webhooks and the simulator share one clock, which only moves forward. */
export async function createTradeWorld(settings: Record<string, string> = {}) {
  vi.useFakeTimers({ toFake: ['Date'] });
  const world = await createWebhookWorld('miniapp-events', settings);
  const wait = async (ms: number) => {
    vi.setSystemTime(Date.now() + ms);
    await world.simulator.advanceClock(0);
  };
  const controls = tradeControls(world, wait);
  const { control } = controls;
  await control('POST', '/_miniapp', { callbackUrl: world.address.url });
  const outside = { ...world.outside, sleep: wait };
  /** Loads the dependencies like cold instances. */
  const load = async () => {
    Object.assign(process.env, world.settings, settings);
    return {
      start: (await loadShipmentStart(outside))!,
      ship: await loadOrderShip(outside),
      sweep: await loadShippingSweep(outside),
    };
  };
  const deps = await load();
  const buyers = await createBuyers(world);
  const shipmentOf = ({ outTradeNo }: { outTradeNo: string }) => readShipment(world.table, outTradeNo, 'strong');

  return {
    ...world,
    ...controls,
    deps,
    load,
    wait,
    shipmentOf,
    /** Pays an order in the mini-program. */
    paidOrder: buyers.paidOrder,
    /** Delivers the event of a payment to the consumer that starts shipments. */
    start: async ({ outTradeNo }: { outTradeNo: string }) =>
      startShipment(deps.start, { name: 'order.paid', id: `order.paid:${outTradeNo}`, data: { outTradeNo } } as never),
    ship: ({ outTradeNo }: { outTradeNo: string }, more: object = { parcels: [PARCEL] }) =>
      shipOrder(deps.ship, { outTradeNo, ...more }),
    /** Ships an order in WeChat's console, which shows the payment after two seconds. */
    shipByHand: async ({ outTradeNo }: { outTradeNo: string }, more: object = {}) => {
      await wait(2_000);
      await control('POST', '/_merchant/shipping', { outTradeNo, ...PARCEL, ...more });
    },
    refund: ({ outTradeNo }: { outTradeNo: string }, amountFen: number, options?: { ends: boolean }) =>
      controls.refund(outTradeNo, amountFen, options),
    /** Refunds in the merchant platform. */
    refundByHand: async ({ outTradeNo }: { outTradeNo: string }, amountFen: number) => {
      await control('POST', '/_merchant/refunds', { outTradeNo, amountFen });
      await wait(REFUND_SETTLES_MS + 1_000);
    },
    /** Ends the faults, and removes the shipments of earlier tests, after their reminders. */
    clear: async () => {
      await control('DELETE', '/_faults');
      await control('POST', '/_merchant/trade', { managed: true });
      await wait(3 * DAY_MS);
      for (const outTradeNo of await dueNumbers(world.table, 'shipment', Date.now() + 100 * DAY_MS)) {
        await deleteShipment(world.table, (await shipmentOf({ outTradeNo }))!);
      }
    },
    sweep: () => sweepShipments(deps.sweep),
    orderState: async ({ outTradeNo }: { outTradeNo: string }) => (await readOrder(world.table, outTradeNo))!.state,
    merchantOrder: ({ outTradeNo }: { outTradeNo: string }) => controls.merchantOrder(outTradeNo),
    /** Returns the events of the change of a shipment. */
    eventsBetween: (before: Shipment, after: Shipment): DomainEvent['name'][] =>
      eventsOf(recordOf(keys.shipment(after.outTradeNo), before, after)).map(({ name }) => name),
    close: async () => {
      vi.useRealTimers();
      await world.close();
    },
  };
}
