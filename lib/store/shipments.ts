import { DeleteCommand } from '@aws-sdk/lib-dynamodb';
import type { Delivery } from '../core/delivery.ts';
import { attempt } from './attempt.ts';
import { keys, ownerOf } from './keys.ts';
import type { Order } from './orders.ts';
import { getItem, readAllPages, type Table } from './table.ts';
import { putVersioned } from './versioned-items.ts';

/**
 * The way of a paid order to its settlement. `to-ship`: WeChat keeps the money. `shipped`: the whole order was shipped.
 * `received`: the buyer, or WeChat after some days, confirmed the receipt. `settled`: the merchant has the money.
 */
export type ShippingState = 'to-ship' | 'shipped' | 'received' | 'settled';

/** One parcel. Deliveries without a carrier have no parcels. */
export interface Parcel {
  /** WeChat's code of the carrier, such as `STO`. */
  carrier: string;
  trackingNo: string;
  /** The content of the parcel, as the buyer sees it. Default: the description of the order. */
  description?: string;
  /** Phone numbers with the last four digits open, such as `+86-177****1234`. The carrier SF requires one. */
  contact?: { consignor?: string; receiver?: string };
}

/** Shipping information for WeChat. */
export interface ShippingUpload {
  delivery: Delivery;
  /** All parcels of the order so far. */
  parcels: Parcel[];
  /** Whether the whole order is shipped. */
  isFinal: boolean;
  /** The time in the upload (epoch ms). WeChat accepts a correction only with a later time. */
  uploadAtMs: number;
  /** The upload replaces one that WeChat accepted, which WeChat permits once. */
  isCorrection?: true;
  /** Hash of the operator's request, by which a repeated request is recognised. Absent without an operator. */
  requestFingerprint?: string;
}

/** The claim of the caller that sends an upload. */
export interface UploadClaim {
  claimId: string;
  claimedAtMs: number;
}

/**
 * The shipping of one order that was paid in the mini-program. A change of a time is the outbox entry of its event. Times
 * are ISO 8601 unless named `…Ms`.
 */
export interface Shipment extends Pick<Order, 'outTradeNo' | 'sku' | 'amountFen' | 'attach'> {
  /** Incremented by each write, for optimistic locking. */
  revision: number;
  state: ShippingState;
  delivery: Delivery;
  /** The parcels that WeChat has. */
  parcels: Parcel[];
  paidAt: string;
  shippedAt?: string;
  receivedAt?: string;
  settledAt?: string;
  estimatedSettlementAt?: string;
  /** The number in WeChat's push. WeChat documents its meaning in contradictory ways. */
  confirmReceiveMethod?: string;
  /**
   * An upload whose outcome is not known yet. The caller that claimed it sends it; without a claim any caller may. By
   * `claimId` a caller recognises its own claim.
   */
  pending?: ShippingUpload & Partial<UploadClaim>;
  /** The time of the newest upload that WeChat accepted. */
  uploadAtMs?: number;
  /** The request of that upload. */
  requestFingerprint?: string;
  /** WeChat accepted the one correction of a shipped order. */
  isCorrected?: true;
  /** When WeChat was notified that the carrier delivered the order. WeChat accepts one notice. */
  deliveryNotifiedAt?: string;
  /** The time of the last warning that the order is not shipped (epoch ms). */
  warnedAtMs?: number;
  /** The order was refunded in full before its settlement, so that nothing is left to settle. */
  refundedAt?: string;
}

/** Reads a shipment. */
export function readShipment(
  table: Table,
  outTradeNo: string,
  consistency: 'eventual' | 'strong',
): Promise<Shipment | undefined> {
  return getItem(table, keys.shipment(outTradeNo), consistency);
}

/**
 * Reads the shipments of a page of orders by the numbers of the orders, with one query for each owner. Orders without a
 * shipment are absent.
 */
export async function readShipments(table: Table, outTradeNos: string[]): Promise<Map<string, Shipment>> {
  const sorted = outTradeNos.toSorted();
  const owners = [...new Set(sorted.map(ownerOf))];
  const pages = await Promise.all(
    owners.map((owner) =>
      readRange(
        table,
        sorted.filter((outTradeNo) => ownerOf(outTradeNo) === owner),
      ),
    ),
  );
  return new Map(pages.flat().map((shipment) => [shipment.outTradeNo, shipment]));
}

function readRange({ client, name: TableName }: Table, sorted: string[]): Promise<Shipment[]> {
  const [from, to] = [keys.shipment(sorted[0]!), keys.shipment(sorted.at(-1)!)];
  return readAllPages(client, {
    TableName,
    KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
    ExpressionAttributeValues: { ':pk': from.pk, ':from': from.sk, ':to': to.sk },
  });
}

/**
 * Writes a shipment in place of the one that was read.
 * @param seen the shipment as it was read; undefined if the table had none
 * @param followUpAtMs when to look at the shipment again (epoch ms), or undefined for never
 * @returns the written shipment; undefined on a version conflict: the caller reads again and decides again
 */
export function writeShipment(
  table: Table,
  seen: Shipment | undefined,
  next: Omit<Shipment, 'revision'>,
  followUpAtMs: number | undefined,
): Promise<Shipment | undefined> {
  const { outTradeNo } = next;
  const followUp = { kind: 'shipment' as const, no: outTradeNo, atMs: followUpAtMs };
  return putVersioned(table, { key: keys.shipment(outTradeNo), followUp }, seen, next);
}

/**
 * Deletes a shipment that WeChat does not ask for.
 * @returns false on a version conflict
 */
export async function deleteShipment(
  { client, name: TableName }: Table,
  { outTradeNo, revision }: Pick<Shipment, 'outTradeNo' | 'revision'>,
): Promise<boolean> {
  const remove = new DeleteCommand({
    TableName,
    Key: keys.shipment(outTradeNo),
    ConditionExpression: 'revision = :seen',
    ExpressionAttributeValues: { ':seen': revision },
  });
  return (await attempt(() => client.send(remove))).done;
}
