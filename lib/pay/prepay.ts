import { createHash } from 'node:crypto';
import { AppError, isAppError } from '../core/errors.ts';
import { accountGone, authenticate, type AuthDeps } from '../identity/authenticate.ts';
import { randomId } from '../core/ids.ts';
import type { Runtime } from '../core/runtime.ts';
import { readAccount } from '../store/accounts.ts';
import { claim } from '../store/claims.ts';
import {
  claimCreation,
  markAccepted,
  markClosed,
  putOrder,
  readOrder,
  releaseCreation,
  type Order,
  type TradeType,
} from '../store/orders.ts';
import { readPrice, type Price } from '../store/prices.ts';
import type { Session } from '../store/sessions.ts';
import { checkOrder, closeAtWechat, type CheckDeps } from './check-order.ts';
import { isOpen, orderView, statesBefore, type OrderView } from './order.ts';
import { priceOf, type Purchase } from './price.ts';
import type { JsapiPayment } from '../wechat-pay/pay-api.ts';

export type PrepayDeps = AuthDeps &
  CheckDeps &
  Pick<Runtime, 'randomBytes'> & {
    /** Settings of new orders: the protocol, the merchant and the notification URL. */
    newOrders: Pick<Order, 'api' | 'mchId' | 'notifyUrl'>;
  };

/**
 * Time to pay an order. WeChat Pay documents the same two hours for a prepay_id and a code_url.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791856
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791877
 */
const ORDER_LIFE_MS = 2 * 3_600_000;
/**
 * How long a stored payment handle is returned to clients: its life at WeChat Pay minus the time that a buyer needs to
 * pay.
 */
const PAYMENT_HANDLE_LIFE_MS: Record<TradeType, number> = { JSAPI: 115 * 60_000, NATIVE: 115 * 60_000, H5: 4 * 60_000 };
/**
 * Life of a creation claim. A creation makes at most two calls of five seconds, so the holder of an older claim
 * crashed.
 */
const CREATION_CLAIM_MS = 12_000;
const POLL_MS = 250;
/** Delay of the first query at WeChat, for an order without a notification. */
const FIRST_FOLLOW_UP_MS = 60_000;
/** Seconds that an Idempotency-Key is stored. */
const IDEMPOTENCY_KEY_LIFE_S = 24 * 3_600;
/**
 * Errors after which WeChat has no order, and a retry cannot create the order. WECHAT_CONFIG is absent, because the
 * operator can correct a setting.
 */
const DECLINED = new Set(['FORBIDDEN', 'INTERNAL']);

export interface PrepayRequest extends Purchase {
  token: string;
  tradeType: TradeType;
  /** The app in which the client pays. Default: the app of the session. */
  appId?: string | undefined;
  /** Repeated requests of one purchase carry the same key. */
  idempotencyKey?: string | undefined;
  /**
   * IP address of the client. WeChat compares it with the address that opens an H5 payment.
   * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791834
   */
  address: string;
}

/** The data that opens the payment in the client: JSAPI, NATIVE or H5. */
export type Payment = JsapiPayment | { codeUrl: string } | { h5Url: string };

/**
 * Places a new order at WeChat Pay. The price comes from the catalogue, the payer from the session. The order is stored
 * before the call to WeChat, so that no payment arrives for an unknown order. A request with the same Idempotency-Key
 * returns the same order. A valid payment handle is reused; after its expiry the creation is repeated.
 * @returns the order, and the data that opens the payment
 * @throws UNAUTHENTICATED
 * @throws PARAM_ERROR when the amount, the quantity or the app is not allowed
 * @throws NOT_FOUND when the catalogue has no such sku
 * @throws ORDER_STATE_CONFLICT when the key belongs to another purchase, or the order can no longer be paid
 * @throws FORBIDDEN, RATE_LIMITED, WECHAT_CONFIG, INTERNAL, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT when the creation fails
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791856
 */
