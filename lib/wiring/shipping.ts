import { badSetting, settings, variable } from '../core/config.ts';
import { runtime, type Runtime } from '../core/runtime.ts';
import { carrierReader } from '../shipping/carriers.ts';
import type { FollowDeps } from '../shipping/follow-shipment.ts';
import type { ShipDeps } from '../shipping/ship-order.ts';
import type { StartDeps } from '../shipping/start-shipment.ts';
import { tradeManagedReader, type OrderShipping } from '../shipping/trade-managed.ts';
import type { UploadDeps } from '../shipping/upload-shipment.ts';
import { loadMiniapp } from './apps.ts';
import { patient } from './table.ts';

/**
 * Loads the dependencies of the consumer that starts shipments.
 * @returns undefined while ORDER_SHIPPING is off, and without a mini-program; no secret is read then
 * @throws NOT_CONFIGURED
 */
export async function loadShipmentStart(outside: Runtime = runtime): Promise<StartDeps | undefined> {
  return loadOrderShipping() === 'off' || !variable('MINIAPP_APP_ID') ? undefined : loadShippingSweep(outside);
}

/**
 * Loads the dependencies of the sweep of shipments.
 * @throws NOT_CONFIGURED
 */
export async function loadShippingSweep(outside: Runtime = runtime): Promise<FollowDeps> {
  const orderShipping = loadOrderShipping();
  const miniapp = patient(await loadMiniapp(outside));
  return { ...miniapp, orderShipping, readTradeManaged: tradeManagedReader(miniapp) };
}

/**
 * Loads the dependencies of an operator who ships orders.
 * @throws NOT_CONFIGURED
 */
export async function loadOrderShip(outside: Runtime = runtime): Promise<ShipDeps> {
  const orderShipping = loadOrderShipping();
  const miniapp = patient(await loadMiniapp(outside));
  const readers = { readTradeManaged: tradeManagedReader(miniapp), readCarriers: carrierReader(miniapp) };
  return { ...miniapp, orderShipping, ...readers };
}

/**
 * Loads the dependencies of an operator who notifies WeChat of deliveries.
 * @throws NOT_CONFIGURED
 */
export async function loadReceiptReminder(outside: Runtime = runtime): Promise<UploadDeps> {
  return patient(await loadMiniapp(outside));
}

function loadOrderShipping(): OrderShipping {
  const { ORDER_SHIPPING: value } = settings('ORDER_SHIPPING');
  if (value === 'auto' || value === 'on' || value === 'off') return value;
  throw badSetting('ORDER_SHIPPING', 'must be auto, on or off');
}
