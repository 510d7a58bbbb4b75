import { createHash } from 'node:crypto';
import { AppError, isAppError } from '../errors.ts';
import { authenticate, type AuthDeps } from '../identity/authenticate.ts';
import { randomId } from '../ids.ts';
import type { Runtime } from '../runtime.ts';
import { claim } from '../store/claims.ts';
import { markAccepted, markClosed, putOrder, type Order, type TradeType } from '../store/orders.ts';
import { readPrice, type Price } from '../store/prices.ts';
import type { Session } from '../store/sessions.ts';
import { checkOrder, closeAtWechat, type CheckDeps } from './check-order.ts';
import { isOpen, orderView, statesBefore, type OrderView } from './order.ts';
import { priceOf, type Purchase } from './price.ts';
import type { JsapiPayment } from './protocol/pay-api.ts';

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
/** When somebody should ask WeChat, if no notification came. */
const FIRST_CHECK_MS = 60_000;
/** Seconds that an Idempotency-Key is remembered. */
const KEY_LIFE_S = 24 * 3_600;
/** Errors after which WeChat has no order and will not take this one: nothing is left to wait for or to repeat. */
const REFUSALS = new Set(['WECHAT_CONFIG', 'FORBIDDEN', 'INTERNAL']);

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
  const wanted = newOrder(deps, { session, price, request });
  const { idempotencyKey } = request;
  const outTradeNo = idempotencyKey ? await claimNumber(deps, session, wanted, idempotencyKey) : wanted.outTradeNo;
  const order = await putOrder(deps.table, { ...wanted, outTradeNo }, deps.now() + FIRST_CHECK_MS);
  assertPayable(order, wanted, deps.now());
  const handle = livingHandle(order, deps.now()) ?? (await createAtWechat(deps, order));
  return { order: orderView({ ...order, state: 'NOTPAY' }), payment: await paymentOf(deps, order, handle) };
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

/** @throws ORDER_STATE_CONFLICT when the order is another purchase, or cannot be paid any more */
function assertPayable(order: Order, wanted: Order, nowMs: number): void {
  const same = (['sku', 'amountFen', 'tradeType', 'appId', 'openId'] as const).every(
    (name) => order[name] === wanted[name],
  );
  if (!same) throw new AppError('ORDER_STATE_CONFLICT', 'This Idempotency-Key belongs to another purchase');
  if (isOpen(order) && Date.parse(order.timeExpire) > nowMs) return;
  throw new AppError('ORDER_STATE_CONFLICT', 'The order of this Idempotency-Key is settled', {
    detail: { outTradeNo: order.outTradeNo, state: order.state },
  });
}

function livingHandle({ handle, handleUntilMs = 0 }: Order, nowMs: number): string | undefined {
  return handleUntilMs > nowMs ? handle : undefined;
}

async function paymentOf(deps: PrepayDeps, order: Order, handle: string): Promise<Payment> {
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

/** Whole seconds and an offset: the form that every page of WeChat Pay shows. */
function rfc3339(atMs: number): string {
  return new Date(atMs).toISOString().replace(/\.\d+Z$/, '+00:00');
}

/** After a refusal the order is closed at once; after an unknown outcome it stays open, for the query to find out. */
async function createAtWechat(deps: PrepayDeps, order: Order): Promise<string> {
  const { outTradeNo, tradeType } = order;
  let handle: string;
  try {
    handle = await (await deps.payApi(order.api)).create(order);
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
    throw error;
  }
  const handleUntilMs = deps.now() + HANDLE_LIFE_MS[tradeType];
  const accepted = { outTradeNo, handle, handleUntilMs, from: statesBefore('accepted') };
  const stored = await markAccepted(deps.table, accepted);
  if (stored.done || (stored.old as Order | undefined)?.state !== 'CLOSED') return handle;
  // Somebody closed it while WeChat was still making it.
  await closeAtWechat(deps, order);
  throw new AppError('ORDER_STATE_CONFLICT', 'The order was closed', { detail: { outTradeNo, state: 'CLOSED' } });
}
