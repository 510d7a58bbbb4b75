import * as v from 'valibot';
import { fromBeijing } from '../../core/beijing-time.ts';
import type { Transaction } from '../pay-api.ts';
import type { V2Fields } from './fields.ts';

/** What WeChat or we gave a name to: it may become a key of the table. */
export const idText = v.pipe(v.string(), v.maxLength(64));
export const fenText = v.pipe(v.string(), v.digits(), v.transform(Number), v.safeInteger());
/** ISO 8601 of a time that says no zone: it is Beijing's. */
export const beijingText = v.pipe(
  v.string(),
  v.transform(fromBeijing),
  v.finite(),
  v.transform((ms) => new Date(ms).toISOString()),
);

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
 * Reads a checked answer or notification (pay 5.4, 5.7); undefined when it is no transaction. The fields of an order that
 * nobody paid are few.
 */
export function readTransaction(fields: V2Fields): Transaction | undefined {
  const parsed = v.safeParse(schema, fields);
  if (!parsed.success) return undefined;
  const { appid, mch_id, out_trade_no, trade_state, transaction_id, time_end, total_fee, fee_type } = parsed.output;
  const transaction = { appId: appid, mchId: mch_id, outTradeNo: out_trade_no, tradeState: trade_state };
  if (transaction_id === undefined || time_end === undefined || total_fee === undefined) return transaction;
  const payment = { transactionId: transaction_id, paidAt: time_end, amountFen: total_fee, currency: fee_type };
  return { ...transaction, payment };
}
