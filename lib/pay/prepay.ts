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
    /** For new orders: the protocol, the merchant, and the address that WeChat notifies. */
    newOrders: Pick<Order, 'api' | 'mchId' | 'notifyUrl'>;
  };

/** A payment handle lives two hours (pay 2.0), and the order is payable as long. */
const ORDER_LIFE_MS = 2 * 3_600_000;
/** How long a payment handle is returned: its life at WeChat (pay 2.0), less the time that a buyer needs to pay. */
const PAYMENT_HANDLE_LIFE_MS: Record<TradeType, number> = { JSAPI: 115 * 60_000, NATIVE: 115 * 60_000, H5: 4 * 60_000 };
/** Life of a creation claim: two calls of five seconds. After that the claimant has crashed. */
const CREATION_CLAIM_MS = 12_000;
const POLL_MS = 250;
/** The first query at WeChat, if no notification came. */
const FIRST_FOLLOW_UP_MS = 60_000;
/** Seconds that an Idempotency-Key is stored. */
const IDEMPOTENCY_KEY_LIFE_S = 24 * 3_600;
/** Errors after which WeChat has no order and never will. A wrong setting is not among them: it can be corrected. */
const DECLINED = new Set(['FORBIDDEN', 'INTERNAL']);

export interface PrepayRequest extends Purchase {
  token: string;
  tradeType: TradeType;
  /** The app that the client pays in, if the client names it. */
  appId?: string | undefined;
  /** Repeated requests of one purchase carry the same key. */
  idempotencyKey?: string | undefined;
  /** The client's address: WeChat compares it with the address of an H5 payment (pay 2.2). */
  address: string;
}

/** What the client needs to open the payment, by trade type. */
export type Payment = JsapiPayment | { codeUrl: string } | { h5Url: string };

/**
 * Places a new order at WeChat Pay. The price comes from the catalogue, the payer from the session. The order is stored
 * before the call to WeChat, so that no payment can arrive for an unknown order. A repeated request finds its order and
 * its payment handle while that lives; after that the same creation yields a new handle.
 * @returns the order, and what the client needs to open the payment
 * @throws UNAUTHENTICATED, PARAM_ERROR, NOT_FOUND, ORDER_STATE_CONFLICT, FORBIDDEN, RATE_LIMITED, WECHAT_CONFIG,
 * WECHAT_UNAVAILABLE, WECHAT_TIMEOUT
 */
export async function prepay(
  deps: PrepayDeps,
  request: PrepayRequest,
): Promise<{ order: OrderView; payment: Payment }> {
  const [session, price] = await Promise.all([
    authenticate(deps, request.token, { sessionConsistency: 'eventual-with-fallback' }),
    readPrice(deps.table, request.sku),
  ]);
  if (!price) throw new AppError('NOT_FOUND', 'No such sku in the catalogue');
  if (price.kind === 'wallet-topup') await assertAccountExists(deps, session);
  const wanted = newOrder(deps, { session, price, request });
  const { idempotencyKey } = request;
  const outTradeNo = idempotencyKey ? await claimOrderNumber(deps, session, wanted, idempotencyKey) : wanted.outTradeNo;
  const placed = await putOrder(deps.table, { ...wanted, outTradeNo }, deps.now() + FIRST_FOLLOW_UP_MS);
  assertSamePurchase(placed, wanted);
  const isRepeat = outTradeNo !== wanted.outTradeNo;
  const order = isRepeat ? await findPaymentHandle(deps, placed) : await createAtWechat(deps, placed);
  return { order: orderView(order), payment: await paymentOf(deps, order) };
}

/** Claims the key for a new order number. @returns the number of the first request with this key */
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

/** Only an existing account can use its wallet, and sessions of other devices outlive it. @throws UNAUTHENTICATED */
async function assertAccountExists({ table }: PrepayDeps, { accountId }: Session): Promise<void> {
  if (await readAccount(table, accountId, 'strong')) return;
  throw accountGone();
}

