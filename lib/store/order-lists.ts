import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import { ageOf, keys, ordersOf, ordersSince } from './keys.ts';
import { isUnsettled } from './order-states.ts';
import type { Order } from './orders.ts';
import type { Table } from './table.ts';

/**
 * Reads a page of the orders that were placed under this account id, newest first.
 * @param before `ageOf` of the last order on the previous page. The order can belong to another account.
 */
export async function readOrderPage(
  { client, name: TableName }: Table,
  { accountId, before, limit }: { accountId: string; before?: string | undefined; limit: number },
): Promise<Order[]> {
  const { pk } = ordersOf(accountId);
  const { Items = [] } = await client.send(
    new QueryCommand({
      TableName,
      KeyConditionExpression: 'pk = :pk',
      ExpressionAttributeValues: { ':pk': pk },
      ExclusiveStartKey: before === undefined ? undefined : keys.order(accountId + before),
      ScanIndexForward: false,
      Limit: limit,
      ConsistentRead: true,
    }),
  );
  return Items as Order[];
}

const PAGE = 100;

/** Yields the orders that were placed under this account id, newest first, in pages. */
export async function* orderPages(table: Table, accountId: string): AsyncGenerator<Order[]> {
  let before: string | undefined;
  do {
    const page = await readOrderPage(table, { accountId, before, limit: PAGE });
    yield page;
    before = page.length < PAGE ? undefined : ageOf(page.at(-1)!.outTradeNo);
  } while (before !== undefined);
}

/** Returns the newest unsettled order under this account id. Reads no further than the page of that order. */
export async function findUnsettledOrder(table: Table, accountId: string): Promise<Order | undefined> {
  for await (const orders of orderPages(table, accountId)) {
    const unsettled = orders.find(isUnsettled);
    if (unsettled) return unsettled;
  }
  return undefined;
}

/** An order that its buyer may still pay. */
export type OpenOrder = Pick<Order, 'outTradeNo' | 'timeExpire'>;

/** Bounds the cost of a read for an account that places and closes orders all the time. */
const MAX_READ = 200;

/**
 * Reads the oldest open orders of this account id, eventually consistently. An order whose creation at WeChat failed is
 * not open: only a creation that is under way has a claim.
 * @param sinceMs leaves out orders whose number was generated before this time (epoch ms)
 * @returns undefined for an account with more than MAX_READ orders since then
 */
export async function readOpenOrders(
  { client, name: TableName }: Table,
  { accountId, sinceMs }: { accountId: string; sinceMs: number },
): Promise<OpenOrder[] | undefined> {
  const { pk, from, to } = ordersSince(accountId, sinceMs);
  const { Items = [], LastEvaluatedKey } = await client.send(
    new QueryCommand({
      TableName,
      KeyConditionExpression: 'pk = :pk AND sk BETWEEN :from AND :to',
      FilterExpression: '#state = :notpay OR (#state = :created AND attribute_exists(creationClaimedAtMs))',
      ProjectionExpression: 'outTradeNo, timeExpire',
      ExpressionAttributeNames: { '#state': 'state' },
      ExpressionAttributeValues: { ':pk': pk, ':from': from, ':to': to, ':created': 'CREATED', ':notpay': 'NOTPAY' },
      Limit: MAX_READ,
    }),
  );
  return LastEvaluatedKey ? undefined : (Items as OpenOrder[]);
}
