import * as v from 'valibot';
import { SKU } from '../../core/ids.ts';
import { endpoint } from '../endpoint.ts';
import { order, WECHAT_ERRORS } from './shared.ts';

/** The parameters of `wx.requestPayment`. */
export const jsapiPayment = v.object({
  appId: v.string(),
  timeStamp: v.string(),
  nonceStr: v.string(),
  package: v.string(),
  signType: v.picklist(['RSA', 'MD5', 'HMAC-SHA256']),
  paySign: v.string(),
});

/** The parameters of `wx.requestVirtualPayment`. `signData` is passed as the text that it is. */
const virtualPayment = v.object({
  mode: v.literal('short_series_goods'),
  signData: v.string(),
  paySig: v.string(),
  signature: v.string(),
});

/**
 * One of four forms, by trade type: the parameters of `wx.requestPayment` or of `wx.requestVirtualPayment`, the text of a
 * QR code, or an address to open.
 */
export const payment = v.union([
  jsapiPayment,
  virtualPayment,
  v.object({ codeUrl: v.string() }),
  v.object({ h5Url: v.string() }),
]);

export const prepay = endpoint({
  method: 'POST',
  path: '/pay/prepay',
  summary: 'Create an order at WeChat Pay; the answer contains what opens the payment',
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
      attach: v.optional(v.pipe(v.string(), v.maxLength(127))),
      tradeType: v.picklist(['JSAPI', 'NATIVE', 'H5', 'VIRTUAL']),
      app: v.optional(v.picklist(['mini-program', 'official-account'])),
    }),
  },
  status: 201,
  answer: v.object({ order, payment }),
  errors: [
    'UNAUTHENTICATED',
    'SESSION_EXPIRED',
    'FORBIDDEN',
    'VIRTUAL_PAYMENT_REQUIRED',
    'ORIGIN_NOT_ALLOWED',
    'NOT_FOUND',
    'ORDER_STATE_CONFLICT',
    ...WECHAT_ERRORS,
  ],
});
