import * as v from 'valibot';
import { SKU } from '../../core/ids.ts';
import { endpoint } from '../endpoint.ts';
import { fen, WECHAT_ERRORS } from './shared.ts';

/** An order as its buyer sees it; the times are ISO 8601. */
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
});

/** What `wx.requestPayment` takes. */
export const jsapiPayment = v.object({
  appId: v.string(),
  timeStamp: v.string(),
  nonceStr: v.string(),
  package: v.string(),
  signType: v.picklist(['RSA', 'MD5', 'HMAC-SHA256']),
  paySign: v.string(),
});

/** One of three, by trade type: for the phone itself, for a QR code, for a browser to go to. */
export const payment = v.union([jsapiPayment, v.object({ codeUrl: v.string() }), v.object({ h5Url: v.string() })]);

export const prepay = endpoint({
  method: 'POST',
  path: '/pay/prepay',
  summary: 'A new order at WeChat Pay, and what the client needs to open the payment',
  auth: 'session',
  request: {
    headers: v.object({
      'idempotency-key': v.optional(v.pipe(v.string(), v.regex(/^[\x21-\x7e]{1,255}$/))),
      origin: v.optional(v.string()),
    }),
    body: v.object({
      sku: v.pipe(v.string(), v.regex(SKU, 'Invalid sku')),
      quantity: v.optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(100))),
      amountFen: v.optional(v.pipe(v.number(), v.safeInteger(), v.minValue(1))),
      tradeType: v.picklist(['JSAPI', 'NATIVE', 'H5']),
      app: v.optional(v.picklist(['mini-program', 'official-account'])),
    }),
  },
  status: 201,
  answer: v.object({ order, payment }),
  errors: ['UNAUTHENTICATED', 'FORBIDDEN', 'ORIGIN_NOT_ALLOWED', 'NOT_FOUND', 'ORDER_STATE_CONFLICT', ...WECHAT_ERRORS],
});

export const listOrders = endpoint({
  method: 'GET',
  path: '/pay/orders',
  summary: 'The orders of the caller, newest first; those that are open are checked against WeChat',
  auth: 'session',
  request: {
    query: v.object({ cursor: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-z]{16}$/, 'Not a cursor of ours'))) }),
  },
  status: 200,
  answer: v.object({ orders: v.array(order), cursor: v.nullable(v.string()) }),
  errors: ['UNAUTHENTICATED', 'NOT_CONFIGURED'],
});

export const getOrder = endpoint({
  method: 'GET',
  path: '/pay/orders/{outTradeNo}',
  summary: 'One order of the caller; while it is open, WeChat is asked at most every 5 s',
  auth: 'session',
  request: { path: v.object({ outTradeNo: v.string() }) },
  status: 200,
  answer: v.object({ order }),
  errors: ['UNAUTHENTICATED', 'NOT_FOUND', 'NOT_CONFIGURED'],
});

export const closeOrder = endpoint({
  method: 'POST',
  path: '/pay/orders/{outTradeNo}/close',
  summary: 'Closes an order of the caller: nobody can pay it after this',
  auth: 'session',
  request: { path: v.object({ outTradeNo: v.string() }) },
  status: 200,
  answer: v.object({ order }),
  errors: ['UNAUTHENTICATED', 'FORBIDDEN', 'ORIGIN_NOT_ALLOWED', 'NOT_FOUND', 'ORDER_STATE_CONFLICT', ...WECHAT_ERRORS],
});
