import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { keys } from './keys.ts';
import type { Table } from './table.ts';

/**
 * Adds to the count of one rate-limit window, which all instances share.
 * @param expiresAt epoch seconds; the TTL
 * @returns the sum, this count included
 */
export async function addToRate(
  { client, name: TableName }: Table,
  { counter, window, count, expiresAt }: { counter: string; window: number; count: number; expiresAt: number },
): Promise<number> {
  const { Attributes } = await client.send(
    new UpdateCommand({
      TableName,
      Key: keys.rate(counter, String(window)),
      UpdateExpression: 'ADD #count :count SET expiresAt = :expiresAt',
      ExpressionAttributeNames: { '#count': 'count' },
      ExpressionAttributeValues: { ':count': count, ':expiresAt': expiresAt },
      ReturnValues: 'UPDATED_NEW',
    }),
  );
  return Number(Attributes?.['count']);
}
