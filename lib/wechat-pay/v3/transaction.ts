import * as v from 'valibot';
import { AppError } from '../../core/errors.ts';
import type { Transaction } from '../pay-api.ts';
import { markVerified, type Verified } from '../verified.ts';
import { callPay, type PayV3Deps } from './client.ts';
import { orderPath, type OrderRef } from './orders.ts';

const schema = v.object({
  appid: v.string(),
  mchid: v.string(),
  out_trade_no: v.string(),
  trade_state: v.string(),
  transaction_id: v.optional(v.string()),
  success_time: v.optional(
    v.pipe(
      v.string(),
      v.check((text) => !Number.isNaN(Date.parse(text))),
    ),
  ),
  amount: v.optional(v.object({ total: v.pipe(v.number(), v.safeInteger()), currency: v.optional(v.string(), 'CNY') })),
});

/**
 * Queries an order.
 * @throws NOT_FOUND, FORBIDDEN, RATE_LIMITED, WECHAT_CONFIG, INTERNAL, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791859
 */
export async function queryTransaction(
  deps: PayV3Deps,
  { outTradeNo, mchId }: OrderRef,
): Promise<Verified<Transaction>> {
  const path = `${orderPath(outTradeNo)}?${new URLSearchParams({ mchid: mchId })}`;
  const transaction = readTransaction(await callPay(deps, { method: 'GET', path }));
  if (transaction?.outTradeNo === outTradeNo) return transaction;
  throw new AppError('WECHAT_UNAVAILABLE', 'WeChat Pay did not return the requested order');
}

/** Reads a decrypted notification or the response to a query, or returns undefined for JSON in another format. */
export function readTransaction(json: Verified<string>): Verified<Transaction> | undefined {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), json);
  if (!parsed.success) return undefined;
  const { appid, mchid, out_trade_no, trade_state, transaction_id, success_time, amount } = parsed.output;
  const transaction: Transaction = { appId: appid, mchId: mchid, outTradeNo: out_trade_no, tradeState: trade_state };
  if (transaction_id && success_time && amount) {
    const paidAt = new Date(success_time).toISOString();
    transaction.payment = { transactionId: transaction_id, paidAt, amountFen: amount.total, currency: amount.currency };
  }
  return markVerified(transaction);
}
