import { AppError, isAppError } from '../core/errors.ts';
import { isDeclined, isUnknownOutcome } from '../wechat-pay/errors.ts';
import { markAccepted, releaseCreation, type MerchantTradeType, type Order, type PayApiName } from '../store/orders.ts';
import type { CreateApi } from '../wechat-pay/pay-api.ts';
import { checkOrder, closeAtWechat, type CheckDeps } from './check-order.ts';
import { statesBefore } from './order.ts';
import { settleClosed } from './settle.ts';

/**
 * How long a stored payment handle is returned to clients: its life at WeChat Pay minus the time that a buyer needs to
 * pay.
 */
const PAYMENT_HANDLE_LIFE_MS: Record<MerchantTradeType, number> = {
  JSAPI: 115 * 60_000,
  NATIVE: 115 * 60_000,
  H5: 4 * 60_000,
};

export type CreateDeps = CheckDeps & {
  /** Returns the calls that create orders. A client creates an order of virtual payment. @throws INTERNAL for `virtual` */
  createApi(name: PayApiName): Promise<CreateApi>;
};

/**
 * Creates the order at WeChat and stores its payment handle.
 * @throws ORDER_STATE_CONFLICT when the order was closed during the creation; the errors of the calls
 */
export async function createAtWechat(deps: CreateDeps, order: Order): Promise<Order> {
  const { outTradeNo, tradeType } = order;
  const paymentHandle = await requestPaymentHandle(deps, order);
  const paymentHandleExpiresAtMs = deps.now() + PAYMENT_HANDLE_LIFE_MS[tradeType as MerchantTradeType];
  const accepted = { outTradeNo, paymentHandle, paymentHandleExpiresAtMs, from: statesBefore('accepted') };
  const stored = await markAccepted(deps.table, accepted);
  if (stored.done) return stored.written;
  // The notification of a payment can arrive before the response to the creation of its order.
  const current = stored.rejecting!;
  if (current.state !== 'CLOSED') return { ...current, paymentHandle };
  // The order was closed while WeChat was creating it.
  await closeAtWechat(deps, order);
  throw new AppError('ORDER_STATE_CONFLICT', 'The order was closed during its creation; place a new order', {
    detail: { outTradeNo, state: current.state },
  });
}

/**
 * Creates the order at WeChat and returns the payment handle. A declined order is closed if a query finds no such order.
 * After the error of a setting or an unknown outcome the order stays open, and a later query finds the outcome.
 */
async function requestPaymentHandle(deps: CreateDeps, order: Order): Promise<string> {
  const { outTradeNo } = order;
  try {
    return await (await deps.createApi(order.api)).create(order);
  } catch (error) {
    deps.log.error('order.creation-failed', { outTradeNo, error });
    if (isDeclined(error) || isAppError(error, 'ORDER_STATE_CONFLICT')) await resolveDecline(deps, order, error);
    const current = await releaseCreation(deps.table, outTradeNo);
    // The order was closed during a creation whose outcome is unknown, so WeChat may have the order now.
    if (current.state === 'CLOSED' && isUnknownOutcome(error)) {
      await closeAtWechat(deps, order).catch((cause: unknown) =>
        deps.log.warn('order.close-failed', { outTradeNo, error: cause }),
      );
    }
    throw error;
  }
}

/**
 * Queries an order after WeChat declined its creation. The order may be paid, closed or open at WeChat: an earlier
 * creation may have succeeded, and an unsigned answer proves nothing. Only an order that WeChat does not have is closed,
 * and only after an error that a repeat would get too.
 */
async function resolveDecline(deps: CheckDeps, order: Order, error: unknown): Promise<void> {
  const { outTradeNo } = order;
  try {
    await checkOrder(deps, order);
  } catch (cause) {
    // An order that WeChat accepted before stays open, because the buyer may have the earlier payment handle.
    if (isAppError(cause, 'NOT_FOUND') && isDeclined(error))
      await settleClosed(deps, outTradeNo, { from: ['CREATED'] });
    else deps.log.warn('order.query-failed', { outTradeNo, error: cause });
  }
}
