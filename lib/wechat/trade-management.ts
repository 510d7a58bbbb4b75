import { AppError } from '../core/errors.ts';
import { optionalString, type PlatformDeps } from './client.ts';
import { errcodeOf } from './platform-error.ts';
import { callShipping, type ShippingAccess } from './shipping-call.ts';

/** WeChat replaces this text in the path of an order page with the order number of the merchant. */
export const ORDER_NUMBER_PLACEHOLDER = '${商品订单号}';

/**
 * Returns whether the mini-program is under trade management: WeChat keeps each payment until its order was shipped and
 * received.
 * @throws RATE_LIMITED, WECHAT_CONFIG, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT; token errors pass through to the token owner
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/order_shipping/
 */
export async function fetchTradeManaged(deps: PlatformDeps, access: ShippingAccess): Promise<boolean> {
  return askAboutApp(deps, access, 'is_trade_managed', 'is_trade_managed');
}

/**
 * Returns whether each merchant number of the mini-program is either authorised for trade management or unbound. Payments to
 * an authorised merchant are kept until their orders were shipped.
 * @throws as fetchTradeManaged
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/order_shipping/
 */
export async function fetchTradeConfirmed(deps: PlatformDeps, access: ShippingAccess): Promise<boolean> {
  return askAboutApp(deps, access, 'is_trade_management_confirmation_completed', 'completed');
}

/**
 * Sets the page that WeChat opens from its messages about shipping and receipt. WeChat appends `transaction_id`,
 * `merchant_id` and `merchant_trade_no` to its query.
 * @throws PARAM_ERROR when WeChat rejects the path; otherwise as fetchTradeManaged
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/order_shipping/
 */
export async function setMessagePath(
  deps: PlatformDeps,
  { path, ...access }: ShippingAccess & { path: string },
): Promise<void> {
  await setPath(deps, access, '/wxa/sec/order/set_msg_jump_path', path);
}

/**
 * Sets the page that WeChat opens from the user's list of orders. The merchant must have signed the agreement of the order
 * centre.
 * @param path contains ORDER_NUMBER_PLACEHOLDER
 * @throws as setMessagePath
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/order_shipping/
 */
export async function setOrderDetailPath(
  deps: PlatformDeps,
  { path, ...access }: ShippingAccess & { path: string },
): Promise<void> {
  await setPath(deps, access, '/wxa/sec/order/update_order_detail_path', path);
}

/**
 * Returns the page that WeChat opens from the user's list of orders; undefined if none was set.
 * @throws as fetchTradeManaged
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/order_shipping/
 */
export async function getOrderDetailPath(deps: PlatformDeps, access: ShippingAccess): Promise<string | undefined> {
  return optionalString(await callShipping(deps, access, '/wxa/sec/order/get_order_detail_path', {}), 'path');
}

async function askAboutApp(deps: PlatformDeps, access: ShippingAccess, api: string, field: string): Promise<boolean> {
  const answer = await callShipping(deps, access, `/wxa/sec/order/${api}`, { appid: access.app.appId });
  // The pages document a boolean; a published sample has 1.
  if (answer[field] === true || answer[field] === 1) return true;
  if (answer[field] === false || answer[field] === 0) return false;
  throw new AppError('WECHAT_UNAVAILABLE', `The response of WeChat has no ${field}`);
}

/** WeChat rejected a parameter of the call. */
const WRONG_PARAMETER = new Set<number | undefined>([40097, 10060014]);

async function setPath(deps: PlatformDeps, access: ShippingAccess, api: string, path: string): Promise<void> {
  try {
    await callShipping(deps, access, api, { path });
  } catch (error) {
    if (!WRONG_PARAMETER.has(errcodeOf(error))) throw error;
    throw new AppError('PARAM_ERROR', 'WeChat rejected the path of the page', { cause: (error as AppError).cause });
  }
}
