import type { DomainEvent } from '../events/schemas.ts';
import type { Runtime } from '../core/runtime.ts';
import { ownerOf } from '../store/keys.ts';
import { isPaid } from '../store/order-states.ts';
import { readOrder } from '../store/orders.ts';
import { readRefund } from '../store/refunds.ts';
import type { Table } from '../store/table.ts';
import { bookEntry, creditId, type WalletEntry } from '../store/wallets.ts';

export type WalletDeps = Pick<Runtime, 'log'> & { table: Table };

/**
 * Books a paid top-up into the buyer's wallet. Idempotent. Only the number of the order is taken from the event, because
 * the ledger decides about money. The event follows the write of the payment, so the strong read finds the payment.
 * @throws Error when the ledger has no such order, or the order is not paid
 */
export async function creditTopUp(
  deps: WalletDeps,
  { data: { outTradeNo } }: DomainEvent<'order.paid'>,
): Promise<void> {
  const order = await readOrder(deps.table, outTradeNo);
  if (!order) throw new Error(`Order ${outTradeNo} does not exist; an event of another source cannot be credited`);
  if (!isPaid(order) || order.paidAt === undefined) {
    throw new Error(`Order ${outTradeNo} is ${order.state}, not paid; an event of another source cannot be credited`);
  }
  if (order.kind !== 'wallet-topup') return;
  const { amountFen, paidAt: at } = order;
  await book(deps, { id: creditId(outTradeNo), accountId: ownerOf(outTradeNo), amountFen, outTradeNo, at });
}

/**
 * Books a refunded top-up out of the wallet. Idempotent. The balance becomes negative if the money was already spent.
 * The refund event may arrive before the payment event; the final balance is the same. Only the number of the refund is
 * taken from the event.
 * @throws Error when the ledger has no such refund, its money did not arrive, or its order does not exist
 */
export async function takeBackTopUp(
  deps: WalletDeps,
  { data: { outRefundNo } }: DomainEvent<'order.refunded'>,
): Promise<void> {
  const refund = await readRefund(deps.table, outRefundNo);
  if (refund?.status !== 'SUCCESS' || refund.successAt === undefined) {
    const state = refund?.status ?? 'unknown';
    throw new Error(`Refund ${outRefundNo} is ${state}, not SUCCESS; an event of another source cannot be booked`);
  }
  const { outTradeNo, amountFen, successAt: at } = refund;
  const order = await readOrder(deps.table, outTradeNo);
  if (!order) throw new Error(`Order ${outTradeNo} of refund ${outRefundNo} does not exist`);
  if (order.kind !== 'wallet-topup') return;
  const accountId = ownerOf(outTradeNo);
  await book(deps, { id: `refund:${outRefundNo}`, accountId, amountFen: -amountFen, outTradeNo, at });
}

async function book({ table, log }: WalletDeps, entry: WalletEntry): Promise<void> {
  const booked = await bookEntry(table, entry);
  log.info(booked ? 'wallet.booked' : 'wallet.booking-repeated', { ...entry });
}