export async function prepay(
  deps: PrepayDeps,
  request: PrepayRequest,
): Promise<{ order: OrderView; payment: Payment }> {
  const [session, price] = await Promise.all([
    authenticate(deps, request.token, { sessionConsistency: 'eventual-with-fallback' }),
    readPrice(deps.table, request.sku),
  ]);
  if (!price) throw new AppError('NOT_FOUND', 'The catalogue has no such sku');
  if (price.kind === 'wallet-topup') await assertAccountExists(deps, session);
  const draft = newOrder(deps, { session, price, request });
  const { idempotencyKey } = request;
  const outTradeNo = idempotencyKey ? await claimOrderNumber(deps, session, draft, idempotencyKey) : draft.outTradeNo;
  const placed = await putOrder(deps.table, { ...draft, outTradeNo }, deps.now() + FIRST_FOLLOW_UP_MS);
  assertSamePurchase(placed, draft);
  const isRepeat = outTradeNo !== draft.outTradeNo;
  const order = isRepeat ? await findPaymentHandle(deps, placed) : await createAtWechat(deps, placed);
  return { order: orderView(order), payment: await paymentOf(deps, order) };
}

/** Claims the Idempotency-Key for a new order number. @returns the order number of the first request with this key */
function claimOrderNumber(
  { table, now }: PrepayDeps,
  { accountId }: Session,
  { outTradeNo }: Order,
  idempotencyKey: string,
): Promise<string> {
  const id = createHash('sha256').update(`${accountId}\n${idempotencyKey}`).digest('base64url');
  const expiresAt = Math.floor(now() / 1_000) + IDEMPOTENCY_KEY_LIFE_S;
  return claim(table, { source: 'prepay', id, value: outTradeNo, expiresAt }, now());
}

/**
 * Rejects a top-up of a closed account, because sessions on other devices can outlive the account.
 * @throws UNAUTHENTICATED
 */
async function assertAccountExists({ table }: PrepayDeps, { accountId }: Session): Promise<void> {
  if (await readAccount(table, accountId, 'strong')) return;
  throw accountGone();
}

/** Rejects an Idempotency-Key of another purchase, app or payer. @throws ORDER_STATE_CONFLICT */
function assertSamePurchase(order: Order, draft: Order): void {
  if (
    order.requestFingerprint === draft.requestFingerprint &&
    order.appId === draft.appId &&
    order.openId === draft.openId
  )
    return;
  const detail = { outTradeNo: order.outTradeNo };
  throw new AppError('ORDER_STATE_CONFLICT', 'This Idempotency-Key belongs to another purchase; send a new key', {
    detail,
  });
}

/**
 * Returns the order of a repeated request, and makes sure that its payment handle is valid. One request at a time
 * repeats the creation, because each new code_url voids the previous code_url. Concurrent duplicates poll for the
 * result.
 * @throws ORDER_STATE_CONFLICT when the order can no longer be paid; the errors of createAtWechat
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791877
 */
async function findPaymentHandle(deps: PrepayDeps, order: Order): Promise<Order> {
  const { outTradeNo, state } = order;
  const nowMs = deps.now();
  if (!isOpen(order) || Date.parse(order.timeExpire) <= nowMs) {
    const detail = { outTradeNo, state };
    throw new AppError(
      'ORDER_STATE_CONFLICT',
      'The order of this Idempotency-Key can no longer be paid; send a new key',
      { detail },
    );
  }
  if (order.paymentHandle !== undefined && order.paymentHandleExpiresAtMs! > nowMs) return order;
  if (await claimCreation(deps.table, { outTradeNo, nowMs, intervalMs: CREATION_CLAIM_MS })) {
    return createAtWechat(deps, order);
  }
  await deps.sleep(POLL_MS);
  return findPaymentHandle(deps, (await readOrder(deps.table, outTradeNo)) ?? order);
}

