import { PutCommand, UpdateCommand, type UpdateCommandInput, type UpdateCommandOutput } from '@aws-sdk/lib-dynamodb';
import type { Delivery } from '../core/delivery.ts';
import type { VirtualEnv } from '../core/virtual-env.ts';
import { LIVING } from './accounts.ts';
import { attempt, transact, type Attempt } from './attempt.ts';
import { followUpEntry, keys, paidEntry, type FollowUpEntry, type PaidEntry } from './keys.ts';
import type { Price } from './prices.ts';
import { getItem, type Table } from './table.ts';

export type OrderState = 'CREATED' | 'NOTPAY' | 'PAID' | 'CLOSED' | 'REFUNDING' | 'REFUNDED';
/** The trade types of a merchant number. */
export type MerchantTradeType = 'JSAPI' | 'NATIVE' | 'H5';
export type TradeType = MerchantTradeType | 'VIRTUAL';
/** The protocols of a merchant number. `PAY_API` chooses the protocol of new orders. */
export type MerchantApiName = 'v3' | 'v2';
/** The protocol of an order: a VIRTUAL order has `virtual`, every other order the protocol of the merchant number. */
export type PayApiName = MerchantApiName | 'virtual';

/**
 * One order. Its number begins with the account id of the owner. Amounts are fen, times ISO 8601 unless named `…Ms`.
 */
export interface Order {
  outTradeNo: string;
  sku: string;
  description: string;
  kind: Price['kind'];
  /** Absent in orders that were placed before version 0.7.0: see deliveryOf. */
  delivery?: Delivery;
  amountFen: number;
  currency: string;
  state: OrderState;
  createdAt: string;
  /** The protocol that creates, queries and closes the order. */
  api: PayApiName;
  tradeType: TradeType;
  /** Text of the client, which WeChat returns with the payment. */
  attach?: string;
  /** Last moment to pay. Stored, because WeChat rejects a repeated creation with any different field. */
  timeExpire: string;
  /** Empty in a VIRTUAL order: WeChat reports its payment in the message push. */
  notifyUrl: string;
  /** The number of the merchant; the offer id of virtual payment in a VIRTUAL order. */
  mchId: string;
  appId: string;
  /** The openid of the payer in `appId`. Removed when the user closes the account, like `clientIp`. */
  openId?: string;
  /** IP address of the client that placed the order. */
  clientIp?: string;
  /** Amount of the refunds that WeChat completed. */
  refundedFen: number;
  /** Amount of the refunds that are requested, processing or abnormal. */
  refundingFen: number;
  /** Numbers of its refunds, also of declined refunds. */
  refundNos?: Set<string>;
  /** Number of refunds that `refundedFen` and `refundingFen` include. */
  refundCount: number;
  /** The prepay_id, code_url or h5_url that opens the payment. */
  paymentHandle?: string;
  /** Time until which the payment handle is returned to a client. */
  paymentHandleExpiresAtMs?: number;
  /** The goods of a VIRTUAL order: the id and the price of the published good (fen). */
  goods?: { productId: string; unitFen: number; quantity: number };
  /** The environment of a VIRTUAL order. An order never changes it, and a payment of another one is not booked. */
  env?: VirtualEnv;
  /** Apple received the payment of a VIRTUAL order. Only Apple can refund such a payment. */
  paidBy?: 'apple';
  transactionId?: string;
  paidAt?: string;
  /** Time of the last claim to query the order at WeChat. */
  queriedAtMs?: number;
  /** Time of the last claim to create the order at WeChat. */
  creationClaimedAtMs?: number;
  /**
   * The order number that the request which stored the order had generated. With a repeated Idempotency-Key the number
   * of the order itself can be that of an earlier request.
   */
  placedBy?: string;
  /**
   * Hash of the requested purchase. A repeat of an Idempotency-Key must have the same hash. The hash does not include
   * the catalogue price.
   */
  requestFingerprint: string;
}

/** A payment handle, and the time until which it is returned to a client. */
export type PaymentHandle = Pick<Order, 'paymentHandle' | 'paymentHandleExpiresAtMs'>;

