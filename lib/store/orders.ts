import { PutCommand, QueryCommand, UpdateCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import { attempt, type Attempt } from './attempt.ts';
import { dueEntry, keys, ordersOf, paidEntry } from './keys.ts';
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
  /** What opens the payment (prepay_id, code_url or h5_url), and how long it may be handed out. */
  handle?: string;
  handleUntilMs?: number;
  transactionId?: string;
  paidAt?: string;
  /** When WeChat was last asked about it, and last asked to make it. */
  queriedAtMs?: number;
  madeAtMs?: number;
  /** What the buyer asked for: an Idempotency-Key stands for that, whatever it costs by now. */
  asked: string;
}

/** What a payment must agree with before it counts. */
export type PaymentTerms = Pick<Order, 'outTradeNo' | 'appId' | 'mchId' | 'amountFen' | 'currency'>;

/**
 * Stores a new order, unless its number is there already; `dueAtMs` is when somebody should ask WeChat about it.
 * @returns the order that is stored now: a write whose answer was lost finds what it wrote itself
 */
export async function putOrder({ client, name: TableName }: Table, order: Order, dueAtMs: number): Promise<Order> {
  const put = new PutCommand({
    TableName,
    Item: { ...keys.order(order.outTradeNo), ...dueEntry(order.outTradeNo, dueAtMs), ...order },
    ConditionExpression: 'attribute_not_exists(pk)',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  });
  const stored = await attempt(() => client.send(put));
  return stored.done ? order : (stored.old as unknown as Order);
}

/** The order, or undefined. Strong: it is read to decide about money. */
export function readOrder(table: Table, outTradeNo: string): Promise<Order | undefined> {
  return getItem(table, keys.order(outTradeNo), 'strong');
}

/** Every order that was made under this account id. */
export async function listOrders({ client, name: TableName }: Table, accountId: string): Promise<Order[]> {
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
 * Some of the orders that were made under this account id, newest first, beginning after the order whose number ends
 * with `before` (`ageOf`), which may be an order of another account.
 */
export async function pageOfOrders(
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

/** The order stays, without a word of who paid it and from where. */
export async function forgetPayer({ client, name: TableName }: Table, outTradeNo: string): Promise<void> {
  await client.send(
    new UpdateCommand({ TableName, Key: keys.order(outTradeNo), UpdateExpression: 'REMOVE openId, clientIp' }),
  );
}

/** WeChat accepted the order, or gave a new handle for it. Nothing changes when a payment or a close was faster. */
export function markAccepted(
  table: Table,
  { outTradeNo, from, ...handle }: { outTradeNo: string; handle: string; handleUntilMs: number; from: OrderState[] },
): Promise<Attempt<Order>> {
  return changeOrder(table, outTradeNo, from, { set: { state: 'NOTPAY', ...handle } });
}

/** WeChat took the money: one write, and only for an order that agrees with `terms`. The refusing order otherwise. */
export function markPaid(
  table: Table,
  terms: PaymentTerms,
  { transactionId, paidAt, from }: { transactionId: string; paidAt: string; from: OrderState[] },
): Promise<Attempt<Order>> {
  const { outTradeNo, ...expect } = terms;
  const set = { state: 'PAID' as const, transactionId, paidAt, ...paidEntry(outTradeNo, paidAt) };
  return changeOrder(table, outTradeNo, from, { set, expect });
}

/** WeChat will take no money for it any more. */
export function markClosed(
  table: Table,
  { outTradeNo, from }: { outTradeNo: string; from: OrderState[] },
): Promise<Attempt<Order>> {
  return changeOrder(table, outTradeNo, from, { set: { state: 'CLOSED' }, settled: true });
}

/** Takes the turn to ask WeChat about an order, or to make it there: true for one caller in `intervalMs`. */
export async function claimTurn(
  table: Table,
  turn: 'queriedAtMs' | 'madeAtMs',
  { outTradeNo, nowMs, intervalMs }: { outTradeNo: string; nowMs: number; intervalMs: number },
): Promise<boolean> {
  const claimed = await attempt(() =>
    table.client.send(
      new UpdateCommand({
        TableName: table.name,
        Key: keys.order(outTradeNo),
        UpdateExpression: 'SET #turn = :now',
        ConditionExpression: 'attribute_exists(pk) AND (attribute_not_exists(#turn) OR #turn <= :before)',
        ExpressionAttributeNames: { '#turn': turn },
        ExpressionAttributeValues: { ':now': nowMs, ':before': nowMs - intervalMs },
      }),
    ),
  );
  return claimed.done;
}

/** Making the order came to nothing: whoever repeats it need not wait. */
export async function endTurn({ client, name: TableName }: Table, outTradeNo: string): Promise<void> {
  await client.send(new UpdateCommand({ TableName, Key: keys.order(outTradeNo), UpdateExpression: 'REMOVE madeAtMs' }));
}

interface Change {
  set: Partial<Order & { duePk: string; dueSk: string }>;
  /** Further attributes that the order must hold. */
  expect?: Partial<Order>;
  /** Nobody has to come back to it: out of the index. */
  settled?: boolean;
}

async function changeOrder(
  { client, name: TableName }: Table,
  outTradeNo: string,
  from: OrderState[],
  { set, expect = {}, settled = false }: Change,
): Promise<Attempt<Order>> {
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
    UpdateExpression: `SET ${assign('to', set).join(', ')}${settled ? ' REMOVE duePk, dueSk' : ''}`,
    ConditionExpression: expected.join(' AND '),
    ExpressionAttributeNames: names,
    ExpressionAttributeValues: values,
    ReturnValues: 'ALL_NEW',
    ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
  };
  const changed = await attempt(() => client.send(new UpdateCommand(input)));
  return changed.done ? { done: true, output: changed.output.Attributes as Order } : changed;
}
