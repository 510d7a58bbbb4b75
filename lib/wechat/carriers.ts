import { AppError } from '../core/errors.ts';
import type { PlatformDeps } from './client.ts';
import { recordOf } from './json.ts';
import { callShipping, type ShippingAccess } from './shipping-call.ts';

/** The names of the carriers, such as 圆通速递, by their codes, such as `YTO`. */
export type Carriers = Record<string, string>;

/**
 * Returns the carriers of WeChat's list.
 * @throws RATE_LIMITED, WECHAT_CONFIG, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT; token errors pass through to the token owner
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/order_shipping/
 */
export async function fetchCarriers(deps: PlatformDeps, access: ShippingAccess): Promise<Carriers> {
  const path = '/cgi-bin/express/delivery/open_msg/get_delivery_list';
  const { delivery_list: list } = await callShipping(deps, access, path, {});
  const entries = Array.isArray(list) ? list.flatMap(readCarrier) : [];
  if (entries.length > 0) return Object.fromEntries(entries);
  throw new AppError('WECHAT_UNAVAILABLE', 'The response of WeChat has no delivery_list');
}

function readCarrier(entry: unknown): [code: string, name: string][] {
  const { delivery_id: code, delivery_name: name } = recordOf(entry);
  return typeof code === 'string' && typeof name === 'string' ? [[code, name]] : [];
}
