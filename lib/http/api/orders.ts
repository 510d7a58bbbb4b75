import * as v from 'valibot';
import { endpoint } from '../endpoint.ts';
import { order, WECHAT_ERRORS } from './shared.ts';

export const listOrders = endpoint({
  method: 'GET',
  path: '/pay/orders',
  summary:
    'List the orders of the caller, newest first; the five newest open orders of a page are checked against WeChat',
  auth: 'session',
  request: {
    query: v.object({ cursor: v.optional(v.pipe(v.string(), v.regex(/^[0-9a-z]{16}$/, 'Invalid cursor'))) }),
  },
  status: 200,
  answer: v.object({ orders: v.array(order), cursor: v.nullable(v.string()) }),
  errors: ['UNAUTHENTICATED', 'RATE_LIMITED', 'NOT_CONFIGURED'],
});

export const getOrder = endpoint({
  method: 'GET',
  path: '/pay/orders/{outTradeNo}',
  summary: 'Get one order of the caller; while it is open, WeChat is queried at most every 5 s',
  auth: 'session',
  request: { path: v.object({ outTradeNo: v.string() }) },
  status: 200,
  answer: v.object({ order }),
  errors: ['UNAUTHENTICATED', 'NOT_FOUND', 'RATE_LIMITED', 'NOT_CONFIGURED'],
});

export const closeOrder = endpoint({
  method: 'POST',
  path: '/pay/orders/{outTradeNo}/close',
  summary: 'Close an order of the caller, so that it cannot be paid any more',
  auth: 'session',
  request: { path: v.object({ outTradeNo: v.string() }) },
  status: 200,
  answer: v.object({ order }),
  errors: ['UNAUTHENTICATED', 'FORBIDDEN', 'ORIGIN_NOT_ALLOWED', 'NOT_FOUND', 'ORDER_STATE_CONFLICT', ...WECHAT_ERRORS],
});
