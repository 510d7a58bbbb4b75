import { randomBytes } from 'node:crypto';
import { jsonAnswer } from '../../http.ts';
import { isRecord } from '../../http.ts';
import type { Answer, Call } from '../../http.ts';
import type { Faults } from '../../faults.ts';
import { PayError } from '../error.ts';
import type { PlatformKey } from '../platform-keys.ts';
import type { PayWorld } from '../world.ts';
import { billRoutes } from './bill-routes.ts';
import { certificateRoutes } from './certificate-routes.ts';
import { complaintCallbackRoutes } from './complaint-callback-routes.ts';
import { complaintRoutes } from './complaint-routes.ts';
import { echoRoutes } from './echo-routes.ts';
import { imageRoutes } from './image-routes.ts';
import { orderRoutes } from './order-routes.ts';
import { refundRoutes } from './refund-routes.ts';
import { checkRequest, signedHeaders } from './signature.ts';

const transactions = '/v3/pay/transactions';

const topics = [
  orderRoutes,
  refundRoutes,
  certificateRoutes,
  billRoutes,
  echoRoutes,
  complaintRoutes,
  complaintCallbackRoutes,
  imageRoutes,
];

/**
 * The host api.mch.weixin.qq.com, API v3. Answers to authenticated requests are signed, errors too; files and server
 * errors are not.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012081709
 */
export function createV3Api(world: PayWorld): (call: Call) => Answer {
  const routes = topics.flatMap((routesOf) => routesOf(world));
  return (call) => {
    const matching = routes.flatMap((route) => {
      const match = route.path.exec(call.path);
      return match ? [{ ...route, parameter: match[1] ?? '' }] : [];
    });
    const route = matching.find(({ method }) => method === call.method);
    if (!route) return { status: matching.length > 0 ? 405 : 404, body: '' };
    let key: PlatformKey | undefined;
    try {
      key = checkRequest(call, world, route.signedBody?.(call));
      const value = route.handler(call, decodeParameter(route.parameter));
      return value instanceof Buffer ? fileAnswer(value) : signedJsonAnswer(value, key);
    } catch (error) {
      if (!(error instanceof PayError)) throw error;
      const isSigned = error.status < 500 && !world.faults.takeVariant('pay-error', 'unsigned');
      return errorAnswer(error, { path: call.path, faults: world.faults, key: isSigned ? key : undefined });
    }
  };
}

/** The answer of an overloaded WeChat Pay. */
export function v3BusyAnswer(): Answer {
  return jsonAnswer(500, { code: 'SYSTEM_ERROR', message: '系统异常，请稍后重试' });
}

function decodeParameter(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new PayError(400, 'PARAM_ERROR', '请求路径的编码不合法');
  }
}

function fileAnswer(body: Buffer): Answer {
  return { status: 200, headers: { 'Content-Type': 'application/octet-stream' }, body };
}

function signedJsonAnswer(value: object | undefined, key: PlatformKey): Answer {
  const body = value ? JSON.stringify(value) : '';
  const type = value && { 'Content-Type': 'application/json; charset=utf-8' };
  return {
    status: value ? 200 : 204,
    headers: { ...type, ...signedHeaders(body, key), 'Request-ID': requestId(0) },
    body,
  };
}

function errorAnswer(
  { status, code, message, internalCode, detail }: PayError,
  { path, faults, key }: { path: string; faults: Faults; key: PlatformKey | undefined },
): Answer {
  const body = JSON.stringify({ code, message, ...(detail && { detail: shownDetail(detail, faults) }) });
  // A 401 of the transaction calls has no Request-ID.
  const traced = status !== 401 || !path.startsWith(transactions);
  return {
    status,
    headers: {
      'Content-Type': 'application/json; charset=utf-8',
      ...(traced && { 'Request-ID': requestId(internalCode) }),
      ...(key && signedHeaders(body, key)),
    },
    body,
    code,
  };
}

/** Reduces the detail of an invalid field to `location` and `value`, which is empty for a missing field. */
function shownDetail(detail: object, faults: Faults): object {
  if (!isRecord(detail) || detail.issue === undefined || faults.takeVariant('pay-error', 'documented-detail'))
    return detail;
  const { location, value = '' } = detail;
  return { location, value };
}

/** Ends in `-<internal code>`, 0 for success. */
function requestId(internalCode: number): string {
  return `08${randomBytes(20).toString('hex').toUpperCase()}-${internalCode}`;
}