/** The terms that a payment must match. */
export type PaymentTerms = Pick<Order, 'outTradeNo' | 'appId' | 'mchId' | 'amountFen' | 'currency' | 'env'>;

/**
 * Stores a new order with a follow-up at `followUpAtMs`, unless an order of this number exists.
 * @returns the stored order. After a lost response, the SDK's retry finds the order of its own first attempt.
 */
export async function putOrder(table: Table, order: Order, followUpAtMs: number): Promise<Order> {
  const put = new PutCommand({
    ...newItem(table, order, followUpAtMs),
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  const stored = await attempt<unknown, Order>(() => table.client.send(put));
  return stored.done ? order : stored.rejecting!;
}

/**
 * Stores a new top-up with a follow-up at `followUpAtMs`, if the account `accountId` is neither merged nor closed. The
 * same transaction increments the `revision` of the account. A concurrent close of the account therefore fails with a
 * version conflict, and decides again on the orders that now exist.
 * @returns false if the account was merged or closed, or an order of this number exists
 */
export function putTopUp(
  table: Table,
  order: Order,
  { accountId, followUpAtMs }: { accountId: string; followUpAtMs: number },
): Promise<boolean> {
  const account = {
    TableName: table.name,
    Key: keys.account(accountId),
    UpdateExpression: 'ADD revision :one',
    ConditionExpression: LIVING,
    ExpressionAttributeValues: { ':one': 1 },
  };
  return transact(table, [{ Put: newItem(table, order, followUpAtMs) }, { Update: account }]);
}

function newItem({ name: TableName }: Table, order: Order, followUpAtMs: number) {
  const { outTradeNo } = order;
  return {
    TableName,
    Item: { ...keys.order(outTradeNo), ...followUpEntry({ kind: 'order', no: outTradeNo }, followUpAtMs), ...order },
    ConditionExpression: 'attribute_not_exists(pk)',
  };
}

/** Reads an order strongly, because decisions about money depend on it. */
export function readOrder(table: Table, outTradeNo: string): Promise<Order | undefined> {
  return getItem(table, keys.order(outTradeNo), 'strong');
}

/** Removes the payer's personal data from an order. */
export async function erasePayer({ client, name: TableName }: Table, outTradeNo: string): Promise<void> {
  await client.send(
    new UpdateCommand({ TableName, Key: keys.order(outTradeNo), UpdateExpression: 'REMOVE openId, clientIp' }),
  );
}

/** Stores that WeChat accepted the order, and its payment handle. Changes nothing after a payment or a close. */
export function markAccepted(
  table: Table,
  { outTradeNo, from, ...accepted }: { outTradeNo: string; from: OrderState[] } & Required<PaymentHandle>,
): Promise<Attempt<Order, Order>> {
  return changeOrder(table, outTradeNo, from, { set: { state: 'NOTPAY', ...accepted } });
}

interface Paid {
  transactionId: string;
  paidAt: string;
  paidBy?: Order['paidBy'] | undefined;
  from: OrderState[];
  /** When to look at the paid order again (epoch ms). Default: never. */
  followUpAtMs?: number | undefined;
}

/**
 * Marks an order as paid in one write, if its state is in `from` and its fields match `terms`. Otherwise `rejecting` is
 * the stored order.
 */
export function markPaid(
  table: Table,
  terms: PaymentTerms,
  { transactionId, paidAt, paidBy, from, followUpAtMs }: Paid,
): Promise<Attempt<Order, Order>> {
  const { outTradeNo, ...expect } = terms;
  const paid = { state: 'PAID' as const, transactionId, paidAt, ...(paidBy && { paidBy }) };
  const set = { ...paid, ...paidEntry(outTradeNo, paidAt) };
  return changeOrder(table, outTradeNo, from, followedUp(outTradeNo, { set, expect }, followUpAtMs));
}

/**
 * Marks an order as closed. A late payment can still change a closed order.
 * @param followUpAtMs when to visit the closed order (epoch ms). Default: never
 */
export function markClosed(
  table: Table,
  { outTradeNo, from, followUpAtMs }: { outTradeNo: string; from: OrderState[]; followUpAtMs?: number | undefined },
): Promise<Attempt<Order, Order>> {
  const change = followedUp(outTradeNo, { set: { state: 'CLOSED' } }, followUpAtMs);
  return changeOrder(table, outTradeNo, from, change);
}

/** Adds the next follow-up of an order to a change, or the end of its follow-ups. */
function followedUp(no: string, change: Change, atMs: number | undefined): Change {
  if (atMs === undefined) return { ...change, settled: true };
  return { ...change, set: { ...change.set, ...followUpEntry({ kind: 'order', no }, atMs) } };
}

interface Claim {
  outTradeNo: string;
  nowMs: number;
  intervalMs: number;
}

/** Claims the next query of an order at WeChat. @returns true for one caller per `intervalMs` */
export function claimQuery(table: Table, claim: Claim): Promise<boolean> {
  return claimCall(table, 'queriedAtMs', claim);
}

/** Claims the creation of an order at WeChat. @returns true for one caller per `intervalMs` */
export function claimCreation(table: Table, claim: Claim): Promise<boolean> {
  return claimCall(table, 'creationClaimedAtMs', claim);
}

/**
 * Releases the claim after a failed creation, so that the next request can create the order at once.
 * @returns the order
 */
export async function releaseCreation({ client, name: TableName }: Table, outTradeNo: string): Promise<Order> {
  const { Attributes } = await client.send(
    new UpdateCommand({
      TableName,
      Key: keys.order(outTradeNo),
      UpdateExpression: 'REMOVE creationClaimedAtMs',
      ReturnValues: 'ALL_NEW',
    }),
  );
  return Attributes as Order;
}

async function claimCall(
  { client, name: TableName }: Table,
  attribute: 'queriedAtMs' | 'creationClaimedAtMs',
  { outTradeNo, nowMs, intervalMs }: Claim,
): Promise<boolean> {
  const claimed = await attempt(() =>
    client.send(
      new UpdateCommand({
        TableName,
        Key: keys.order(outTradeNo),
        UpdateExpression: 'SET #claimed = :now',
        ConditionExpression: 'attribute_exists(pk) AND (attribute_not_exists(#claimed) OR #claimed <= :before)',
        ExpressionAttributeNames: { '#claimed': attribute },
        ExpressionAttributeValues: { ':now': nowMs, ':before': nowMs - intervalMs },
      }),
    ),
  );
  return claimed.done;
}

interface Change {
  set: Partial<Order & PaidEntry & FollowUpEntry>;
  /** Further attributes that the order must have. */
  expect?: Partial<Order>;
  /** Whether the change removes the order from the follow-up schedule. */
  settled?: boolean;
}

async function changeOrder(
  { client, name: TableName }: Table,
  outTradeNo: string,
  from: OrderState[],
  { set, expect = {}, settled = false }: Change,
): Promise<Attempt<Order, Order>> {
  const names: Record<string, string> = { '#from': 'state' };
  const values: Record<string, unknown> = Object.fromEntries(from.map((state, i) => [`:from${i}`, state]));
  const assign = (prefix: string, attributes: Change['set']) =>
    Object.entries(attributes).map(([name, value]) => {
      names[`#${name}`] = name;
      values[`:${prefix}_${name}`] = value;
      return `#${name} = :${prefix}_${name}`;
    });
  const expected = [`#from IN (${from.map((_, i) => `:from${i}`).join(', ')})`, ...assign('is', expect)];
  const input: UpdateCommandInput = {
    TableName,
    Key: keys.order(outTradeNo),
    UpdateExpression: `SET ${assign('to', set).join(', ')}${settled ? ' REMOVE followUpPk, followUpSk' : ''}`,
    ConditionExpression: expected.join(' AND '),
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values,
    ReturnValues: 'ALL_NEW',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  };
  const changed = await attempt<UpdateCommandOutput, Order>(() => client.send(new UpdateCommand(input)));
  return changed.done ? { done: true, written: changed.written.Attributes as Order } : changed;
}
