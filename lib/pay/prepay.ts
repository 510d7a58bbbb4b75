import { AppError } from '../errors.ts';
import { authenticate, type AuthDeps } from '../identity/authenticate.ts';
import { randomId } from '../ids.ts';
import { markAccepted, markClosed, putOrder, type Order } from '../store/orders.ts';
import { readPrice } from '../store/prices.ts';
import type { Session } from '../store/sessions.ts';
import { orderView, statesBefore, type OrderView } from './order.ts';
import { priceOf, type Purchase } from './price.ts';
import { createJsapiOrder } from './v3/orders.ts';
import type { PayDeps } from './v3/client.ts';
import { signJsapiPayment, type JsapiPayment } from './v3/signature.ts';

type PrepayDeps = AuthDeps & PayDeps & { notifyUrl: string };

/** A prepay_id lives two hours (pay 2.0): the order is payable as long. */
const ORDER_LIFE_MS = 2 * 3_600_000;
/** When somebody should ask WeChat, if no notification came. */
const FIRST_CHECK_MS = 60_000;
/** Errors after which WeChat has certainly no order: nothing is left to wait for. */
const REFUSALS = new Set(['WECHAT_CONFIG', 'FORBIDDEN', 'RATE_LIMITED', 'INTERNAL']);

/**
 * A new order at WeChat Pay (API v3, JSAPI) and what the client needs to open the payment sheet. The price is the
 * catalogue's, the payer is whoever logged in. The order is stored before WeChat hears of it, so that no payment can come for an order nobody knows.
 * @throws UNAUTHENTICATED, PARAM_ERROR, NOT_FOUND, FORBIDDEN, RATE_LIMITED, WECHAT_CONFIG, WECHAT_UNAVAILABLE,
 * WECHAT_TIMEOUT
 */
export async function prepay(
  deps: PrepayDeps,
  { token, appId, ...purchase }: Purchase & { token: string; appId?: string | undefined },
): Promise<{ order: OrderView; payment: JsapiPayment }> {
  const [session, price] = await Promise.all([
    authenticate(deps, token, 'eventual'),
    readPrice(deps.table, purchase.sku),
  ]);
  if (!price) throw new AppError('NOT_FOUND', 'No such sku in the catalogue');
  if (appId && appId !== session.appId) throw new AppError('PARAM_ERROR', 'app: this session belongs to another app');
  const order = newOrder(deps, session, { sku: price.sku, ...priceOf(price, purchase) });
  await putOrder(deps.table, order, deps.now() + FIRST_CHECK_MS);
  const prepayId = await createAtWechat(deps, order);
  await markAccepted(deps.table, { outTradeNo: order.outTradeNo, prepayId, from: statesBefore('accepted') });
  const payment = signJsapiPayment(deps.merchant.privateKey, { appId: order.appId, prepayId }, deps);
  return { order: orderView({ ...order, state: 'NOTPAY' }), payment };
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
  try {
    return await createJsapiOrder(deps, order, deps.notifyUrl);
  } catch (error) {
    const { outTradeNo } = order;
    deps.log.error('pay.prepay-failed', { outTradeNo, error });
    if (error instanceof AppError && REFUSALS.has(error.code)) {
      await markClosed(deps.table, { outTradeNo, from: statesBefore('closed') });
    }
    throw error;
  }
}
