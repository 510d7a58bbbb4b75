import { beijingDigits } from '../../core/beijing-time.ts';
import { AppError } from '../../core/errors.ts';
import type { Order, TradeType } from '../../store/orders.ts';
import type { Transaction } from '../pay-api.ts';
import { payCode, payRefusal } from '../errors.ts';
import { callPayV2, type PayV2Deps } from './client.ts';
import type { V2Fields } from './fields.ts';
import { readTransaction } from './transaction.ts';

/** What v2 calls an order of each kind, what only that kind says, and what opens its payment (pay 5.3). */
const KINDS: Record<TradeType, { tradeType: string; handle: string; own(order: Order): V2Fields }> = {
  JSAPI: { tradeType: 'JSAPI', handle: 'prepay_id', own: ({ openId = '' }) => ({ openid: openId }) },
  NATIVE: { tradeType: 'NATIVE', handle: 'code_url', own: ({ sku }) => ({ product_id: sku.slice(0, 32) }) },
  H5: { tradeType: 'MWEB', handle: 'mweb_url', own: (order) => ({ scene_info: sceneInfo(order) }) },
};

/**
 * Creates an order (pay 5.3). Everything but the nonce comes from the stored order, so that a repeat is identical to the
 * first.
 * @returns the prepay_id, code_url or mweb_url
 * @throws WECHAT_CONFIG, ORDER_STATE_CONFLICT, FORBIDDEN, RATE_LIMITED, INTERNAL, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT
 */
export async function createOrder(deps: PayV2Deps, order: Order): Promise<string> {
  const { tradeType, handle, own } = KINDS[order.tradeType];
  const fields = {
    ...nameOf(order),
    trade_type: tradeType,
    body: order.description,
    total_fee: String(order.amountFen),
    fee_type: order.currency,
    spbill_create_ip: order.clientIp ?? '',
    time_start: beijingDigits(Date.parse(order.createdAt)),
    time_expire: beijingDigits(Date.parse(order.timeExpire)),
    notify_url: order.notifyUrl,
    ...own(order),
  };
  const answer = await callPayV2(deps, { path: '/pay/unifiedorder', fields }).catch((error) => {
    throw payCode(error) === 'INVALIDREQUEST' ? numberInUse(error) : error;
  });
  const opens = answer[handle];
  if (opens !== undefined && opens.length <= 512) return opens;
  throw new AppError('WECHAT_UNAVAILABLE', "WeChat Pay's answer has nothing to pay with");
}

/** What WeChat Pay knows of an order (pay 5.4). @throws NOT_FOUND, WECHAT_CONFIG, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT */
export async function queryOrder(deps: PayV2Deps, order: Pick<Order, 'outTradeNo' | 'appId'>): Promise<Transaction> {
  const transaction = readTransaction(await callPayV2(deps, { path: '/pay/orderquery', fields: nameOf(order) }));
  if (transaction?.outTradeNo === order.outTradeNo) return transaction;
  throw new AppError('WECHAT_UNAVAILABLE', "WeChat Pay's answer is about no such order");
}

/**
 * Closes an order (pay 5.4). One that is closed already is closed.
 * @throws ORDER_STATE_CONFLICT when it is paid, NOT_FOUND
 */
export async function closeOrder(deps: PayV2Deps, order: Pick<Order, 'outTradeNo' | 'appId'>): Promise<void> {
  try {
    await callPayV2(deps, { path: '/pay/closeorder', fields: nameOf(order) });
  } catch (error) {
    if (payCode(error) !== 'ORDERCLOSED') throw error;
  }
}

function nameOf({ appId, outTradeNo }: Pick<Order, 'outTradeNo' | 'appId'>): V2Fields {
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
  return payRefusal('OUT_TRADE_NO_USED', `/pay/unifiedorder, ${(error as Error).cause}`);
}
