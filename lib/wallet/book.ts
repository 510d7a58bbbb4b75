import type { DomainEvent } from '../events/schemas.ts';
import type { Runtime } from '../core/runtime.ts';
import { readOrder } from '../store/orders.ts';
import type { Table } from '../store/table.ts';
import { bookEntry, creditId, type WalletEntry } from '../store/wallets.ts';

export type WalletDeps = Pick<Runtime, 'log'> & { table: Table };

/** Books a paid top-up into the buyer's wallet. Idempotent. */
export async function creditTopUp(deps: WalletDeps, { data }: DomainEvent<'order.paid'>): Promise<void> {
  if (data.kind !== 'wallet-topup') return;
  const { outTradeNo, userId: accountId, amountFen, paidAt: at } = data;
  await book(deps, { id: creditId(outTradeNo), accountId, amountFen, outTradeNo, at });
}

/**
 * Books a refunded top-up out of the wallet. Idempotent. The balance becomes negative if the money was already spent.
 * The refund event may arrive before the payment event; the final balance is the same.
 */
export async function takeBackTopUp(deps: WalletDeps, { data }: DomainEvent<'order.refunded'>): Promise<void> {
  const { outTradeNo, outRefundNo, userId: accountId, amountFen, successAt: at } = data;
  const order = await readOrder(deps.table, outTradeNo);
  if (!order) throw new Error(`Order ${outTradeNo} of refund ${outRefundNo} does not exist`);
  if (order.kind !== 'wallet-topup') return;
  await book(deps, { id: `refund:${outRefundNo}`, accountId, amountFen: -amountFen, outTradeNo, at });
}

async function book({ table, log }: WalletDeps, entry: WalletEntry): Promise<void> {
  const booked = await bookEntry(table, entry);
  log.info(booked ? 'wallet.booked' : 'wallet.booking-repeated', { ...entry });
}
