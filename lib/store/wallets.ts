import { QueryCommand } from '@aws-sdk/lib-dynamodb';
import { transact } from './attempt.ts';
import { keys } from './keys.ts';
import { getItem, type Table } from './table.ts';

/** One movement of money into or out of a wallet. An entry never changes. */
export interface WalletEntry {
  /** Identifies the cause of the movement. Each cause has one entry. */
  id: string;
  accountId: string;
  /** Negative for money that left the wallet. */
  amountFen: number;
  outTradeNo: string;
  /** ISO 8601. */
  at: string;
}

/** Returns the id of the entry that credits a top-up. */
export function creditId(outTradeNo: string): string {
  return `order:${outTradeNo}`;
}

/** Returns whether the wallet has this entry. Entries are never removed, so an eventually consistent hit is proof. */
export async function isBooked(
  table: Table,
  { accountId, id }: Pick<WalletEntry, 'accountId' | 'id'>,
): Promise<boolean> {
  return (await getItem(table, keys.walletEntry(accountId, id), 'eventual-with-fallback')) !== undefined;
}

/** Books an entry and the balance in one transaction. @returns false if the entry was booked before */
export function bookEntry(table: Table, entry: WalletEntry): Promise<boolean> {
  const { name: TableName } = table;
  const { accountId, id, amountFen } = entry;
  return transact(table, [
    {
      Put: {
        TableName,
        Item: { ...keys.walletEntry(accountId, id), ...entry },
        ConditionExpression: 'attribute_not_exists(pk)',
      },
    },
    {
      Update: {
        TableName,
        Key: keys.wallet(accountId),
        UpdateExpression: 'ADD balanceFen :amount',
        ExpressionAttributeValues: { ':amount': amountFen },
      },
    },
  ]);
}

/**
 * Reads a page of the entries of one account id, in the order of their ids.
 * @param after the id of the last entry on the previous page
 */
export async function readEntryPage(
  { client, name: TableName }: Table,
  { accountId, after, limit }: { accountId: string; after?: string | undefined; limit: number },
): Promise<WalletEntry[]> {
  const { pk, sk } = keys.walletEntry(accountId, '');
  const { Items = [] } = await client.send(
    new QueryCommand({
      TableName,
      KeyConditionExpression: 'pk = :pk AND begins_with(sk, :sk)',
      ExpressionAttributeValues: { ':pk': pk, ':sk': sk },
      ExclusiveStartKey: after === undefined ? undefined : keys.walletEntry(accountId, after),
      Limit: limit,
      ConsistentRead: true,
    }),
  );
  return Items as WalletEntry[];
}

/** Reads the balance of one account id strongly (fen). Returns 0 for an account without a wallet. */
export async function readBalance(table: Table, accountId: string): Promise<number> {
  return (await getItem<{ balanceFen: number }>(table, keys.wallet(accountId), 'strong'))?.balanceFen ?? 0;
}
