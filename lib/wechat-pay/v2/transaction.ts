import * as v from 'valibot';
import { AppError } from '../../core/errors.ts';
import type { Transaction } from '../pay-api.ts';
import { markVerified, type Verified } from '../verified.ts';
import { callPayV2, type PayV2Deps } from './client.ts';
import { beijingText, fenText, idText } from './field-schemas.ts';
import type { V2Fields } from './fields.ts';
import { orderFields, type OrderRefV2 } from './orders.ts';

const schema = v.object({
  appid: idText,
  mch_id: idText,
  out_trade_no: idText,
  trade_state: v.string(),
  transaction_id: v.optional(idText),
  time_end: v.optional(beijingText),
  total_fee: v.optional(fenText),
  fee_type: v.optional(v.string(), 'CNY'),
});

/**
 * Queries an order.
 * @throws NOT_FOUND, FORBIDDEN, RATE_LIMITED, WECHAT_CONFIG, INTERNAL, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT
 * @see https://pay.weixin.qq.com/doc/v2/merchant/4011935215
 */
export async function queryTransactionV2(deps: PayV2Deps, order: OrderRefV2): Promise<Verified<Transaction>> {
  const transaction = readTransactionV2(await callPayV2(deps, { path: '/pay/orderquery', fields: orderFields(order) }));
  if (transaction?.outTradeNo === order.outTradeNo) return transaction;
  throw new AppError('WECHAT_UNAVAILABLE', 'WeChat Pay did not return the requested order');
}

/**
 * Reads a signed response or notification, or returns undefined for fields in another format. The payment fields are
 * optional, because an unpaid order lacks them.
 * @param stateIfAbsent the trade state to use when the message has no `trade_state`; a notification never has this
 * field
 * @see https://pay.weixin.qq.com/doc/v2/merchant/4011935215
 * @see https://pay.weixin.qq.com/doc/v2/merchant/4011935221
 */
export function readTransactionV2(
  fields: Verified<V2Fields>,
  stateIfAbsent?: string,
): Verified<Transaction> | undefined {
  const parsed = v.safeParse(schema, { trade_state: stateIfAbsent, ...fields });
  if (!parsed.success) return undefined;
  const { appid, mch_id, out_trade_no, trade_state, transaction_id, time_end, total_fee, fee_type } = parsed.output;
  const transaction: Transaction = { appId: appid, mchId: mch_id, outTradeNo: out_trade_no, tradeState: trade_state };
  if (transaction_id !== undefined && time_end !== undefined && total_fee !== undefined) {
    const payment = { transactionId: transaction_id, paidAt: time_end, amountFen: total_fee, currency: fee_type };
    transaction.payment = payment;
  }
  return markVerified(transaction);
}
