import type { LedgerOrder } from '../store/ledger.ts';

interface PaymentSum {
  payments: number;
  paidFen: number;
}

/** The virtual payments that the ledger lists on a day, by the bill that covers them. */
export interface VirtualPayments {
  /** Live payments that WeChat received: those of the daily bill. */
  wechat: PaymentSum;
  /** Payments that Apple received. Apple settles them monthly, and WeChat has a bill of its own for them. */
  apple: PaymentSum;
  /** Payments in the sandbox. */
  sandbox: PaymentSum;
}

export function noVirtualPayments(): VirtualPayments {
  const none = () => ({ payments: 0, paidFen: 0 });
  return { wechat: none(), apple: none(), sandbox: none() };
}

/** Counts a paid order of virtual payment. */
export function countVirtual(counted: VirtualPayments, { env, paidBy, amountFen }: LedgerOrder): void {
  const sum = counted[env === 'sandbox' ? env : (paidBy ?? 'wechat')];
  sum.payments += 1;
  sum.paidFen += amountFen;
}
