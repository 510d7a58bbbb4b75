import { createHash } from 'node:crypto';
import { AppError } from '../core/errors.ts';
import { accountGone, authenticateAccount, type AuthDeps } from '../identity/authenticate.ts';
import { randomId } from '../core/ids.ts';
import { VERSION_CONFLICT, retryOnConflict } from '../core/optimistic-locking.ts';
import type { Runtime } from '../core/runtime.ts';
import type { LimitAccount } from '../rate-limit/rate-limit.ts';
import { readAccount, type Account } from '../store/accounts.ts';
import { claim, readClaim, type Claim } from '../store/claims.ts';
import { orderTime } from '../store/keys.ts';
import { isOpen } from '../store/order-states.ts';
import { claimCreation, putOrder, putTopUp, readOrder, type Order, type TradeType } from '../store/orders.ts';
import { deliveryOf, type Price } from '../store/prices.ts';
import type { Session } from '../store/sessions.ts';
import { MINUTE_MS } from './backoff.ts';
import { createAtWechat, type CreateDeps } from './create-at-wechat.ts';
import type { OpenOrderLimit } from './open-orders.ts';
import { ORDER_LIFE_MS, orderView, type OrderView } from './order.ts';
import { assertAttach, priceOf, type Purchase } from './price.ts';
import { assertTradeType, goodsOf, type VirtualPayRule } from './virtual-goods.ts';
import type { JsapiPayment, VirtualPayment } from '../wechat-pay/pay-api.ts';

export type PrepayDeps = AuthDeps &
  CreateDeps &
  Pick<Runtime, 'randomBytes'> & {
    limitAccount: LimitAccount;
    /**
     * Returns the settings of a new order: the protocol, the merchant and the notification URL.
     * @throws NOT_CONFIGURED
     */
    newOrders(tradeType: TradeType): Pick<Order, 'api' | 'mchId' | 'notifyUrl' | 'env'>;
    virtualPayRule: VirtualPayRule;
    /** Signs a virtual payment with the session key of the payer. */
    signVirtual(order: Order, sessionKey: string): VirtualPayment;
    limitOpenOrders: OpenOrderLimit;
    /** Returns the price of a sku, or undefined. */
    readPrice(sku: string): Promise<Price | undefined>;
  };

/**
 * Life of a creation claim. A creation makes at most two calls of five seconds, so the holder of an older claim
 * crashed.
 */