async function paymentOf(deps: PrepayDeps, order: Order): Promise<Payment> {
  const paymentHandle = order.paymentHandle!;
  if (order.tradeType === 'NATIVE') return { codeUrl: paymentHandle };
  if (order.tradeType === 'H5') return { h5Url: paymentHandle };
  return (await deps.payApi(order.api)).signPayment(order, paymentHandle);
}

/**
 * Builds a new order. Its number has 32 characters: the id of the owner, the time and random characters. See
 * lib/store/keys.ts.
 * @throws PARAM_ERROR
 */
function newOrder(
  { now, randomBytes, newOrders }: PrepayDeps,
  { session, price, request }: { session: Session; price: Price; request: PrepayRequest },
): Order {
  const { accountId, openId } = session;
  const { tradeType, address, appId = session.appId } = request;
  // JSAPI needs the payer's openid, which belongs to the app of the session. NATIVE and H5 work in any app of the
  // merchant.
  if (tradeType === 'JSAPI' && appId !== session.appId) {
    throw new AppError('PARAM_ERROR', 'app: a JSAPI payment must use the app of this session');
  }
  const nowMs = now();
  return {
    outTradeNo: accountId + nowMs.toString(36).padStart(8, '0') + randomId(randomBytes, 8),
    sku: price.sku,
    kind: price.kind,
    ...priceOf(price, request),
    currency: 'CNY',
    state: 'CREATED',
    createdAt: new Date(nowMs).toISOString(),
    creationClaimedAtMs: nowMs,
    requestFingerprint: fingerprint(request),
    timeExpire: rfc3339(nowMs + ORDER_LIFE_MS),
    ...newOrders,
    tradeType,
    appId,
    ...(appId === session.appId && { openId }),
    ...((tradeType === 'H5' || newOrders.api === 'v2') && { clientIp: address }),
    refundedFen: 0,
    refundingFen: 0,
    refundCount: 0,
  };
}

/** Returns a hash that is equal for two requests of the same purchase. */
function fingerprint({ sku, quantity = 1, amountFen, tradeType }: PrepayRequest): string {
  const purchase = JSON.stringify([sku, quantity, amountFen ?? null, tradeType]);
  return createHash('sha256').update(purchase).digest('base64url').slice(0, 12);
}

/** Formats a time in RFC 3339 with whole seconds and an offset, as WeChat Pay documents. */
function rfc3339(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.\d+Z$/, '+00:00');
}

/**
 * Creates the order at WeChat and stores its payment handle.
 * @throws ORDER_STATE_CONFLICT when the order was closed during the creation; the errors of the calls
 */
async function createAtWechat(deps: PrepayDeps, order: Order): Promise<Order> {
  const { outTradeNo, tradeType } = order;
  const paymentHandle = await requestPaymentHandle(deps, order);
  const paymentHandleExpiresAtMs = deps.now() + PAYMENT_HANDLE_LIFE_MS[tradeType];
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
 * Creates the order at WeChat and returns the payment handle. A declined order that WeChat never accepted before is
 * closed at once. After an unknown outcome the order stays open, and a later query finds the outcome.
 */
async function requestPaymentHandle(deps: PrepayDeps, order: Order): Promise<string> {
  const { outTradeNo } = order;
  try {
    return await (await deps.payApi(order.api)).create(order);
  } catch (error) {
    deps.log.error('order.creation-failed', { outTradeNo, error });
    // An order that WeChat accepted before stays open, because the buyer can still pay with the earlier payment handle.
    if (error instanceof AppError && DECLINED.has(error.code)) {
      await markClosed(deps.table, { outTradeNo, from: ['CREATED'] });
    }
    // The order may be paid or closed at WeChat, but not in the ledger yet.
    if (isAppError(error, 'ORDER_STATE_CONFLICT')) {
      await checkOrder(deps, order).catch((cause: unknown) =>
        deps.log.warn('order.query-failed', { outTradeNo, cause }),
      );
    }
    await releaseCreation(deps.table, outTradeNo);
    throw error;
  }
}
