import * as v from 'valibot';
import { AppError } from '../../core/errors.ts';
import type { Order, TradeType } from '../../store/orders.ts';
import type { Transaction } from '../pay-api.ts';
import { payCode } from '../errors.ts';
import { callPay, type PayDeps } from './client.ts';
import { readTransaction } from './transaction.ts';

const text = (max: number) => v.pipe(v.string(), v.minLength(1), v.maxLength(max));

/** Where an order of each kind is created, and what opens its payment (pay 2.0). */
const CREATE: Record<TradeType, { path: string; answer: v.GenericSchema<unknown, string> }> = {
  JSAPI: {
    path: '/v3/pay/transactions/jsapi',
    answer: v.pipe(
      v.object({ prepay_id: text(64) }),
      v.transform(({ prepay_id }) => prepay_id),
    ),
  },
  NATIVE: {
    path: '/v3/pay/transactions/native',
    answer: v.pipe(
      v.object({ code_url: text(512) }),
      v.transform(({ code_url }) => code_url),
    ),
  },
  H5: {
    path: '/v3/pay/transactions/h5',
    answer: v.pipe(
      v.object({ h5_url: text(512) }),
      v.transform(({ h5_url }) => h5_url),
    ),
  },
};

/**
 * Creates an order (pay 2.1-2.3). Everything comes from the stored order, so that a repeat is identical to the first.
 * @returns the prepay_id, code_url or h5_url
 * @throws WECHAT_CONFIG, ORDER_STATE_CONFLICT, FORBIDDEN, RATE_LIMITED, INTERNAL, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT
 */
export async function createOrder(deps: PayDeps, order: Order): Promise<string> {
  const { path, answer } = CREATE[order.tradeType];
  const said = await callPay(deps, {
    method: 'POST',
    path,
    body: {
      appid: order.appId,
      mchid: order.mchId,
      description: order.description,
      out_trade_no: order.outTradeNo,
      time_expire: order.timeExpire,
      notify_url: order.notifyUrl,
      amount: { total: order.amountFen, currency: order.currency },
      ...(order.tradeType === 'JSAPI' && { payer: { openid: order.openId } }),
      ...(order.tradeType === 'H5' && {
        scene_info: { payer_client_ip: order.clientIp, h5_info: { type: 'Wap' } },
      }),
    },
  });
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), answer), said);
  if (parsed.success) return parsed.output;
  throw new AppError('WECHAT_UNAVAILABLE', "WeChat Pay's answer has nothing to pay with");
}

/** What WeChat Pay knows of an order (pay 2.5). @throws NOT_FOUND, WECHAT_CONFIG, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT */
export async function queryOrder(
  deps: PayDeps,
  { outTradeNo, mchId }: Pick<Order, 'outTradeNo' | 'mchId'>,
): Promise<Transaction> {
  const path = `${ofOrder(outTradeNo)}?${new URLSearchParams({ mchid: mchId })}`;
  const transaction = readTransaction(await callPay(deps, { method: 'GET', path }));
  if (transaction?.outTradeNo === outTradeNo) return transaction;
  throw new AppError('WECHAT_UNAVAILABLE', "WeChat Pay's answer is about no such order");
}

/**
 * Closes an order (pay 2.6); here the merchant stands in the body. One that is closed already is closed.
 * @throws ORDER_STATE_CONFLICT when it is paid, NOT_FOUND
 */
export async function closeOrder(
  deps: PayDeps,
  { outTradeNo, mchId }: Pick<Order, 'outTradeNo' | 'mchId'>,
): Promise<void> {
  try {
    await callPay(deps, { method: 'POST', path: `${ofOrder(outTradeNo)}/close`, body: { mchid: mchId } });
  } catch (error) {
    if (payCode(error) !== 'ORDERCLOSED') throw error;
  }
}

function ofOrder(outTradeNo: string): string {
  return `/v3/pay/transactions/out-trade-no/${encodeURIComponent(outTradeNo)}`;
}
