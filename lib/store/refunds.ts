import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { attempt, transact } from './attempt.ts';
import { dueEntry, keys } from './keys.ts';
import type { Order } from './orders.ts';
import { getItem, type Table } from './table.ts';

/**
 * REPORTED: somebody said so, and WeChat is still to be asked. REQUESTED: WeChat may not have heard of it. PROCESSING,
 * ABNORMAL, SUCCESS, CLOSED: WeChat's word (pay 2.7). REFUSED: WeChat did not take it; the number may be used again.
 */
export type RefundStatus = 'REPORTED' | 'REQUESTED' | 'PROCESSING' | 'ABNORMAL' | 'SUCCESS' | 'CLOSED' | 'REFUSED';

/** One refund, by the number that is unique for the merchant. Amounts are fen, times ISO 8601. */
export interface Refund {
  outRefundNo: string;
  outTradeNo: string;
  amountFen: number;
  status: RefundStatus;
  /** Made through `pay-refund`, or by hand in the merchant platform. */
  source: 'API' | 'CONSOLE';
  createdAt: string;
  /** When it came to its status. */
  changedAt: string;
  /** As they were sent: a repeat must not differ. */
  reason?: string;
  notifyUrl?: string;
  refundId?: string;
  successAt?: string;
}

/** What of an order a refund changes. */
export type RefundMoney = Pick<Order, 'state' | 'refundedFen' | 'refundingFen' | 'refundCount'>;

/** The refund, or undefined. Strong: it is read to decide about money. */
export function readRefund(table: Table, outRefundNo: string): Promise<Refund | undefined> {
  return getItem(table, keys.refund(outRefundNo), 'strong');
}

/**
 * Writes a refund and what it does to the money of its order, or nothing at all.
 * @param seen the order and the refund as they were read; no refund when there was none
 * @param dueAtMs when somebody should ask WeChat about it, undefined when never
 * @returns false when either changed since: read again and decide again
 */
export function writeRefund(
  table: Table,
  seen: { order: Order; refund: Refund | undefined },
  { refund, money, dueAtMs }: { refund: Refund; money: RefundMoney; dueAtMs: number | undefined },
): Promise<boolean> {
  const { name: TableName } = table;
  // What was read brings along when it was due.
  const due = dueAtMs === undefined ? { duePk: undefined, dueSk: undefined } : dueEntry(refund.outRefundNo, dueAtMs);
  return transact(table, [
    {
      Put: {
        TableName,
        Item: { ...refund, ...due, ...keys.refund(refund.outRefundNo) },
        ...(seen.refund === undefined
          ? { ConditionExpression: 'attribute_not_exists(pk)' }
          : {
              ConditionExpression: '#status = :status AND changedAt = :changedAt',
              ExpressionAttributeNames: { '#status': 'status' },
              ExpressionAttributeValues: { ':status': seen.refund.status, ':changedAt': seen.refund.changedAt },
            }),
      },
    },
    {
      Update: {
        TableName,
        Key: keys.order(refund.outTradeNo),
        UpdateExpression: 'SET #state = :state, refundedFen = :back, refundingFen = :held, refundCount = :count',
        ConditionExpression: '#state = :was AND refundedFen = :wasBack AND refundingFen = :wasHeld',
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: {
          ':state': money.state,
          ':back': money.refundedFen,
          ':held': money.refundingFen,
          ':count': money.refundCount,
          ':was': seen.order.state,
          ':wasBack': seen.order.refundedFen,
          ':wasHeld': seen.order.refundingFen,
        },
      },
    },
  ]);
}

/** Notes that somebody spoke of a refund, unless it is known; WeChat is to be asked about it at `dueAtMs`. */
export async function putReport(table: Table, refund: Refund, dueAtMs: number): Promise<void> {
  const Item = { ...keys.refund(refund.outRefundNo), ...refund, ...dueEntry(refund.outRefundNo, dueAtMs) };
  const put = new PutCommand({ TableName: table.name, Item, ConditionExpression: 'attribute_not_exists(pk)' });
  await attempt(() => table.client.send(put));
}