/** @throws ORDER_STATE_CONFLICT */
function assertSamePurchase(order: Order, wanted: Order): void {
  if (
    order.requestFingerprint === wanted.requestFingerprint &&
    order.appId === wanted.appId &&
    order.openId === wanted.openId
  )
    return;
  const detail = { outTradeNo: order.outTradeNo };
  throw new AppError('ORDER_STATE_CONFLICT', 'This Idempotency-Key belongs to another purchase', { detail });
}

/**
 * Returns the order of a repeated request with a living payment handle. Only one request at a time repeats the creation,
 * because WeChat voids the code of a NATIVE order with the next one (pay 2.1); the others wait for its result.
 * @throws ORDER_STATE_CONFLICT when the order can no longer be paid
 */
async function findPaymentHandle(deps: PrepayDeps, order: Order): Promise<Order> {
  const { outTradeNo, state } = order;
  const nowMs = deps.now();
  if (!isOpen(order) || Date.parse(order.timeExpire) <= nowMs) {
    const detail = { outTradeNo, state };
    throw new AppError('ORDER_STATE_CONFLICT', 'The order of this Idempotency-Key is settled', { detail });
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

/** Builds the order. Its number is the owner's id, the time and random characters, 32 in all: see lib/store/keys.ts. */
function newOrder(
  { now, randomBytes, newOrders }: PrepayDeps,
  { session, price, request }: { session: Session; price: Price; request: PrepayRequest },
): Order {
  const { accountId, openId } = session;
  const { tradeType, address, appId = session.appId } = request;
  // The payer's openid belongs to the app of the session; codes and links work for any payer, in any app of the merchant.
  if (tradeType === 'JSAPI' && appId !== session.appId) {
    throw new AppError('PARAM_ERROR', 'app: this session belongs to another app');
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

/** Equal for two requests of the same purchase. */
function fingerprint({ sku, quantity = 1, amountFen, tradeType }: PrepayRequest): string {
  const purchase = JSON.stringify([sku, quantity, amountFen ?? null, tradeType]);
  return createHash('sha256').update(purchase).digest('base64url').slice(0, 12);
}

/** Formats a time with whole seconds and an offset, as the documentation of WeChat Pay does. */
function rfc3339(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.\d+Z$/, '+00:00');
}

/** Creates the order at WeChat and stores its payment handle. */
async function createAtWechat(deps: PrepayDeps, order: Order): Promise<Order> {
  const { outTradeNo, tradeType } = order;
  const paymentHandle = await requestPaymentHandle(deps, order);
  const paymentHandleExpiresAtMs = deps.now() + PAYMENT_HANDLE_LIFE_MS[tradeType];
  const accepted = { outTradeNo, paymentHandle, paymentHandleExpiresAtMs, from: statesBefore('accepted') };
  const stored = await markAccepted(deps.table, accepted);
  if (stored.done) return stored.written;
  // A payment may arrive before the answer to the creation of its order.
  const current = stored.rejecting!;
  if (current.state !== 'CLOSED') return { ...current, paymentHandle };
  // The order was closed while WeChat was creating it.
  await closeAtWechat(deps, order);
  throw new AppError('ORDER_STATE_CONFLICT', 'The order was closed', { detail: { outTradeNo, state: current.state } });
}

/** A declined order is closed at once. After an unknown outcome the order stays open, and a query resolves it. */
async function requestPaymentHandle(deps: PrepayDeps, order: Order): Promise<string> {
  const { outTradeNo } = order;
  try {
    return await (await deps.payApi(order.api)).create(order);
  } catch (error) {
    deps.log.error('order.creation-failed', { outTradeNo, error });
    // Only an order that was never accepted: an earlier payment handle may still be paid.
    if (error instanceof AppError && DECLINED.has(error.code)) {
      await markClosed(deps.table, { outTradeNo, from: ['CREATED'] });
    }
    // Paid or closed at WeChat, and the ledger does not have it yet.
    if (isAppError(error, 'ORDER_STATE_CONFLICT')) {
      await checkOrder(deps, order).catch((cause: unknown) =>
        deps.log.warn('order.query-failed', { outTradeNo, cause }),
      );
    }
    await releaseCreation(deps.table, outTradeNo);
    throw error;
  }
}
