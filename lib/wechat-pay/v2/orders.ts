import { beijingDigits } from '../../core/beijing-time.ts';
import { AppError } from '../../core/errors.ts';
import type { Order, TradeType } from '../../store/orders.ts';
import { payCodeOf, errorOfPayCode } from '../errors.ts';
import { callPayV2, type PayV2Deps } from './client.ts';
import type { V2Fields } from './fields.ts';

/** Names an order in API v2. */
export type OrderRefV2 = Pick<Order, 'outTradeNo' | 'appId'>;

/** For each trade type: its name in v2, the field of its payment handle, and the fields that only it has (pay 5.3). */
const KINDS: Record<TradeType, { tradeType: string; handleField: string; ownFields(order: Order): V2Fields }> = {
  JSAPI: { tradeType: 'JSAPI', handleField: 'prepay_id', ownFields: ({ openId = '' }) => ({ openid: openId }) },
  NATIVE: { tradeType: 'NATIVE', handleField: 'code_url', ownFields: ({ sku }) => ({ product_id: sku.slice(0, 32) }) },
  H5: { tradeType: 'MWEB', handleField: 'mweb_url', ownFields: (order) => ({ scene_info: sceneInfo(order) }) },
};

/**
 * Creates an order (pay 5.3). Every field but the nonce comes from the stored order, so that a repeat is identical.
 * @returns the prepay_id, code_url or mweb_url
 * @throws WECHAT_CONFIG, ORDER_STATE_CONFLICT, FORBIDDEN, RATE_LIMITED, INTERNAL, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT
 */
export async function createTransactionV2(deps: PayV2Deps, order: Order): Promise<string> {
  const { tradeType, handleField, ownFields } = KINDS[order.tradeType];
  const fields = {
    ...orderFields(order),
    trade_type: tradeType,
    body: order.description,
    total_fee: String(order.amountFen),
    fee_type: order.currency,
    spbill_create_ip: order.clientIp ?? '',
    time_start: beijingDigits(Date.parse(order.createdAt)),
    time_expire: beijingDigits(Date.parse(order.timeExpire)),
    notify_url: order.notifyUrl,
    ...ownFields(order),
  };
  const answer = await callPayV2(deps, { path: '/pay/unifiedorder', fields }).catch((error) => {
    throw payCodeOf(error) === 'INVALIDREQUEST' ? numberInUse(error) : error;
  });
  const paymentHandle = answer[handleField];
  if (paymentHandle !== undefined && paymentHandle.length <= 512) return paymentHandle;
  throw new AppError('WECHAT_UNAVAILABLE', "WeChat Pay's answer has nothing to pay with");
}

/**
 * Closes an order (pay 5.4). Closing a closed order succeeds.
 * @throws ORDER_STATE_CONFLICT when it is paid, NOT_FOUND
 */
export async function closeTransactionV2(deps: PayV2Deps, order: OrderRefV2): Promise<void> {
  try {
    await callPayV2(deps, { path: '/pay/closeorder', fields: orderFields(order) });
  } catch (error) {
    if (payCodeOf(error) !== 'ORDERCLOSED') throw error;
  }
}

/** The fields that name an order. */
export function orderFields({ appId, outTradeNo }: OrderRefV2): V2Fields {
  return { appid: appId, out_trade_no: outTradeNo };
}

/**
 * The site that the payment starts from; v2 wants all three. Of its address we store nothing, and WeChat looks at the
 * Referer of the browser (pay 2.2), so this is where we are. The name is short, for 256 characters in all.
 */
function sceneInfo({ notifyUrl, description }: Order): string {
  const name = [...description].slice(0, 32).join('');
  return JSON.stringify({ h5_info: { type: 'Wap', wap_url: new URL(notifyUrl).origin, wap_name: name } });
}

/** "201 商户订单号重复": an order of this number that differs. It may be open: it is not ours to give up (pay 5.6). */
function numberInUse(error: unknown): AppError {
  return errorOfPayCode('OUT_TRADE_NO_USED', `/pay/unifiedorder, ${(error as Error).cause}`);
}
