import {
  PutCommand,
  QueryCommand,
  UpdateCommand,
  type UpdateCommandInput,
  type UpdateCommandOutput,
} from '@aws-sdk/lib-dynamodb';
import { attempt, type Attempt } from './attempt.ts';
import { followUpEntry, keys, ordersOf, paidEntry, type PaidEntry } from './keys.ts';
import type { Price } from './prices.ts';
import { getItem, type Table } from './table.ts';

export type OrderState = 'CREATED' | 'NOTPAY' | 'PAID' | 'CLOSED' | 'REFUNDING' | 'REFUNDED';
export type TradeType = 'JSAPI' | 'NATIVE' | 'H5';
export type PayApiName = 'v3' | 'v2';

/** One order; its number begins with the owner's account id. Amounts are fen, times ISO 8601 unless named `…Ms`. */
export interface Order {
  outTradeNo: string;
  sku: string;
  description: string;
  kind: Price['kind'];
  amountFen: number;
  currency: string;
  state: OrderState;
  createdAt: string;
  /** The protocol that it was made by, and is asked about by. */
  api: PayApiName;
  tradeType: TradeType;
  /** Last moment to pay: computed once, because WeChat refuses a repeated create that differs in anything. */
  timeExpire: string;
  notifyUrl: string;
  mchId: string;
  appId: string;
  /** Who ordered, in `appId`, and from where: gone when they closed their account. */
  openId?: string;
  clientIp?: string;
  /** What came back to the buyer, and what is on its way there. */
  refundedFen: number;
  refundingFen: number;
  /** How many refunds there are, not counting those that came to nothing. */
  refundCount: number;
  /** The prepay_id, code_url or h5_url that opens the payment, and until when it may be returned to a client. */
  paymentHandle?: string;
  paymentHandleExpiresAtMs?: number;
  transactionId?: string;
  paidAt?: string;
  /** The last claim to query the order at WeChat, and the last claim to create it there. */
  queriedAtMs?: number;
  creationClaimedAtMs?: number;
  /** Fingerprint of the requested purchase: an Idempotency-Key stands for that, whatever the price is by now. */
  requestFingerprint: string;
}

/** What opens a payment, and until when it may be returned. */
export type PaymentHandle = Pick<Order, 'paymentHandle' | 'paymentHandleExpiresAtMs'>;

/** The terms that a payment must match. */
export type PaymentTerms = Pick<Order, 'outTradeNo' | 'appId' | 'mchId' | 'amountFen' | 'currency'>;

/**
 * Stores a new order with a follow-up at `followUpAtMs`, unless an order of this number exists.
 * @returns the stored order; after a lost response the SDK's retry finds the order of its own first attempt
 */
export async function putOrder({ client, name: TableName }: Table, order: Order, followUpAtMs: number): Promise<Order> {
  const put = new PutCommand({
    TableName,
    Item: { ...keys.order(order.outTradeNo), ...followUpEntry(order.outTradeNo, followUpAtMs), ...order },
    ConditionExpression: 'attribute_not_exists(pk)',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  const stored = await attempt<unknown, Order>(() => client.send(put));
  return stored.done ? order : stored.rejecting!;
}

/** Reads an order strongly, because decisions about money depend on it. */
export function readOrder(table: Table, outTradeNo: string): Promise<Order | undefined> {
  return getItem(table, keys.order(outTradeNo), 'strong');
}

/** Reads every order that was placed under this account id. */
export async function readOrdersOf({ client, name: TableName }: Table, accountId: string): Promise<Order[]> {
  const { pk, sk } = ordersOf(accountId);
  const orders: Order[] = [];
  let from: Record<string, unknown> | undefined;
  do {
    const page = await client.send(
      new QueryCommand({
        TableName,
        KeyConditionExpression: 'pk = :pk AND begins_with(sk, :sk)',
        ExpressionAttributeValues: { ':pk': pk, ':sk': sk },
        ConsistentRead: true,
        ExclusiveStartKey: from,
      }),
    );
    orders.push(...((page.Items ?? []) as Order[]));
    from = page.LastEvaluatedKey;
  } while (from);
  return orders;
}

/**
 * Reads a page of the orders that were placed under this account id, newest first, starting after the order whose number
 * ends with `before` (`ageOf`), which may be an order of another account.
 */
export async function readOrderPage(
  { client, name: TableName }: Table,
  { accountId, before, limit }: { accountId: string; before?: string | undefined; limit: number },
): Promise<Order[]> {
  const { pk, sk } = ordersOf(accountId);
  const { Items = [] } = await client.send(
    new QueryCommand({
      TableName,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :sk)',
      ExpressionAttributeValues: { ':pk': pk, ':sk': sk },
      ExclusiveStartKey: before === undefined ? undefined : keys.order(accountId + before),
      ScanIndexForward: false,
      Limit: limit,
      ConsistentRead: true,
    }),
  );
  return Items as Order[];
}

/** Removes the payer's personal data from an order. */
export async function erasePayer({ client, name: TableName }: Table, outTradeNo: string): Promise<void> {
  await client.send(
    new UpdateCommand({ TableName, Key: keys.order(outTradeNo), UpdateExpression: 'REMOVE openId, clientIp' }),
  );
}

/** Stores that WeChat accepted the order, with its payment handle. Nothing changes when a payment or a close came first. */
export function markAccepted(
  table: Table,
  { outTradeNo, from, ...accepted }: { outTradeNo: string; from: OrderState[] } & Required<PaymentHandle>,
): Promise<Attempt<Order, Order>> {
  return changeOrder(table, outTradeNo, from, { set: { state: 'NOTPAY', ...accepted } });
}

/** Marks an order as paid in one write, if it matches `terms`; otherwise returns the order that rejected the write. */
export function markPaid(
  table: Table,
  terms: PaymentTerms,
  { transactionId, paidAt, from }: { transactionId: string; paidAt: string; from: OrderState[] },
): Promise<Attempt<Order, Order>> {
  const { outTradeNo, ...expect } = terms;
  const set = { state: 'PAID' as const, transactionId, paidAt, ...paidEntry(outTradeNo, paidAt) };
  return changeOrder(table, outTradeNo, from, { set, expect, settled: true });
}

/** Marks an order as closed: WeChat accepts no payment for it any more. */
export function markClosed(
  table: Table,
  { outTradeNo, from }: { outTradeNo: string; from: OrderState[] },
): Promise<Attempt<Order, Order>> {
  return changeOrder(table, outTradeNo, from, { set: { state: 'CLOSED' }, settled: true });
}

interface Claim {
  outTradeNo: string;
  nowMs: number;
  intervalMs: number;
}

/** Claims the next query of an order at WeChat: true for one caller per `intervalMs`. */
export function claimQuery(table: Table, claim: Claim): Promise<boolean> {
  return claimCall(table, 'queriedAtMs', claim);
}

/** Claims the creation of an order at WeChat: true for one caller per `intervalMs`. */
export function claimCreation(table: Table, claim: Claim): Promise<boolean> {
  return claimCall(table, 'creationClaimedAtMs', claim);
}

/** Releases the claim after a failed creation, so that a repeated request need not wait. */
export async function releaseCreation({ client, name: TableName }: Table, outTradeNo: string): Promise<void> {
  await client.send(
    new UpdateCommand({ TableName, Key: keys.order(outTradeNo), UpdateExpression: 'REMOVE creationClaimedAtMs' }),
  );
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
  set: Partial<Order & PaidEntry>;
  /** Further attributes that the order must hold. */
  expect?: Partial<Order>;
  /** Whether the order leaves the follow-up schedule. */
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
