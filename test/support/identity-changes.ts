// Changes of the table that request work of `syncIdentity`.
import { readService } from '../../infra/service/service.ts';
import { passes } from '../../infra/service/stream-filter.ts';
import { eachRecord } from '../../lib/events/stream-batch.ts';
import { readIdentityChange, syncIdentity } from '../../lib/identity/sync-identity.ts';
import { readIdentity } from '../../lib/store/identities.ts';
import type { Key } from '../../lib/store/keys.ts';
import { getItem } from '../../lib/store/table.ts';
import { recordOf } from './stream-records.ts';
import type { World } from './world.ts';

type Record = ReturnType<typeof recordOf>;

/** Runs all requests of an identity that are pending. */
export async function runRequests(
  { table, official }: Pick<World, 'table' | 'official'>,
  person: { appId: string; openId: string },
): Promise<void> {
  const identity = await readIdentity(table, person, 'strong');
  await syncIdentity(official, identity ?? person);
}

/** Runs `act`. @returns the record of the change of the item */
export async function recordChange({ table }: Pick<World, 'table'>, key: Key, act: () => Promise<unknown>) {
  const before = await getItem<object>(table, key, 'strong');
  await act();
  return recordOf(key, before, await getItem<object>(table, key, 'strong'));
}

/** Whether the stream delivers a record to `identity-sync`. */
export function isDelivered(record: Record): boolean {
  const consumer = readService().streamConsumers.find(({ functionName }) => functionName === 'identity-sync')!;
  return passes(consumer.filterPatterns, record);
}

/** Delivers records as the stream does. @returns the errors, of which the first ends the batch */
export async function deliver({ official }: Pick<World, 'official'>, ...records: Record[]): Promise<unknown[]> {
  const errors: unknown[] = [];
  await eachRecord(
    { Records: records.filter(isDelivered) },
    (item, before) => syncIdentity(official, readIdentityChange(item, before)),
    (error) => errors.push(error),
  );
  return errors;
}
