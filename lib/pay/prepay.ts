import { createHash } from 'node:crypto';
import { AppError, isAppError } from '../core/errors.ts';
import { authenticate, type AuthDeps } from '../identity/authenticate.ts';
import { randomId } from '../core/ids.ts';
import type { Runtime } from '../core/runtime.ts';
import { readAccount } from '../store/accounts.ts';
import { claim } from '../store/claims.ts';
import {
  claimTurn,
  endTurn,
  markAccepted,
  markClosed,
  putOrder,
  readOrder,
  type Order,
  type TradeType,
} from '../store/orders.ts';
import { readPrice, type Price } from '../store/prices.ts';
import type { Session } from '../store/sessions.ts';
import { checkOrder, closeAtWechat, type CheckDeps } from './check-order.ts';
import { isOpen, orderView, statesBefore, type OrderView } from './order.ts';
import { priceOf, type Purchase } from './price.ts';
import type { JsapiPayment } from '../wechat-pay/pay-api.ts';

type PrepayDeps = AuthDeps &
  CheckDeps &
  Pick<Runtime, 'randomBytes'> & {
    /** Where new orders are made: the protocol, the merchant, and where WeChat tells of the payment. */
    newOrders: Pick<Order, 'api' | 'mchId' | 'notifyUrl'>;
  };

/** What an order can be paid with lives two hours (pay 2.0): the order is payable as long. */
const ORDER_LIFE_MS = 2 * 3_600_000;
/** How long a handle is handed out: what WeChat lets it live (pay 2.0), less the time that a person needs to pay. */
const HANDLE_LIFE_MS: Record<TradeType, number> = { JSAPI: 115 * 60_000, NATIVE: 115 * 60_000, H5: 4 * 60_000 };
/** So long an order may be in the making: two calls of five seconds. Then somebody broke down over it. */
const MAKING_MS = 12_000;
const LOOK_AGAIN_MS = 250;
/** When somebody should ask WeChat, if no notification came. */
const FIRST_CHECK_MS = 60_000;
/** Seconds that an Idempotency-Key is remembered. */
const KEY_LIFE_S = 24 * 3_600;
/** Errors after which WeChat has no order and will never take this one. A wrong setting can be mended, and repeated. */
const REFUSALS = new Set(['FORBIDDEN', 'INTERNAL']);

export interface PrepayRequest extends Purchase {
  token: string;
  tradeType: TradeType;
  /** The app that the client pays in, if it says so. */
  appId?: string | undefined;
  /** Repeated requests of one purchase carry the same key. */
  idempotencyKey?: string | undefined;
  /** The address that the request came from: WeChat compares it with where an H5 payment comes from (pay 2.2). */
  address: string;
}

/** What opens the payment: by trade type. */
export type Payment = JsapiPayment | { codeUrl: string } | { h5Url: string };

/**
 * A new order at WeChat Pay and what the client needs to open the payment. The price is the catalogue's, the payer is
 * whoever logged in. The order is stored before WeChat hears of it, so that no payment can come for an order nobody
 * knows. A repeated request finds its order: what was handed out once is handed out again while it lives, and after that
 * the very same creation gives a new one.
 * @throws UNAUTHENTICATED, PARAM_ERROR, NOT_FOUND, ORDER_STATE_CONFLICT, FORBIDDEN, RATE_LIMITED, WECHAT_CONFIG,
 * WECHAT_UNAVAILABLE, WECHAT_TIMEOUT
 */
