import * as v from 'valibot';
import { AppError, isAppError } from '../../core/errors.ts';
import { callPay, type PayCall, type PayV3Deps } from './client.ts';

const PATH = '/v3/merchant-service/complaint-notifications';
const answerSchema = v.object({ url: v.string() });

/**
 * Queries the address to which WeChat Pay sends the notifications of complaints. A merchant has one address.
 * @returns undefined if no address is registered
 * @throws FORBIDDEN, RATE_LIMITED, WECHAT_CONFIG, INTERNAL, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT
 * @see https://pay.weixin.qq.com/wiki/doc/apiv3/apis/chapter10_2_3.shtml
 */
export async function queryComplaintCallback(deps: PayV3Deps): Promise<string | undefined> {
  try {
    return await call(deps, { method: 'GET', path: PATH });
  } catch (error) {
    if (isAppError(error, 'NOT_FOUND')) return undefined;
    throw error;
  }
}

/**
 * Registers the first address for the notifications of complaints.
 * @param url https, at most 255 characters
 * @throws as queryComplaintCallback; INTERNAL when an address is registered already
 * @see https://pay.weixin.qq.com/wiki/doc/apiv3/apis/chapter10_2_3.shtml
 */
export function createComplaintCallback(deps: PayV3Deps, url: string): Promise<string> {
  return call(deps, { method: 'POST', path: PATH, body: { url } });
}

/**
 * Replaces the registered address for the notifications of complaints.
 * @param url https, at most 255 characters
 * @throws as queryComplaintCallback; NOT_FOUND when no address is registered
 * @see https://pay.weixin.qq.com/wiki/doc/apiv3/apis/chapter10_2_3.shtml
 */
export function updateComplaintCallback(deps: PayV3Deps, url: string): Promise<string> {
  return call(deps, { method: 'PUT', path: PATH, body: { url } });
}

async function call(deps: PayV3Deps, request: PayCall): Promise<string> {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), answerSchema), await callPay(deps, request));
  if (parsed.success) return parsed.output.url;
  throw new AppError('WECHAT_UNAVAILABLE', 'WeChat Pay returned no address for the notifications of complaints');
}
