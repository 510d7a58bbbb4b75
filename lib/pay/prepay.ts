import { createHash } from 'node:crypto';
import { AppError } from '../errors.ts';
import { authenticate, type AuthDeps } from '../identity/authenticate.ts';
import { randomId } from '../ids.ts';
import { claim } from '../store/claims.ts';
import { markAccepted, markClosed, putOrder, type Order } from '../store/orders.ts';
import { readPrice } from '../store/prices.ts';
import type { Session } from '../store/sessions.ts';
import { isOpen, orderView, statesBefore, type OrderView } from './order.ts';
import { priceOf, type Purchase } from './price.ts';
import { createJsapiOrder } from './v3/orders.ts';
import type { PayDeps } from './v3/client.ts';
import { signJsapiPayment, type JsapiPayment } from './v3/signature.ts';

type PrepayDeps = AuthDeps & PayDeps & { notifyUrl: string };

/** A prepay_id lives two hours (pay 2.0): the order is payable as long. */
const ORDER_LIFE_MS = 2 * 3_600_000;
/** When somebody should ask WeChat, if no notification came. */
const FIRST_CHECK_MS = 60_000;
/** Seconds that an Idempotency-Key is remembered. */
const KEY_LIFE_S = 24 * 3_600;
/** Errors after which WeChat has no order and will not take this one: nothing is left to wait for or to repeat. */
const REFUSALS = new Set(['WECHAT_CONFIG', 'FORBIDDEN', 'INTERNAL']);

export interface PrepayRequest extends Purchase {
  token: string;
  /** The app that the client pays in, if it says so. */
  appId?: string | undefined;
  /** Repeated requests of one purchase carry the same key. */
  idempotencyKey?: string | undefined;
}

/**
 * A new order at WeChat Pay (API v3, JSAPI) and what the client needs to open the payment sheet. The price is the
 * catalogue's, the payer is whoever logged in. The order is stored before WeChat hears of it, so that no payment can
 * come for an order nobody knows.
 * @throws UNAUTHENTICATED, PARAM_ERROR, NOT_FOUND, ORDER_STATE_CONFLICT, FORBIDDEN, RATE_LIMITED, WECHAT_CONFIG,
 * WECHAT_UNAVAILABLE, WECHAT_TIMEOUT
 */
export async function prepay(
  deps: PrepayDeps,
  { token, appId, idempotencyKey, ...purchase }: PrepayRequest,
): Promise<{ order: OrderView; payment: JsapiPayment }> {
  const [session, price] = await Promise.all([
    authenticate(deps, token, 'eventual-hit'),
    readPrice(deps.table, purchase.sku),
  ]);
  if (!price) throw new AppError('NOT_FOUND', 'No such sku in the catalogue');
  if (appId && appId !== session.appId) throw new AppError('PARAM_ERROR', 'app: this session belongs to another app');
  const wanted = newOrder(deps, session, { sku: price.sku, ...priceOf(price, purchase) });
  const outTradeNo = idempotencyKey ? await claimNumber(deps, session, wanted, idempotencyKey) : wanted.outTradeNo;
  const order = await putOrder(deps.table, { ...wanted, outTradeNo }, deps.now() + FIRST_CHECK_MS);
  const prepayId = repeatedPrepayId(order, wanted, deps.now()) ?? (await createAtWechat(deps, order));
  const payment = signJsapiPayment(deps.merchant.privateKey, { appId: order.appId, prepayId }, deps);
  return { order: orderView({ ...order, state: 'NOTPAY' }), payment };
}

/** The order number of the first request with this key: a repeat becomes a repeat of the same order. */
function claimNumber(
  { table, now }: PrepayDeps,
  { accountId }: Session,
  { outTradeNo }: Order,
  idempotencyKey: string,
): Promise<string> {
  const id = createHash('sha256').update(`${accountId}\n${idempotencyKey}`).digest('base64url');
  const expiresAt = Math.floor(now() / 1_000) + KEY_LIFE_S;
  return claim(table, { source: 'prepay', id, value: outTradeNo, expiresAt }, now());
}

/**
 * The prepay_id of an order that was placed before, undefined when WeChat is still to be asked for one.
 * @throws ORDER_STATE_CONFLICT when the order is another purchase, or cannot be paid any more
 */
function repeatedPrepayId(order: Order, wanted: Order, nowMs: number): string | undefined {
  const same = order.sku === wanted.sku && order.amountFen === wanted.amountFen && order.openId === wanted.openId;
  if (!same) throw new AppError('ORDER_STATE_CONFLICT', 'This Idempotency-Key belongs to another purchase');
  if (isOpen(order) && Date.parse(order.timeExpire) > nowMs) return order.prepayId;
  throw new AppError('ORDER_STATE_CONFLICT', 'The order of this Idempotency-Key is settled', {
    detail: { outTradeNo: order.outTradeNo, state: order.state },
  });
}

/** The number is the owner's id, the time and chance, 32 characters: see lib/store/keys.ts. */
function newOrder(
  { now, randomBytes, merchant }: PrepayDeps,
  { accountId, appId, openId }: Session,
  item: Pick<Order, 'sku' | 'description' | 'amountFen'>,
): Order {
  const nowMs = now();
  return {
    outTradeNo: accountId + nowMs.toString(36).padStart(8, '0') + randomId(randomBytes, 8),
    ...item,
    currency: 'CNY',
    state: 'CREATED',
    createdAt: new Date(nowMs).toISOString(),
    timeExpire: rfc3339(nowMs + ORDER_LIFE_MS),
    mchId: merchant.mchId,
    appId,
    openId,
    refundedFen: 0,
  };
}

/** Whole seconds and an offset: the form that every page of WeChat Pay shows. */
function rfc3339(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.\d+Z$/, '+00:00');
}

/** After a refusal the order is closed at once; after an unknown outcome it stays open, for the query to find out. */
async function createAtWechat(deps: PrepayDeps, order: Order): Promise<string> {
  const { outTradeNo } = order;
  try {
    const prepayId = await createJsapiOrder(deps, order, deps.notifyUrl);
    await markAccepted(deps.table, { outTradeNo, prepayId, from: statesBefore('accepted') });
    return prepayId;
  } catch (error) {
    deps.log.error('pay.prepay-failed', { outTradeNo, error });
    if (error instanceof AppError && REFUSALS.has(error.code)) {
      await markClosed(deps.table, { outTradeNo, from: statesBefore('closed') });
    }
    throw error;
  }
}