export async function prepay(
  deps: PrepayDeps,
  request: PrepayRequest,
): Promise<{ order: OrderView; payment: Payment }> {
  const [session, price] = await Promise.all([
    authenticate(deps, request.token, 'eventual-hit'),
    readPrice(deps.table, request.sku),
  ]);
  if (!price) throw new AppError('NOT_FOUND', 'No such sku in the catalogue');
  if (price.kind === 'wallet-topup') await assertLiving(deps, session);
  const wanted = newOrder(deps, { session, price, request });
  const { idempotencyKey } = request;
  const outTradeNo = idempotencyKey ? await claimNumber(deps, session, wanted, idempotencyKey) : wanted.outTradeNo;
  const placed = await putOrder(deps.table, { ...wanted, outTradeNo }, deps.now() + FIRST_CHECK_MS);
  assertSamePurchase(placed, wanted);
  const order = outTradeNo === wanted.outTradeNo ? await createAtWechat(deps, placed) : await findHandle(deps, placed);
  return { order: orderView(order), payment: await paymentOf(deps, order) };
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

/** A wallet needs somebody who can reach it: a session outlives its account on other devices. @throws UNAUTHENTICATED */
async function assertLiving({ table }: PrepayDeps, { accountId }: Session): Promise<void> {
  if (await readAccount(table, accountId, 'strong')) return;
  throw new AppError('UNAUTHENTICATED', 'Log in again: this account is gone');
}

/** @throws ORDER_STATE_CONFLICT */
function assertSamePurchase(order: Order, wanted: Order): void {
  if (order.asked === wanted.asked && order.appId === wanted.appId && order.openId === wanted.openId) return;
  const detail = { outTradeNo: order.outTradeNo };
  throw new AppError('ORDER_STATE_CONFLICT', 'This Idempotency-Key belongs to another purchase', { detail });
}

/**
 * The order of a repeated request, with something to pay it with: what was handed out before, while it lives. Only one
 * request at a time makes it anew, because WeChat voids the code of a NATIVE order with the next one (pay 2.1); the
 * others wait for what that one gets.
 * @throws ORDER_STATE_CONFLICT when it cannot be paid any more
 */
async function findHandle(deps: PrepayDeps, order: Order): Promise<Order> {
  const { outTradeNo, state } = order;
  const nowMs = deps.now();
  if (!isOpen(order) || Date.parse(order.timeExpire) <= nowMs) {
    const detail = { outTradeNo, state };
    throw new AppError('ORDER_STATE_CONFLICT', 'The order of this Idempotency-Key is settled', { detail });
  }
  if (order.handle !== undefined && order.handleUntilMs! > nowMs) return order;
  if (await claimTurn(deps.table, 'madeAtMs', { outTradeNo, nowMs, intervalMs: MAKING_MS })) {
    return createAtWechat(deps, order);
  }
  await deps.sleep(LOOK_AGAIN_MS);
  return findHandle(deps, (await readOrder(deps.table, outTradeNo)) ?? order);
}

async function paymentOf(deps: PrepayDeps, order: Order): Promise<Payment> {
  const handle = order.handle!;
  if (order.tradeType === 'NATIVE') return { codeUrl: handle };
  if (order.tradeType === 'H5') return { h5Url: handle };
  return (await deps.payApi(order.api)).signPayment(order, handle);
}

/** The number is the owner's id, the time and chance, 32 characters: see lib/store/keys.ts. */
function newOrder(
  { now, randomBytes, newOrders }: PrepayDeps,
  { session, price, request }: { session: Session; price: Price; request: PrepayRequest },
): Order {
  const { accountId, openId } = session;
  const { tradeType, address, appId = session.appId } = request;
  // The openid of the payer belongs to the app of the session; codes and links are for anybody, in any app of ours.
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
    madeAtMs: nowMs,
    asked: fingerprint(request),
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

/** What makes two requests the same purchase. */
function fingerprint({ sku, quantity = 1, amountFen, tradeType }: PrepayRequest): string {
  const asked = JSON.stringify([sku, quantity, amountFen ?? null, tradeType]);
  return createHash('sha256').update(asked).digest('base64url').slice(0, 12);
}

/** Whole seconds and an offset: the form that every page of WeChat Pay shows. */
function rfc3339(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.\d+Z$/, '+00:00');
}

/** Makes the order at WeChat, and keeps what opens its payment. */
async function createAtWechat(deps: PrepayDeps, order: Order): Promise<Order> {
  const { outTradeNo, tradeType } = order;
  const handle = await askForHandle(deps, order);
  const accepted = { outTradeNo, handle, handleUntilMs: deps.now() + HANDLE_LIFE_MS[tradeType] };
  const stored = await markAccepted(deps.table, { ...accepted, from: statesBefore('accepted') });
  if (stored.done) return stored.output;
  // A payment may be faster than the answer to its creation.
  const now = stored.old as unknown as Order;
  if (now.state !== 'CLOSED') return { ...now, handle };
  // Somebody closed it while WeChat was still making it.
  await closeAtWechat(deps, order);
  throw new AppError('ORDER_STATE_CONFLICT', 'The order was closed', { detail: { outTradeNo, state: now.state } });
}

/** After a refusal the order is closed at once; after an unknown outcome it stays open, for the query to find out. */
async function askForHandle(deps: PrepayDeps, order: Order): Promise<string> {
  const { outTradeNo } = order;
  try {
    return await (await deps.payApi(order.api)).create(order);
  } catch (error) {
    deps.log.error('pay.prepay-failed', { outTradeNo, error });
    // Only what has never been accepted: with a handle of before, somebody may still pay.
    if (error instanceof AppError && REFUSALS.has(error.code)) {
      await markClosed(deps.table, { outTradeNo, from: ['CREATED'] });
    }
    // Paid or closed already, and nobody told us.
    if (isAppError(error, 'ORDER_STATE_CONFLICT')) {
      await checkOrder(deps, order).catch((cause: unknown) => deps.log.warn('pay.query-failed', { outTradeNo, cause }));
    }
    await endTurn(deps.table, outTradeNo);
    throw error;
  }
}