const CREATION_CLAIM_MS = 12_000;
const POLL_MS = 250;
/** Longest wait for the payment handle that another request creates. */
const WAIT_MS = CREATION_CLAIM_MS + 1_000;
/** Delay of the first query at WeChat, for an order without a notification. */
const FIRST_FOLLOW_UP_MS = MINUTE_MS;
/** Seconds that an Idempotency-Key is stored. */
const IDEMPOTENCY_KEY_LIFE_S = 24 * 3_600;
export interface PrepayRequest extends Purchase {
  token: string;
  tradeType: TradeType;
  /** Text that the order and its events carry, without a meaning for this service. At most 127 bytes of UTF-8. */
  attach?: string | undefined;
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

/** The data that opens the payment in the client: JSAPI, VIRTUAL, NATIVE or H5. */
export type Payment = JsapiPayment | VirtualPayment | { codeUrl: string } | { h5Url: string };

/**
 * Places a new order at WeChat Pay. The price comes from the catalogue, the payer from the session. The order is stored
 * before the call to WeChat, so that no payment arrives for an unknown order. A request with the same Idempotency-Key
 * returns the same order. A valid payment handle is reused; after its expiry the creation is repeated.
 * @returns the order, and the data that opens the payment
 * @throws UNAUTHENTICATED
 * @throws PARAM_ERROR when the amount, the quantity, the attach, the app or the trade type is not allowed
 * @throws VIRTUAL_PAYMENT_REQUIRED for an ordinary payment of a virtual good in the mini-program
 * @throws SESSION_EXPIRED for a virtual payment without a session key
 * @throws NOT_FOUND when the catalogue has no such sku
 * @throws ORDER_STATE_CONFLICT when the key belongs to another purchase, or the order can no longer be paid
 * @throws RATE_LIMITED when the account has too many open orders
 * @throws FORBIDDEN, RATE_LIMITED, WECHAT_CONFIG, INTERNAL, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT when the creation fails
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791856
 */
export async function prepay(
  deps: PrepayDeps,
  request: PrepayRequest,
): Promise<{ order: OrderView; payment: Payment }> {
  const [{ session, account }, price] = await Promise.all([
    authenticateAccount(deps, request.token, {
      sessionConsistency: 'eventual-with-fallback',
      accountConsistency: 'eventual-with-fallback',
    }),
    deps.readPrice(request.sku),
  ]);
  await deps.limitAccount(account.id);
  if (!price) throw new AppError('NOT_FOUND', 'The catalogue has no such sku');
  const draft = newOrder(deps, { session, price, request });
  const key = request.idempotencyKey === undefined ? undefined : keyOf(session, request.idempotencyKey);
  const { order: placed, isNew } = await deps.limitOpenOrders(account, {
    isRepeat: async () => key !== undefined && isPlaced(deps, key),
    place: async () => {
      const outTradeNo = key ? await claimOrderNumber(deps, draft, key) : draft.outTradeNo;
      const stored = await storeOrder(deps, account, { ...draft, outTradeNo });
      assertSamePurchase(stored, draft);
      return { order: stored, isNew: stored.placedBy === draft.placedBy };
    },
  });
  if (!isNew) assertPayable(deps, placed);
  if (placed.tradeType === 'VIRTUAL') {
    // assertTradeType requires the session key.
    return { order: orderView(placed), payment: deps.signVirtual(placed, session.sessionKey!) };
  }
  const order = isNew ? await createAtWechat(deps, placed) : await findPaymentHandle(deps, placed);
  return { order: orderView(order), payment: await paymentOf(deps, order) };
}

/** Names an Idempotency-Key in the table, without storing the key. */
function keyOf({ accountId }: Session, idempotencyKey: string): Pick<Claim, 'source' | 'id'> {
  const id = createHash('sha256').update(`${accountId}\n${idempotencyKey}`).digest('base64url');
  return { source: 'prepay', id };
}

/** Claims the Idempotency-Key for a new order number. @returns the order number of the first request with this key */
function claimOrderNumber(
  { table, now }: PrepayDeps,
  { outTradeNo }: Order,
  key: Pick<Claim, 'source' | 'id'>,
): Promise<string> {
  const expiresAt = Math.floor(now() / 1_000) + IDEMPOTENCY_KEY_LIFE_S;
  return claim(table, { ...key, value: outTradeNo, expiresAt }, now());
}

/** Returns whether an earlier request with this Idempotency-Key stored its order. */
async function isPlaced({ table, now }: PrepayDeps, key: Pick<Claim, 'source' | 'id'>): Promise<boolean> {
  const outTradeNo = await readClaim(table, key, now());
  return outTradeNo !== undefined && (await readOrder(table, outTradeNo)) !== undefined;
}

/**
 * Stores an order. A top-up is stored only if its account is not closed, because the money could not be used. An order
 * of goods has no such condition: the close of the account closes the order too.
 * @returns the stored order, which an earlier request with the same Idempotency-Key may have stored
 * @throws UNAUTHENTICATED when the account of a top-up was closed
 */
function storeOrder(deps: PrepayDeps, account: Account, order: Order): Promise<Order> {
  const { table } = deps;
  const followUpAtMs = deps.now() + FIRST_FOLLOW_UP_MS;
  if (order.kind !== 'wallet-topup') return putOrder(table, order, followUpAtMs);
  return retryOnConflict(deps, async (attempt) => {
    const living = attempt === 1 ? account : await readAccount(table, account.id, 'strong');
    if (!living) throw accountGone();
    if (await putTopUp(table, order, { accountId: living.id, followUpAtMs })) return order;
    return (await readOrder(table, order.outTradeNo)) ?? VERSION_CONFLICT;
  });
}

/** Rejects an Idempotency-Key of another purchase, app, payer or merchant. @throws ORDER_STATE_CONFLICT */
function assertSamePurchase(order: Order, draft: Order): void {
  if (
    order.requestFingerprint === draft.requestFingerprint &&
    order.appId === draft.appId &&
    order.openId === draft.openId &&
    order.mchId === draft.mchId &&
    order.env === draft.env
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
 * @throws ORDER_STATE_CONFLICT when the order can no longer be paid
 * @throws WECHAT_TIMEOUT when other requests still create the order after 13 seconds; the errors of createAtWechat
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791877
 */
async function findPaymentHandle(deps: PrepayDeps, order: Order, untilMs = deps.now() + WAIT_MS): Promise<Order> {
  const { outTradeNo } = order;
  const nowMs = deps.now();
  assertPayable(deps, order);
  if (order.paymentHandle !== undefined && order.paymentHandleExpiresAtMs! > nowMs) return order;
  if (await claimCreation(deps.table, { outTradeNo, nowMs, intervalMs: CREATION_CLAIM_MS })) {
    return createAtWechat(deps, order);
  }
  if (nowMs > untilMs) throw new AppError('WECHAT_TIMEOUT', 'The order is still being created; repeat the request');
  await deps.sleep(POLL_MS);
  return findPaymentHandle(deps, (await readOrder(deps.table, outTradeNo)) ?? order, untilMs);
}

/** Rejects a repeated request whose order can no longer be paid. @throws ORDER_STATE_CONFLICT */
function assertPayable({ now }: PrepayDeps, order: Order): void {
  const { outTradeNo, state, timeExpire } = order;
  if (isOpen(order) && Date.parse(timeExpire) > now()) return;
  const detail = { outTradeNo, state };
  throw new AppError(
    'ORDER_STATE_CONFLICT',
    'The order of this Idempotency-Key can no longer be paid; send a new key',
    { detail },
  );
}

async function paymentOf(deps: PrepayDeps, order: Order): Promise<Payment> {
  const paymentHandle = order.paymentHandle!;
  if (order.tradeType === 'NATIVE') return { codeUrl: paymentHandle };
  if (order.tradeType === 'H5') return { h5Url: paymentHandle };
  return (await deps.createApi(order.api)).signPayment(order, paymentHandle);
}

/**
 * Builds a new order. Its number has 32 characters: the id of the owner, the time and random characters. See
 * lib/store/keys.ts.
 * @throws PARAM_ERROR
 */
function newOrder(
  { now, randomBytes, newOrders, virtualPayRule }: PrepayDeps,
  { session, price, request }: { session: Session; price: Price; request: PrepayRequest },
): Order {
  const { accountId, openId } = session;
  const { tradeType, attach, address, appId = session.appId } = request;
  // JSAPI needs the payer's openid, which belongs to the app of the session. NATIVE and H5 work in any app of the
  // merchant.
  if (tradeType === 'JSAPI' && appId !== session.appId) {
    throw new AppError('PARAM_ERROR', 'app: a JSAPI payment must use the app of this session');
  }
  assertTradeType(virtualPayRule, { tradeType, appId, session, price });
  const priced = priceOf(price, request);
  const terms = newOrders(tradeType);
  if (attach) assertAttach(attach);
  const nowMs = now();
  const outTradeNo = accountId + orderTime(nowMs) + randomId(randomBytes, 8);
  return {
    outTradeNo,
    placedBy: outTradeNo,
    sku: price.sku,
    kind: price.kind,
    delivery: deliveryOf(price),
    ...priced,
    ...(tradeType === 'VIRTUAL' && { goods: goodsOf(price, priced.amountFen) }),
    currency: 'CNY',
    // No call creates an order of virtual payment.
    state: tradeType === 'VIRTUAL' ? 'NOTPAY' : 'CREATED',
    createdAt: new Date(nowMs).toISOString(),
    creationClaimedAtMs: nowMs,
    requestFingerprint: fingerprint(request),
    timeExpire: rfc3339(nowMs + ORDER_LIFE_MS),
    ...terms,
    tradeType,
    ...(attach && { attach }),
    appId,
    ...(appId === session.appId && { openId }),
    ...((tradeType === 'H5' || terms.api === 'v2') && { clientIp: address }),
    refundedFen: 0,
    refundingFen: 0,
    refundCount: 0,
  };
}

/** Returns a hash that is equal for two requests of the same purchase. */
function fingerprint({ sku, quantity = 1, amountFen, tradeType, attach }: PrepayRequest): string {
  const purchase = JSON.stringify([sku, quantity, amountFen ?? null, tradeType, ...(attach ? [attach] : [])]);
  return createHash('sha256').update(purchase).digest('base64url').slice(0, 12);
}

/** Formats a time in RFC 3339 with whole seconds and an offset, as WeChat Pay documents. */
function rfc3339(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.\d+Z$/, '+00:00');
}
