// The programs of order shipping, of complaints, and of the catalogue.
import assert from 'node:assert/strict';
import { once } from '../../lib/core/once.ts';
import { runtime } from '../../lib/core/runtime.ts';
import type { DomainEvent } from '../../lib/events/schemas.ts';
import { followShipment } from '../../lib/shipping/follow-shipment.ts';
import { startShipment } from '../../lib/shipping/start-shipment.ts';
import { sweepShipments } from '../../lib/shipping/sweep-shipments.ts';
import { dueFollowUpPages } from '../../lib/store/follow-ups.ts';
import { readShipment, writeShipment } from '../../lib/store/shipments.ts';
import { loadCatalog } from '../../lib/wiring/pay.ts';
import { loadShipmentStart, loadShippingSweep } from '../../lib/wiring/shipping.ts';
import { actorsOf } from './actors.ts';
import type { FlowName } from './budgets.ts';
import type { Prepare } from './flows.ts';
import type { World } from './world.ts';

/** An item without a parcel. It is no virtual good, so the mini-program sells it by an ordinary payment. */
const TICKET = { sku: 'ticket' };
/** Without the pauses that wait until WeChat has a new payment: the simulator has it at once. */
const loadConsumer = once(async () => (await loadShipmentStart({ ...runtime, sleep: async () => undefined }))!);
const loadSweep = once(() => loadShippingSweep());

export function tradeFlows(world: World) {
  const { functions, phone } = world;
  const { loggedIn, order, pay, listOrders } = actorsOf(world);
  const paid = async (buyer: Awaited<ReturnType<typeof loggedIn>>, purchase?: object) => {
    const { outTradeNo, prepayId } = await order(buyer.token, purchase);
    await pay(buyer.person, prepayId);
    return outTradeNo;
  };
  const start = async (outTradeNo: string) => startShipment(await loadConsumer(), orderPaid(outTradeNo));
  /** Ships an order by express. The push about it is lost, because it arrives after the answer. */
  const ship = async (outTradeNo: string) => {
    const parcels = [{ carrier: 'STO', trackingNo: `77${Date.now()}` }];
    return functions.orderShip({ outTradeNo, parcels });
  };
  const shipped = async () => {
    const buyer = await loggedIn();
    const outTradeNo = await paid(buyer);
    await start(outTradeNo);
    await phone.losePush();
    await ship(outTradeNo);
    return { ...buyer, outTradeNo };
  };
  return {
    'catalogue, cold': async () => {
      const read = await loadCatalog();
      return async () => assert.equal((await read()).items.length, 3);
    },
    'shipment of a virtual order': async () => {
      const outTradeNo = await paid(await loggedIn(), TICKET);
      await phone.losePush();
      return async () => {
        await start(outTradeNo);
        assert.equal((await phone.orderOf(outTradeNo)).shipping?.delivery, 'virtual');
      };
    },
    'shipment of goods': async () => {
      const outTradeNo = await paid(await loggedIn());
      return () => start(outTradeNo);
    },
    'order-ship, express': async () => {
      const outTradeNo = await paid(await loggedIn());
      await start(outTradeNo);
      await phone.losePush();
      return async () => assert.equal((await ship(outTradeNo)).shipping?.state, 'shipped');
    },
    'settlement push': async () => {
      const { person, outTradeNo } = await shipped();
      return async () => assert.equal((await phone.receive(person, outTradeNo)).body, 'success');
    },
    'shipping sweep, one look': async () => {
      const outTradeNo = await paid(await loggedIn());
      await start(outTradeNo);
      const followUp = await makeDue(outTradeNo);
      return async () => assert.equal(await followShipment(await loadSweep(), followUp), true);
    },
    'shipping sweep, idle': async () => {
      const deps = await loadSweep();
      return async () => assert.deepEqual(await sweepShipments(deps), { visited: 0, failed: 0, more: false });
    },
    'list of three shipped orders': async () => {
      const buyer = await loggedIn();
      for (let index = 0; index < 3; index += 1) {
        const outTradeNo = await paid(buyer, TICKET);
        await phone.losePush();
        await start(outTradeNo);
      }
      const states = ['shipped', 'shipped', 'shipped'];
      return async () => assert.deepEqual(await listOrders(buyer.token), states);
    },
    ...complaintFlows(world, async () => {
      const buyer = await loggedIn();
      return { ...buyer, outTradeNo: await paid(buyer) };
    }),
  } satisfies Partial<Record<FlowName, Prepare>>;
}

function complaintFlows(
  { functions, phone }: World,
  buy: () => Promise<{ person: Parameters<World['phone']['complain']>[0]; outTradeNo: string }>,
) {
  return {
    'complaint notification': async () => {
      const { person, outTradeNo } = await buy();
      return async () => assert.equal((await phone.complain(person, outTradeNo)).notify.status, 204);
    },
    'complaints, show': async () => {
      const { person, outTradeNo } = await buy();
      const { complaintId } = await phone.complain(person, outTradeNo);
      return async () => assert.ok(await functions.complaints({ action: 'show', complaintId }));
    },
  };
}

/** Returns the event of a payment. The consumer takes only the number from it. */
function orderPaid(outTradeNo: string): DomainEvent<'order.paid'> {
  return {
    name: 'order.paid',
    id: `order.paid:${outTradeNo}`,
    at: '',
    data: { outTradeNo },
  } as DomainEvent<'order.paid'>;
}

/** Makes a shipment due, and returns its follow-up. */
async function makeDue(outTradeNo: string) {
  const { table, now } = await loadSweep();
  const shipment = await readShipment(table, outTradeNo, 'strong');
  await writeShipment(table, shipment, shipment!, now() - 1_000);
  for await (const page of dueFollowUpPages(table, { kind: 'shipment', nowMs: now() })) {
    const found = page.find(({ no }) => no === outTradeNo);
    if (found) return found;
  }
  throw new Error(`the shipment of ${outTradeNo} is not due`);
}
