import * as v from 'valibot';
import { AppError } from '../../core/errors.ts';
import type { VirtualEnv } from '../../core/virtual-env.ts';
import type { OrderRef, Transaction } from '../pay-api.ts';
import { markVerified, type Verified } from '../verified.ts';
import { callVirtual, type VirtualDeps, type VirtualSettings } from './client.ts';
import { ENV_NUMBERS } from './sign.ts';

const fen = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const seconds = v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(0)), 0);
const id = v.optional(v.string(), '');

const schema = v.object({
  order: v.object({
    order_id: id,
    wx_order_id: id,
    wxpay_order_id: id,
    status: v.number(),
    order_type: v.optional(v.number(), 0),
    env_type: v.picklist([1, 2]),
    paid_fee: v.optional(fen, 0),
    left_fee: v.optional(fen),
    refund_fee: v.optional(fen, 0),
    paid_time: seconds,
  }),
});

/** An order or a refund as virtual payment returns it. Amounts are fen, times epoch seconds. */
export type VirtualRecord = v.InferOutput<typeof schema>['order'];

const ENV_OF: Record<1 | 2, VirtualEnv> = { 1: 'live', 2: 'sandbox' };

/** Paid, and the goods are to be delivered. */
const AWAITS_DELIVERY = new Set([2, 3]);
/** 4: delivered. 7: a refund failed. */
const PAID = new Set([...AWAITS_DELIVERY, 4, 7]);
/** 5, 8: refunded. 9, 10: money of other accounts returned after a refund. */
const REFUNDED = new Set([5, 8, 9, 10]);
const CLOSED = 6;

/**
 * Queries an order.
 * @returns the order, and the rest that can be refunded (fen), which WeChat can omit
 * @throws NOT_FOUND when WeChat has no such order, because the buyer never opened the payment; the other errors of
 * queryRecord
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/VirtualPayment/api_query_order
 */
export async function queryVirtualOrder(
  deps: VirtualDeps,
  order: OrderRef,
): Promise<{ transaction: Verified<Transaction>; leftFen: number | undefined }> {
  const record = await queryRecord(deps, order, { order_id: order.outTradeNo });
  if (record.order_id !== order.outTradeNo || record.order_type === 1) {
    throw new AppError('WECHAT_UNAVAILABLE', 'WeChat did not return the requested order');
  }
  return { transaction: markVerified(transactionOf(record, deps)), leftFen: record.left_fee };
}

/**
 * Queries an order or a refund by one of its numbers. The answer has no signature: the call is signed, and only WeChat
 * answers at its host.
 * @throws NOT_FOUND when WeChat has nothing under this number
 * @throws FORBIDDEN when the openid of the payer was erased; the errors of assertReachable and callVirtual
 */
export async function queryRecord(
  deps: VirtualDeps,
  { openId, ...order }: Pick<OrderRef, 'openId' | 'mchId' | 'env'>,
  number: { order_id: string } | { wx_order_id: string },
): Promise<VirtualRecord> {
  assertReachable(deps.virtual, order);
  if (openId === undefined) {
    throw new AppError(
      'FORBIDDEN',
      'The user closed the account, and WeChat needs the openid; use the console of virtual payment',
    );
  }
  const body = { openid: openId, env: ENV_NUMBERS[deps.virtual.env], ...number };
  const parsed = v.safeParse(schema, await callVirtual(deps, 'query_order', body));
  if (parsed.success) return parsed.output.order;
  throw invalidRecord();
}

/**
 * Rejects an order that the settings do not reach, because its key is unknown. The answer of WeChat under other settings
 * would mean that nobody paid the order.
 * @throws NOT_FOUND for an order of the sandbox in a live stage: no money was paid, and the order must not be booked
 * @throws WECHAT_CONFIG for any other order that was placed under other settings
 */
export function assertReachable({ offerId, env }: VirtualSettings, order: Pick<OrderRef, 'mchId' | 'env'>): void {
  if (order.env === 'sandbox' && env === 'live') {
    throw new AppError('NOT_FOUND', 'The order belongs to the sandbox, and VIRTUAL_PAY_ENV is live');
  }
  if (order.env === env && order.mchId === offerId) return;
  throw new AppError(
    'WECHAT_CONFIG',
    `The order was placed with VIRTUAL_PAY_OFFER_ID ${order.mchId} and VIRTUAL_PAY_ENV ${order.env}; restore both until it is settled`,
  );
}

function transactionOf(record: VirtualRecord, { app, virtual }: VirtualDeps): Transaction {
  const { order_id: outTradeNo, status, env_type } = record;
  const isPaid = PAID.has(status) || REFUNDED.has(status);
  return {
    appId: app.appId,
    mchId: virtual.offerId,
    outTradeNo,
    tradeState: tradeStateOf(status),
    env: ENV_OF[env_type],
    ...(isPaid && { payment: paymentOf(record) }),
    ...(AWAITS_DELIVERY.has(status) && { awaitsDelivery: true as const }),
  };
}

function tradeStateOf(status: number): string {
  if (PAID.has(status)) return 'SUCCESS';
  if (REFUNDED.has(status)) return 'REFUND';
  return status === CLOSED ? 'CLOSED' : 'NOTPAY';
}

/**
 * A payment that Apple received has no number of WeChat Pay.
 * @throws WECHAT_UNAVAILABLE when the number or the time of the payment is missing
 */
function paymentOf({ wxpay_order_id, wx_order_id, paid_fee, paid_time }: VirtualRecord): Transaction['payment'] {
  const isApple = wxpay_order_id === '';
  const transactionId = isApple ? wx_order_id : wxpay_order_id;
  if (transactionId === '' || paid_time === 0) throw invalidRecord();
  return {
    transactionId,
    paidAt: isoOf(paid_time),
    amountFen: paid_fee,
    currency: 'CNY',
    ...(isApple && { paidBy: 'apple' as const }),
  };
}

/** Returns a time in ISO 8601. */
export function isoOf(epochSeconds: number): string {
  return new Date(epochSeconds * 1_000).toISOString();
}

function invalidRecord(): AppError {
  return new AppError('WECHAT_UNAVAILABLE', 'WeChat returned no valid order of virtual payment');
}
