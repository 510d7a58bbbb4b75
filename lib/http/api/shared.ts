import * as v from 'valibot';
import { DELIVERIES } from '../../core/delivery.ts';

/** An amount or a sum of money, in fen. */
export const fen = v.pipe(v.number(), v.integer());

export const user = v.object({
  id: v.string(),
  username: v.string(),
  initialized: v.boolean(),
  nickname: v.nullable(v.string()),
  avatarUrl: v.nullable(v.string()),
  phone: v.nullable(v.string()),
});

/** The answer of every login; `expiresIn` in seconds. */
export const session = v.object({
  token: v.string(),
  tokenType: v.literal('Bearer'),
  expiresIn: v.pipe(v.number(), v.integer()),
  user,
});

/** The query of a login on a web page: `cookie=1` sets the session as a cookie. */
export const cookieQuery = v.object({ cookie: v.optional(v.literal('1')) });

/** The answer of a login on a web page. With `cookie=1` it has no token. */
export const pageSession = v.object({ ...session.entries, token: v.optional(v.string()) });

/** The way of a paid order of the mini-program to the buyer, while WeChat holds the money until the receipt. */
const shipping = v.object({
  state: v.picklist(['to-ship', 'shipped', 'received', 'settled']),
  delivery: v.picklist(DELIVERIES),
  parcels: v.array(v.object({ carrier: v.string(), trackingNo: v.string() })),
  estimatedSettlementAt: v.optional(v.string()),
  settledAt: v.optional(v.string()),
});

/** An order as its buyer sees it. Times are ISO 8601. */
export const order = v.object({
  outTradeNo: v.string(),
  sku: v.string(),
  description: v.string(),
  amountFen: fen,
  currency: v.string(),
  state: v.picklist(['CREATED', 'NOTPAY', 'PAID', 'CLOSED', 'REFUNDING', 'REFUNDED']),
  createdAt: v.string(),
  paidAt: v.nullable(v.string()),
  refundedFen: fen,
  /** The text that the request for the order contained. */
  attach: v.nullable(v.string()),
  shipping: v.nullable(shipping),
});

/** The errors of every route that calls WeChat. */
export const WECHAT_ERRORS = [
  'RATE_LIMITED',
  'WECHAT_CONFIG',
  'NOT_CONFIGURED',
  'WECHAT_UNAVAILABLE',
  'WECHAT_TIMEOUT',
] as const;
