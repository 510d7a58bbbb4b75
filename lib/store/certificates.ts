import { PutCommand, UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { attempt } from './attempt.ts';
import { keys } from './keys.ts';
import { getItem, type Table } from './table.ts';

/** The last fetched certificates of WeChat Pay. The list can be empty. Times are epoch ms. */
export interface Certificates {
  list: { serial: string; pem: string; expiresAtMs: number }[];
  fetchedAtMs?: number;
  /** Time of the last attempt to fetch, successful or not. */
  triedAtMs: number;
}

export type CertificateStore = ReturnType<typeof certificateStore>;

/** Returns the store of the platform certificates of one merchant, which all instances share. */
export function certificateStore({ client, name: TableName }: Table, mchId: string) {
  const Key = keys.certificates(mchId);
  return {
    /** Returns the stored certificates, or undefined before the first claim of a fetch. */
    read(): Promise<Certificates | undefined> {
      return getItem({ client, name: TableName }, Key, 'strong');
    },

    /** Claims the next fetch. @returns true for one caller per `intervalMs` over all instances */
    async claimFetch({ nowMs, intervalMs }: { nowMs: number; intervalMs: number }): Promise<boolean> {
      const claimed = await attempt(() =>
        client.send(
          new UpdateCommand({
            TableName,
            Key,
            UpdateExpression: 'SET triedAtMs = :now, #list = if_not_exists(#list, :none)',
            ConditionExpression: 'attribute_not_exists(triedAtMs) OR triedAtMs <= :before',
            ExpressionAttributeNames: { '#list': 'list' },
            ExpressionAttributeValues: { ':now': nowMs, ':before': nowMs - intervalMs, ':none': [] },
          }),
        ),
      );
      return claimed.done;
    },

    /** Stores the list that was fetched at `nowMs`. */
    async put({ list, nowMs }: { list: Certificates['list']; nowMs: number }): Promise<void> {
      const Item = { ...Key, list, fetchedAtMs: nowMs, triedAtMs: nowMs };
      await client.send(new PutCommand({ TableName, Item }));
    },
  };
}
