import { vi } from 'vitest';
import { loginMiniapp } from '../../lib/identity/login-miniapp.ts';
import { putCatalog } from '../../lib/pay/catalog.ts';
import { prepay } from '../../lib/pay/prepay.ts';
import type { JsapiPayment } from '../../lib/wechat-pay/pay-api.ts';
import { startShipment } from '../../lib/shipping/start-shipment.ts';
import { isPaid } from '../../lib/store/order-states.ts';
import { readOrder } from '../../lib/store/orders.ts';
import { loadComplaints, loadComplaintSweep } from '../../lib/wiring/complaints.ts';
import { loadOrderShip, loadReceiptReminder, loadShipmentStart, loadShippingSweep } from '../../lib/wiring/shipping.ts';
import { recordConsole } from './console.ts';
import { tryControl } from './control.ts';
import { serveFunctionUrl, type Handler } from './function-url.ts';
import type { MerchantOrder } from './trade-controls.ts';
import { createWorld, ids, type Person } from './world.ts';

/** The skus of the shop, one for each delivery. All cost 18 yuan. */
export const SKUS = ['coffee', 'cake', 'tasting', 'voucher'] as const;
export const AMOUNT = 1_800;
const DELIVERIES = { coffee: 'express', cake: 'same-city', tasting: 'pickup', voucher: 'virtual' };

interface MerchantComplaint {
  complaintId: string;
  outTradeNo: string;
  state: string;
}

export type ShopWorld = Awaited<ReturnType<typeof createShopWorld>>;

/**
 * Creates a mini-program shop: the simulator calls the webhooks of payments and of the mini-program over HTTP, and the flows
 * share its clock, which only moves forward.
 */
export async function createShopWorld() {
  vi.useFakeTimers({ toFake: ['Date'] });
  const handlers: Record<'pay' | 'miniapp', Handler | undefined> = { pay: undefined, miniapp: undefined };
  const outage = { active: false };
  const serve = (name: keyof typeof handlers) =>
    serveFunctionUrl(() => async (event, context) => {
      if (outage.active) return { statusCode: 503 };
      return handlers[name]!(event, context);
    });
  const [pay, miniapp] = await Promise.all([serve('pay'), serve('miniapp')]);
  const world = await createWorld({ notifyUrls: { v3: pay.url, v2: pay.url } });
  Object.assign(process.env, world.settings);
  recordConsole(world.lines);
  vi.resetModules();
  handlers.pay = (await import('../../functions/pay-notify.ts')).handler as unknown as Handler;
  handlers.miniapp = (await import('../../functions/miniapp-events.ts')).handler as unknown as Handler;
  const sleep = async (ms: number) => void vi.setSystemTime(Date.now() + ms);
  const outside = { ...world.outside, now: Date.now, sleep };
  const deps = {
    pay: await world.payWith({ sleep }),
    start: (await loadShipmentStart(outside))!,
    ship: await loadOrderShip(outside),
    sweep: await loadShippingSweep(outside),
    remind: await loadReceiptReminder(outside),
    complaints: await loadComplaints(outside),
    complaintSweep: await loadComplaintSweep(outside),
  };
  const items = SKUS.map((sku) => ({
    sku,
    description: `A ${sku}`,
    kind: 'goods',
    unitFen: AMOUNT,
    delivery: DELIVERIES[sku],
  }));
  await putCatalog(world.base, { items });

  const control = (method: string, path: string, body?: object) => tryControl(world.simulator, method, path, body);
  const { token, aesKey } = ids.miniapp;
  await control('POST', '/_miniapp', { mode: 'secure', token, aesKey, callbackUrl: miniapp.url });

  return {
    ...world,
    deps,
    outage,
    control,
    act: ({ id }: Person, action: string, body: object) => control('POST', `/_phone/users/${id}/${action}`, body),
    calm: async () => {
      outage.active = false;
      await control('DELETE', '/_faults');
    },
    /** Moves the clock, and delivers every push and notification that is due. */
    advance: async (ms: number) => {
      vi.setSystemTime(Date.now() + ms);
      await world.simulator.advanceClock(0);
    },
    merchantOrders: async (): Promise<Map<string, MerchantOrder>> => {
      const orders = (await control('GET', '/_merchant/orders')) as MerchantOrder[];
      return new Map(orders.map((order) => [order.outTradeNo, order]));
    },
    complaints: async () => (await control('GET', '/_merchant/complaints')) as MerchantComplaint[],
    /** Places and pays an order of a new buyer. @returns undefined if WeChat did not accept the order */
    buy: async (sku: (typeof SKUS)[number]) => {
      const person = await world.phone.newPerson();
      const { token: session } = await loginMiniapp(
        { ...world.miniapp, now: Date.now },
        await world.phone.loginCode(person),
      );
      const request = { token: session, sku, tradeType: 'JSAPI' as const, address: '203.0.113.7' };
      const { order, payment } = await prepay(deps.pay, request);
      await control('POST', `/_phone/users/${person.id}/pay`, { prepayId: (payment as JsapiPayment).package });
      return { person, outTradeNo: order.outTradeNo };
    },
    /** Delivers the event of a paid order, like EventBridge. @returns whether the order was paid */
    deliverPaid: async (outTradeNo: string): Promise<boolean> => {
      const order = await readOrder(world.table, outTradeNo);
      if (!order || !isPaid(order)) return false;
      await startShipment(deps.start, { data: { outTradeNo } } as Parameters<typeof startShipment>[1]);
      return true;
    },
    close: async () => {
      vi.useRealTimers();
      await world.simulator.close();
      await Promise.all([pay.close(), miniapp.close()]);
    },
  };
}
