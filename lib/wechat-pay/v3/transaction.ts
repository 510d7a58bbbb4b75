import * as v from 'valibot';
import type { Transaction } from '../pay-api.ts';

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

/** Reads a decrypted notification or a checked answer; undefined when it is no transaction. */
export function readTransaction(json: string): Transaction | undefined {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), json);
  if (!parsed.success) return undefined;
  const { appid, mchid, out_trade_no, trade_state, transaction_id, success_time, amount } = parsed.output;
  const transaction = { appId: appid, mchId: mchid, outTradeNo: out_trade_no, tradeState: trade_state };
  if (!transaction_id || !success_time || !amount) return transaction;
  const paidAt = new Date(success_time).toISOString();
  return {
    ...transaction,
    payment: { transactionId: transaction_id, paidAt, amountFen: amount.total, currency: amount.currency },
  };
}
