import { randomBytes } from 'node:crypto';
import { isRecord, parseJson } from './http.ts';
import type { Answer, Call } from './http.ts';
import { PayError } from './pay-error.ts';
import { closeRule, createRules, findProblem } from './pay-fields.ts';
import type { Rule, TradeType } from './pay-fields.ts';
import type { CreateRequest, PayOrders } from './pay-orders.ts';
import { checkRequest, signedHeaders } from './pay-signature.ts';
import type { PayKeys } from './pay-signature.ts';
import type { People } from './people.ts';
import { digits } from './random.ts';
import type { PaySettings } from './settings.ts';

interface PayWorld {
  pay: PaySettings;
  keys: PayKeys;
  appIds: string[];
  people: People;
  orders: PayOrders;
}

/** Answers the JSON to send; undefined means 204. */
type Handler = (call: Call, parameter: string) => object | undefined;

const transactions = '/v3/pay/transactions';

/** Whether a path belongs to api.mch.weixin.qq.com, API v3. */
export function isPayPath(path: string): boolean {
  return path.startsWith('/v3/');
}

/** The host api.mch.weixin.qq.com, API v3 (pay 1, 2.1 to 2.6, 2.11): signed answers, unsigned refusals. */
export function createPayApi(world: PayWorld): (call: Call) => Answer {
  const routes = payRoutes(world);
  return (call) => {
    const matching = routes.flatMap(({ method, path, handler }) => {
      const match = path.exec(call.path);
      return match ? [{ method, handler, parameter: match[1] ?? '' }] : [];
    });
    const route = matching.find(({ method }) => method === call.method);
    if (!route) return { status: matching.length > 0 ? 405 : 404, body: '' };
    try {
      checkRequest(call, world.pay, world.keys);
      return signedAnswer(route.handler(call, decodeParameter(route.parameter)), world);
    } catch (error) {
      if (error instanceof PayError) return refusal(error, call.path);
      throw error;
    }
  };
}

function payRoutes(world: PayWorld): { method: string; path: RegExp; handler: Handler }[] {
  const { orders, pay } = world;
  return [
    {
      method: 'POST',
      path: /^\/v3\/pay\/transactions\/jsapi$/,
      handler: (call) => ({ prepay_id: createOrder(world, 'JSAPI', call) }),
    },
    {
      method: 'POST',
      path: /^\/v3\/pay\/transactions\/native$/,
      handler: (call) => ({ code_url: createOrder(world, 'NATIVE', call) }),
    },
    {
      method: 'POST',
      path: /^\/v3\/pay\/transactions\/h5$/,
      handler: (call) => ({ h5_url: h5Url(createOrder(world, 'MWEB', call)) }),
    },
    {
      method: 'GET',
      path: /^\/v3\/pay\/transactions\/out-trade-no\/([^/]+)$/,
      handler: (call, outTradeNo) => {
        assertMchId(call.query.get('mchid'), pay, 'query');
        return orders.describe(orders.find(outTradeNo));
      },
    },
    {
      method: 'GET',
      path: /^\/v3\/pay\/transactions\/id\/([^/]+)$/,
      handler: (call, transactionId) => {
        assertMchId(call.query.get('mchid'), pay, 'query');
        return orders.describe(orders.findByTransaction(transactionId));
      },
    },
    {
      method: 'POST',
      path: /^\/v3\/pay\/transactions\/out-trade-no\/([^/]+)\/close$/,
      handler: (call, outTradeNo) => {
        assertMchId(readBody<{ mchid: string }>(call, closeRule).mchid, pay, 'body');
        orders.close(outTradeNo);
        return undefined;
      },
    },
  ];
}

function decodeParameter(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new PayError(400, 'PARAM_ERROR', '请求路径的编码不合法');
  }
}

function createOrder({ pay, appIds, people, orders }: PayWorld, tradeType: TradeType, call: Call): string {
  const request = readBody<CreateRequest>(call, createRules[tradeType]);
  assertMchId(request.mchid, pay, 'body');
  if (!appIds.includes(request.appid)) {
    throw new PayError(400, 'APPID_MCHID_NOT_MATCH', '商户号mchid与appid不匹配');
  }
  if (request.payer && !people.knowsOpenId(request.appid, request.payer.openid)) {
    throw new PayError(500, 'OPENID_MISMATCH', 'openid和appid不匹配');
  }
  return orders.create(tradeType, request);
}

function h5Url(prepayId: string): string {
  return `https://wx.tenpay.com/cgi-bin/mmpayweb-bin/checkmweb?prepay_id=${prepayId}&package=${digits(10)}`;
}

/** Reads a JSON body that obeys the rule; the rule stands for the type. */
function readBody<T extends object>(call: Call, rule: Rule): T {
  if (!/^application\/json\b/i.test(call.headers['content-type'] ?? '')) {
    throw new PayError(415, 'INVALID_REQUEST', 'Http头Content-Type必须为application/json');
  }
  const body = parseJson(call.body);
  if (!isRecord(body)) throw new PayError(400, 'PARAM_ERROR', '请求体不是合法的JSON对象');
  const problem = findProblem(rule, body);
  if (!problem) return body as T;
  const message = `输入源“/body${problem.field}”规则校验失败，${problem.issue}`;
  throw new PayError(400, 'PARAM_ERROR', message, { ...problem, location: 'body' });
}

function assertMchId(mchId: string | null, pay: PaySettings, location: 'body' | 'query'): void {
  if (mchId === pay.mchId) return;
  const detail = { field: '/mchid', value: mchId, issue: 'differs from the mchid of Authorization', location };
  throw new PayError(400, 'PARAM_ERROR', 'Http头Authorization中的mchid与请求参数中的mchid不匹配', detail);
}

function signedAnswer(value: object | undefined, { pay, keys }: PayWorld): Answer {
  const body = value ? JSON.stringify(value) : '';
  const type = value && { 'Content-Type': 'application/json; charset=utf-8' };
  return {
    status: value ? 200 : 204,
    headers: { ...type, ...signedHeaders(body, pay, keys), 'Request-ID': requestId(0) },
    body,
  };
}

function refusal({ status, code, message, internalCode, detail }: PayError, path: string): Answer {
  // A 401 of the transaction calls has no Request-ID at all.
  const traced = status !== 401 || !path.startsWith(transactions);
  return {
    status,
    headers: {
      'Content-Type': 'application/json; charset=utf-8',
      ...(traced && { 'Request-ID': requestId(internalCode) }),
    },
    body: JSON.stringify({ code, message, ...(detail && { detail }) }),
    code,
  };
}

/** Ends in `-<internal code>`, 0 for success. */
function requestId(internalCode: number): string {
  return `08${randomBytes(20).toString('hex').toUpperCase()}-${internalCode}`;
}
