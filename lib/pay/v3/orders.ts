import * as v from 'valibot';
import { AppError } from '../../errors.ts';
import type { Order } from '../../store/orders.ts';
import { callPay, type PayDeps } from './client.ts';
import { readTransaction, type Transaction } from './transaction.ts';

const created = v.object({ prepay_id: v.pipe(v.string(), v.minLength(1), v.maxLength(64)) });

/**
 * Creates a JSAPI order (mini-program or official account, pay 2.1). Everything comes from the stored order, so that a
 * repeat is identical to the first.
 * @returns the prepay_id
 * @throws WECHAT_CONFIG, ORDER_STATE_CONFLICT, FORBIDDEN, RATE_LIMITED, INTERNAL, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT
 */
export async function createJsapiOrder(deps: PayDeps, order: Order, notifyUrl: string): Promise<string> {
  const answer = await callPay(deps, {
    method: 'POST',
    path: '/v3/pay/transactions/jsapi',
    body: {
      appid: order.appId,
      mchid: order.mchId,
      description: order.description,
      out_trade_no: order.outTradeNo,
      time_expire: order.timeExpire,
      notify_url: notifyUrl,
      amount: { total: order.amountFen, currency: order.currency },
      payer: { openid: order.openId },
    },
  });
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), created), answer);
  if (parsed.success) return parsed.output.prepay_id;
  throw new AppError('WECHAT_UNAVAILABLE', "WeChat Pay's answer has no prepay_id");
}

/** What WeChat Pay knows of an order (pay 2.5). @throws NOT_FOUND, WECHAT_CONFIG, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT */
export async function queryOrder(
  deps: PayDeps,
  { outTradeNo, mchId }: Pick<Order, 'outTradeNo' | 'mchId'>,
): Promise<Transaction> {
  const query = new URLSearchParams({ mchid: mchId });
  const path = `/v3/pay/transactions/out-trade-no/${encodeURIComponent(outTradeNo)}?${query}`;
  const transaction = readTransaction(await callPay(deps, { method: 'GET', path }));
  if (transaction?.outTradeNo === outTradeNo) return transaction;
  throw new AppError('WECHAT_UNAVAILABLE', "WeChat Pay's answer is about no such order");
}
