import { beijingDigits } from '../../core/beijing-time.ts';
import { AppError } from '../../core/errors.ts';
import { cutUtf8 } from '../../core/utf8.ts';
import type { MerchantTradeType, Order } from '../../store/orders.ts';
import { payCodeOf } from '../errors.ts';
import { callPayV2, type PayV2Deps } from './client.ts';
import type { V2Fields } from './fields.ts';

/** Identifies an order in API v2. */
export type OrderRefV2 = Pick<Order, 'outTradeNo' | 'appId'>;

const SCENE_INFO_BYTES = 256;

/** For each trade type: its name in API v2, the field of its payment handle, and the fields that only this type has. */
const KINDS: Record<MerchantTradeType, { tradeType: string; handleField: string; ownFields(order: Order): V2Fields }> =
  {
    JSAPI: { tradeType: 'JSAPI', handleField: 'prepay_id', ownFields: ({ openId = '' }) => ({ openid: openId }) },
    NATIVE: {
      tradeType: 'NATIVE',
      handleField: 'code_url',
      ownFields: ({ sku }) => ({ product_id: sku.slice(0, 32) }),
    },
    H5: { tradeType: 'MWEB', handleField: 'mweb_url', ownFields: (order) => ({ scene_info: sceneInfo(order) }) },
  };

/**
 * Creates an order. Every field except the merchant, the nonce and the signature comes from the stored order, so that a
 * repeat is identical.
 * @returns the prepay_id, code_url or mweb_url
 * @throws WECHAT_CONFIG, ORDER_STATE_CONFLICT, FORBIDDEN, RATE_LIMITED, INTERNAL, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT
 * @see https://pay.weixin.qq.com/doc/v2/merchant/4011935214
 */
export async function createTransactionV2(deps: PayV2Deps, order: Order): Promise<string> {
  const { tradeType, handleField, ownFields } = KINDS[order.tradeType as MerchantTradeType];
  const fields = {
    ...orderFields(order),
    trade_type: tradeType,
    body: order.description,
    ...(order.attach !== undefined && { attach: order.attach }),
    total_fee: String(order.amountFen),
    fee_type: order.currency,
    spbill_create_ip: order.clientIp ?? '',
    time_start: beijingDigits(Date.parse(order.createdAt)),
    time_expire: beijingDigits(Date.parse(order.timeExpire)),
    notify_url: order.notifyUrl,
    ...ownFields(order),
  };
  const answer = await callPayV2(deps, { path: '/pay/unifiedorder', fields });
  const paymentHandle = answer[handleField];
  if (paymentHandle !== undefined && paymentHandle.length <= 512) return paymentHandle;
  throw new AppError('WECHAT_UNAVAILABLE', `WeChat Pay returned no valid ${handleField} for the order`);
}

/**
 * Closes an order. Closing a closed order succeeds. WeChat Pay usually reports success for an unknown order too.
 * @throws ORDER_STATE_CONFLICT when the order is paid
 * @throws NOT_FOUND when WeChat Pay reports that it has no such order; the other errors of callPayV2
 * @see https://pay.weixin.qq.com/doc/v2/merchant/4011935216
 */
export async function closeTransactionV2(deps: PayV2Deps, order: OrderRefV2): Promise<void> {
  try {
    await callPayV2(deps, { path: '/pay/closeorder', fields: orderFields(order) });
  } catch (error) {
    if (payCodeOf(error) !== 'ORDERCLOSED') throw error;
  }
}

/** Returns the fields that identify an order. */
export function orderFields({ appId, outTradeNo }: OrderRefV2): V2Fields {
  return { appid: appId, out_trade_no: outTradeNo };
}

/**
 * Returns `scene_info`, which describes the site that starts an H5 payment. API v2 requires all three fields. The order
 * does not store the address of the site, so the origin of the notification URL is sent instead. This is sufficient,
 * because WeChat Pay checks the Referer of the browser. The name is cut to keep `scene_info` within 256 bytes.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791834
 */
function sceneInfo({ notifyUrl, description }: Order): string {
  const infoOf = (name: string) =>
    JSON.stringify({ h5_info: { type: 'Wap', wap_url: new URL(notifyUrl).origin, wap_name: name } });
  let name = description;
  while (name !== '' && Buffer.byteLength(infoOf(name)) > SCENE_INFO_BYTES) {
    name = cutUtf8(name, Buffer.byteLength(name) - 1);
  }
  return infoOf(name);
}
