import { AppError } from '../core/errors.ts';
import type { DomainEvent } from '../events/schemas.ts';
import { isPaid } from '../store/order-states.ts';
import { readOrder } from '../store/orders.ts';
import { isPaidInMiniapp, openShipment } from './new-shipment.ts';
import { isRefundedInFull } from './refunds.ts';
import { isTradeManaged, type TradeDeps } from './trade-managed.ts';
import { isDecline, uploadPending, type UploadDeps } from './upload-shipment.ts';

export type StartDeps = UploadDeps & TradeDeps;

/** WeChat manages a payment some seconds after the buyer paid. The first upload waits for this time. */
const PAYMENT_APPEARS_MS = 3_000;
/**
 * Pauses before repetitions while WeChat does not have the payment yet. Later repetitions are left to the sweep, which runs
 * each minute: an order that WeChat has by then waits less than 90 seconds. An execution is paid for while it waits.
 */
const PAUSES_MS = [2_000, 4_000, 8_000];

/**
 * Starts the shipment of an order that was paid in the mini-program, if WeChat keeps its payment until it is shipped. A
 * virtual order is shipped at once. Idempotent: repeated and concurrent events create one shipment and send one upload.
 * Only the number of the order is taken from the event, because the ledger decides about money.
 * @throws Error when the ledger has no such order, or the order is not paid
 */
export async function startShipment(
  deps: StartDeps,
  { data: { outTradeNo } }: DomainEvent<'order.paid'>,
): Promise<void> {
  const order = await readOrder(deps.table, outTradeNo);
  if (!order) throw new Error(`Order ${outTradeNo} does not exist; an event of another source starts no shipment`);
  if (!isPaid(order)) {
    throw new Error(`Order ${outTradeNo} is ${order.state}, not paid; an event of another source starts no shipment`);
  }
  if (!isPaidInMiniapp(order, deps.app.appId) || isRefundedInFull(order) || !(await isTradeManaged(deps))) return;
  const shipment = await openShipment(deps, order);
  if (!shipment.pending) return;
  await deps.sleep(Math.max(0, Date.parse(order.paidAt) + PAYMENT_APPEARS_MS - deps.now()));
  try {
    await uploadPending(deps, order, shipment, PAUSES_MS);
  } catch (error) {
    // The sweep repeats an upload whose outcome is unknown, and reports an order that stays unshipped.
    if (!(error instanceof AppError)) throw error;
    deps.log[isDecline(error) ? 'error' : 'warn']('shipment.upload-failed', { outTradeNo, error });
  }
}
