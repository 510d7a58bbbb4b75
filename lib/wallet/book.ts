import type { DomainEvent } from '../events/schemas.ts';
import type { Runtime } from '../core/runtime.ts';
import { readOrder } from '../store/orders.ts';
import type { Table } from '../store/table.ts';
import { bookEntry, creditId, type WalletEntry } from '../store/wallets.ts';

export type WalletDeps = Pick<Runtime, 'log'> & { table: Table };

/** Puts a paid top-up into the wallet of who ordered it: once, however often the event comes. */
export async function creditTopUp(deps: WalletDeps, { data }: DomainEvent<'order.paid'>): Promise<void> {
  if (data.kind !== 'wallet-topup') return;
  const { outTradeNo, userId: accountId, amountFen, paidAt: at } = data;
  await book(deps, { id: creditId(outTradeNo), accountId, amountFen, outTradeNo, at });
}

/**
 * Takes the money of a refunded top-up out again, once. It may have been spent: then the balance is below zero. The
 * refund may be heard of before the payment: the sum is the same.
 */
export async function takeBackTopUp(deps: WalletDeps, { data }: DomainEvent<'order.refunded'>): Promise<void> {
  const { outTradeNo, outRefundNo, userId: accountId, amountFen, successAt: at } = data;
  const order = await readOrder(deps.table, outTradeNo);
  if (!order) throw new Error(`The refund ${outRefundNo} is of an order that is not there`);
  if (order.kind !== 'wallet-topup') return;
  await book(deps, { id: `refund:${outRefundNo}`, accountId, amountFen: -amountFen, outTradeNo, at });
}

async function book({ table, log }: WalletDeps, entry: WalletEntry): Promise<void> {
  const booked = await bookEntry(table, entry);
  log.info(booked ? 'wallet.booked' : 'wallet.booked-before', { ...entry });
}
