import * as v from 'valibot';
import { AppError } from '../core/errors.ts';
import { orderNumber } from '../core/number-schemas.ts';
import { retryOnConflict, VERSION_CONFLICT } from '../core/optimistic-locking.ts';
import { readOrder } from '../store/orders.ts';
import { readShipment, writeShipment, type Shipment } from '../store/shipments.ts';
import { notifyReceipt } from '../wechat/receipt.ts';
import { nextLookAtMs } from './progress.ts';
import type { ShippedOrder } from './ship-order.ts';
import { shippingView } from './shipping-view.ts';
import type { UploadDeps } from './upload-shipment.ts';

const request = v.strictObject({
  outTradeNo: orderNumber,
  receivedAt: v.pipe(
    v.string(),
    v.regex(/^\d{4}-\d\d-\d\dT[\d:.]+(Z|[+-]\d\d:\d\d)$/, 'must be a time such as 2026-12-01T09:30:00+08:00'),
    v.check((text) => !Number.isNaN(Date.parse(text)), 'is no time'),
  ),
});

/**
 * Notifies WeChat that the carrier delivered an express order, so that WeChat asks the buyer to confirm the receipt. WeChat
 * accepts one notice per order. A repeated request, and a request after the receipt, have no effect.
 * @throws PARAM_ERROR for a malformed input, and for a time before the shipping or in the future
 * @throws NOT_FOUND when no order has this number; ORDER_STATE_CONFLICT when it is no shipped express order
 * @throws RATE_LIMITED, WECHAT_CONFIG, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/order_shipping/
 */
export async function remindReceipt(deps: UploadDeps, input: unknown): Promise<ShippedOrder> {
  const parsed = v.safeParse(request, input);
  if (!parsed.success) throw new AppError('PARAM_ERROR', v.summarize(parsed.issues));
  const { outTradeNo, receivedAt } = parsed.output;
  const [order, shipment] = await Promise.all([
    readOrder(deps.table, outTradeNo),
    readShipment(deps.table, outTradeNo, 'strong'),
  ]);
  if (!order) throw new AppError('NOT_FOUND', `No order has the number ${outTradeNo}`);
  if (!shipment || order.transactionId === undefined) throw conflict('The order has no shipment; ship it first');
  const view = { outTradeNo, shipping: shippingView(shipment) };
  if (isReminded(shipment)) return view;
  assertDelivered(shipment, Date.parse(receivedAt), deps.now());
  const { accessToken, app } = deps;
  const notice = { app, transactionId: order.transactionId, receivedAtMs: Date.parse(receivedAt) };
  await accessToken.withToken((token) => notifyReceipt(deps, { ...notice, accessToken: token }));
  await storeNotice(deps, outTradeNo);
  deps.log.info('shipment.receipt-reminded', { outTradeNo });
  return view;
}

function isReminded({ state, deliveryNotifiedAt }: Shipment): boolean {
  return deliveryNotifiedAt !== undefined || state === 'received' || state === 'settled';
}

function assertDelivered({ state, delivery, refundedAt, shippedAt }: Shipment, receivedAtMs: number, nowMs: number) {
  if (refundedAt !== undefined) throw conflict('The order is refunded in full');
  if (state === 'to-ship' || shippedAt === undefined) throw conflict('The order is not shipped as a whole yet');
  if (delivery !== 'express') throw conflict('Only an express order has a carrier that delivers it');
  if (receivedAtMs <= Date.parse(shippedAt))
    throw new AppError('PARAM_ERROR', 'receivedAt: must be after the shipping');
  if (receivedAtMs > nowMs) throw new AppError('PARAM_ERROR', 'receivedAt: must not be in the future');
}

function conflict(message: string): AppError {
  return new AppError('ORDER_STATE_CONFLICT', message);
}

async function storeNotice(deps: UploadDeps, outTradeNo: string): Promise<void> {
  await retryOnConflict(deps, async () => {
    const current = await readShipment(deps.table, outTradeNo, 'strong');
    if (!current || isReminded(current)) return undefined;
    const nowMs = deps.now();
    const next = { ...current, deliveryNotifiedAt: new Date(nowMs).toISOString() };
    return (await writeShipment(deps.table, current, next, nextLookAtMs(next, nowMs))) ?? VERSION_CONFLICT;
  });
}
