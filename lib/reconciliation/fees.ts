import type { FundFlowRow } from './fund-flow-bill.ts';

/** Fees of a day: the lines of the fund-flow bill, and the deducted minus the returned amount (fen). */
export interface Fees {
  lines: number;
  fen: number;
}

const FEES = new Set(['扣除交易手续费', '退还交易手续费']);

/**
 * Returns whether a line deducts or returns the fee of a payment. The line names the order of the payment.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013071249
 */
export function isFee({ business }: FundFlowRow): boolean {
  return FEES.has(business);
}

export function addFee(fees: Fees, { direction, amountFen }: FundFlowRow): void {
  fees.lines += 1;
  fees.fen += direction === 'expense' ? amountFen : -amountFen;
}
