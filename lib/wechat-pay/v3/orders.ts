import * as v from 'valibot';
import { AppError } from '../../core/errors.ts';
import type { MerchantTradeType, Order } from '../../store/orders.ts';
import { payCodeOf } from '../errors.ts';
import { callPay, type PayV3Deps } from './client.ts';

/** Identifies an order at WeChat Pay. */
export type OrderRef = Pick<Order, 'outTradeNo' | 'mchId'>;

const boundedText = (max: number) => v.pipe(v.string(), v.minLength(1), v.maxLength(max));

/**
 * For each trade type: the path that creates an order, and the schema that reads the payment handle from the response.
 */
const CREATE: Record<MerchantTradeType, { path: string; answer: v.GenericSchema<unknown, string> }> = {
  JSAPI: {
    path: '/v3/pay/transactions/jsapi',
    answer: v.pipe(
      v.object({ prepay_id: boundedText(64) }),
      v.transform(({ prepay_id }) => prepay_id),
    ),
  },
  NATIVE: {
    path: '/v3/pay/transactions/native',
    answer: v.pipe(
      v.object({ code_url: boundedText(512) }),
      v.transform(({ code_url }) => code_url),
    ),
  },
  H5: {
    path: '/v3/pay/transactions/h5',
    answer: v.pipe(
      v.object({ h5_url: boundedText(512) }),
      v.transform(({ h5_url }) => h5_url),
    ),
  },
};

/**
 * Creates an order. Every field comes from the stored order, so that a repeat is identical.
 * @returns the prepay_id, code_url or h5_url
 * @throws WECHAT_CONFIG, ORDER_STATE_CONFLICT, FORBIDDEN, RATE_LIMITED, INTERNAL, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791856
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791877
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791834
 */
export async function createTransaction(deps: PayV3Deps, order: Order): Promise<string> {
  const { path, answer } = CREATE[order.tradeType as MerchantTradeType];
  const text = await callPay(deps, {
    method: 'POST',
    path,
    body: {
      appid: order.appId,
      mchid: order.mchId,
      description: order.description,
      out_trade_no: order.outTradeNo,
      time_expire: order.timeExpire,
      ...(order.attach !== undefined && { attach: order.attach }),
      notify_url: order.notifyUrl,
      amount: { total: order.amountFen, currency: order.currency },
      ...(order.tradeType === 'JSAPI' && { payer: { openid: order.openId } }),
      ...(order.tradeType === 'H5' && {
        scene_info: { payer_client_ip: order.clientIp, h5_info: { type: 'Wap' } },
      }),
    },
  });
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), answer), text);
  if (parsed.success) return parsed.output;
  throw new AppError('WECHAT_UNAVAILABLE', 'WeChat Pay returned no valid payment handle for the order');
}

/**
 * Closes an order. Closing a closed order succeeds. WeChat Pay usually reports success for an unknown order too.
 * @throws ORDER_STATE_CONFLICT when the order is paid
 * @throws NOT_FOUND when WeChat Pay reports that it has no such order; the other errors of callPay
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791860
 */
export async function closeTransaction(deps: PayV3Deps, { outTradeNo, mchId }: OrderRef): Promise<void> {
  try {
    await callPay(deps, { method: 'POST', path: `${orderPath(outTradeNo)}/close`, body: { mchid: mchId } });
  } catch (error) {
    if (payCodeOf(error) !== 'ORDERCLOSED') throw error;
  }
}

/** Returns the path of an order, by our order number. */
export function orderPath(outTradeNo: string): string {
  return `/v3/pay/transactions/out-trade-no/${encodeURIComponent(outTradeNo)}`;
}
