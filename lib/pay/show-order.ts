import * as v from 'valibot';
import { AppError } from '../core/errors.ts';
import { ownerOf } from '../store/keys.ts';
import { readOrder, type Order } from '../store/orders.ts';
import { listMismatches, type PayMismatch } from '../store/pay-notices.ts';
import { readRefund, type Refund } from '../store/refunds.ts';
import { readShipment, type Shipment } from '../store/shipments.ts';
import type { Table } from '../store/table.ts';
import { orderNumber } from '../core/number-schemas.ts';

const request = v.object({ outTradeNo: orderNumber }, 'must be {"outTradeNo": "…"}');

/** Attributes that place an item in the table and its indexes. */
const KEYS = ['pk', 'sk', 'followUpPk', 'followUpSk', 'paidPk', 'paidSk'];
/** Fields that open a payment, or serve only the flows. */
const HIDDEN = ['paymentHandle', 'requestFingerprint', 'placedBy', 'refundNos'] as const;

/** An order of the ledger, for operators. */
export interface ShownOrder {
  /** `openId` and `clientIp` are masked. */
  order: Omit<Order, (typeof HIDDEN)[number]> & { userId: string };
  /** Oldest first. A refund that only an unsigned notification or a bill reported is absent. */
  refunds: Refund[];
  /** Null for an order that WeChat does not ask to ship. Phone numbers of the contacts are masked. */
  shipment: Shipment | null;
  /** Payments and refunds at WeChat that do not match the order. */
  mismatches: PayMismatch[];
}

/**
 * Returns an order with its refunds, its shipment and its mismatches, for an operator.
 * @throws PARAM_ERROR for a malformed input; NOT_FOUND when no order and no mismatch has this number
 */
export async function showOrder({ table }: { table: Table }, input: unknown): Promise<ShownOrder> {
  const parsed = v.safeParse(request, input);
  if (!parsed.success) throw new AppError('PARAM_ERROR', v.summarize(parsed.issues));
  const { outTradeNo } = parsed.output;
  const [order, stored] = await Promise.all([readOrder(table, outTradeNo), listMismatches(table, outTradeNo)]);
  const mismatches = stored.map((mismatch) => without(mismatch, KEYS));
  if (!order) {
    const hint = mismatches.length > 0 ? `; WeChat reported money for it: ${JSON.stringify(mismatches)}` : '';
    throw new AppError('NOT_FOUND', `No order has the number ${outTradeNo}${hint}`);
  }
  const [shipment, ...refunds] = await Promise.all([
    readShipment(table, outTradeNo, 'strong'),
    ...[...(order.refundNos ?? [])].map((no) => readRefund(table, no)),
  ]);
  return {
    order: maskedOrder(order),
    refunds: refunds
      .filter((refund) => refund !== undefined)
      .map((refund) => without(refund, KEYS))
      .toSorted((a, b) => (a.createdAt < b.createdAt ? -1 : 1)),
    shipment: shipment ? without(shipment, KEYS) : null,
    mismatches,
  };
}

function maskedOrder(order: Order): ShownOrder['order'] {
  const { openId, clientIp, ...shown } = without(order, [...KEYS, ...HIDDEN]);
  return {
    ...shown,
    userId: ownerOf(order.outTradeNo),
    ...(openId !== undefined && { openId: masked(openId) }),
    ...(clientIp !== undefined && { clientIp: masked(clientIp) }),
  };
}

function without<Item extends object>(item: Item, names: readonly string[]): Item {
  return Object.fromEntries(Object.entries(item).filter(([name]) => !names.includes(name))) as Item;
}

/** Shows the first quarter of a text. */
function masked(text: string): string {
  return `${text.slice(0, Math.floor(text.length / 4))}****`;
}
