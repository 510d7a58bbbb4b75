import { PutCommand } from '@aws-sdk/lib-dynamodb';
import { attempt, transact } from './attempt.ts';
import { followUpEntry, keys } from './keys.ts';
import type { Order } from './orders.ts';
import { getItem, type Table } from './table.ts';

/**
 * - REPORTED: an unsigned notification or a bill contains the refund, and a query must confirm it.
 * - REQUESTED: the refund is stored here, and WeChat may not have received the request.
 * - PROCESSING, ABNORMAL, SUCCESS, CLOSED: the statuses of WeChat.
 * - REFUSED: WeChat declined the request, and the number can be reused. Published events contain this value, so its
 *   name cannot change.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013071041
 */
export type RefundStatus = 'REPORTED' | 'REQUESTED' | 'PROCESSING' | 'ABNORMAL' | 'SUCCESS' | 'CLOSED' | 'REFUSED';

/**
 * The accounts of the merchant that can pay a refund.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013071036
 */
export const FUNDS_ACCOUNTS = ['AVAILABLE', 'UNSETTLED'] as const;
type FundsAccount = (typeof FUNDS_ACCOUNTS)[number];

/** One refund. `outRefundNo` is unique for the merchant. Amounts are fen, times ISO 8601. */
export interface Refund {
  outRefundNo: string;
  outTradeNo: string;
  amountFen: number;
  status: RefundStatus;
  /** API: requested through `pay-refund`. CONSOLE: made in the merchant platform. */
  source: 'API' | 'CONSOLE';
  createdAt: string;
  /** Time of the last change of the status. */
  changedAt: string;
  /** Stored as sent, like `notifyUrl` and `fundsAccount`, because a repeated request must be identical. */
  reason?: string;
  notifyUrl?: string;
  /** The account of the merchant that pays the refund; absent for the default account. */
  fundsAccount?: FundsAccount;
  /** Another refund of the merchant has this number, so a repeat of the request cannot succeed. */
  numberInUse?: true;
  /** The `attach` of the order, which the events of the refund carry. */
  attach?: string;
  refundId?: string;
  successAt?: string;
}

/** The fields of an order that a refund changes. */
export type RefundMoney = Pick<Order, 'state' | 'refundedFen' | 'refundingFen' | 'refundCount'>;

/** Reads a refund strongly, because decisions about money depend on it. */
export function readRefund(table: Table, outRefundNo: string): Promise<Refund | undefined> {
  return getItem(table, keys.refund(outRefundNo), 'strong');
}

/**
 * Writes a refund and its effect on the money of its order in one transaction.
 * @param seen the order and the refund as they were read. `refund` is undefined if the table had no such refund.
 * @param followUpAtMs when to query WeChat about the refund, or undefined for never
 * @returns false on a version conflict; the caller then reads both again and decides again
 */
export function writeRefund(
  table: Table,
  seen: { order: Order; refund: Refund | undefined },
  { refund, money, followUpAtMs }: { refund: Refund; money: RefundMoney; followUpAtMs: number | undefined },
): Promise<boolean> {
  const { name: TableName } = table;
  // A refund that was read from the table contains its former follow-up, which must not be written back.
  const followUp =
    followUpAtMs === undefined
      ? { followUpPk: undefined, followUpSk: undefined }
      : followUpEntry({ kind: 'refund', no: refund.outRefundNo }, followUpAtMs);
  return transact(table, [
    {
      Put: {
        TableName,
        Item: { ...refund, attach: seen.order.attach, ...followUp, ...keys.refund(refund.outRefundNo) },
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
        UpdateExpression:
          'SET #state = :state, refundedFen = :back, refundingFen = :held, refundCount = :count ADD refundNos :no',
        ConditionExpression: '#state = :was AND refundedFen = :wasBack AND refundingFen = :wasHeld',
        ExpressionAttributeNames: { '#state': 'state' },
        ExpressionAttributeValues: {
          ':no': new Set([refund.outRefundNo]),
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

/**
 * Stores a refund that this service did not request, with a follow-up at `followUpAtMs`.
 * @returns false when a refund of this number is stored already
 */
export async function putReportedRefund(table: Table, refund: Refund, followUpAtMs: number): Promise<boolean> {
  const entry = followUpEntry({ kind: 'refund', no: refund.outRefundNo }, followUpAtMs);
  const Item = { ...keys.refund(refund.outRefundNo), ...refund, ...entry };
  const put = new PutCommand({ TableName: table.name, Item, ConditionExpression: 'attribute_not_exists(pk)' });
  return (await attempt(() => table.client.send(put))).done;
}
