import { transact } from './attempt.ts';
import { keys } from './keys.ts';
import { getItem, type Table } from './table.ts';

/** Money that came into a wallet, or went out of it. Nothing is ever changed in it. */
export interface WalletEntry {
  /** What the money moved for: there is one entry for each. */
  id: string;
  accountId: string;
  /** Below zero when it went out. */
  amountFen: number;
  outTradeNo: string;
  /** ISO 8601. */
  at: string;
}

/** The entry that credits a top-up. */
export function creditId(outTradeNo: string): string {
  return `order:${outTradeNo}`;
}

/** Whether there is such an entry. */
export async function isBooked(
  table: Table,
  { accountId, id }: Pick<WalletEntry, 'accountId' | 'id'>,
): Promise<boolean> {
  return (await getItem(table, keys.walletEntry(accountId, id), 'strong')) !== undefined;
}

/** Books an entry and the balance, both or none; false when it was booked before. */
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

/** What is in the wallet of one account id; nothing when it has none. Strong. */
export async function readBalance(table: Table, accountId: string): Promise<number> {
  return (await getItem<{ balanceFen: number }>(table, keys.wallet(accountId), 'strong'))?.balanceFen ?? 0;
}
