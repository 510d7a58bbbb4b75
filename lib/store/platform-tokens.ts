import { UpdateCommand, type UpdateCommandInput } from '@aws-sdk/lib-dynamodb';
import { attempt } from './attempt.ts';
import { keys } from './keys.ts';
import { getItem, type Consistency, type Table } from './table.ts';

/** An app's token as every instance shares it. `generation` grows by one with each token. */
export interface StoredToken {
  value: string;
  expiresAtMs: number;
  generation: number;
  leaseUntilMs: number;
  leaseOwner: string;
}

export type LeaseOutcome = { taken: true; generation: number } | { taken: false; current: StoredToken };
export type PlatformTokens = ReturnType<typeof platformTokens>;

interface Lease {
  owner: string;
  untilMs: number;
}

/**
 * The item of one platform token. It has no TTL, so that its generation never starts again.
 *
 *   idle --takeLease--> leased --put--> idle, generation + 1
 *                          \--coolDown--> idle again shortly, nothing else changed
 */
export function platformTokens(table: Table, appId: string, kind: string) {
  const Key = keys.platformToken(appId, kind);
  const update = (input: Omit<UpdateCommandInput, 'TableName' | 'Key'>) =>
    attempt(() => table.client.send(new UpdateCommand({ TableName: table.name, Key, ...input })));

  return {
    read(consistency: Consistency): Promise<StoredToken | undefined> {
      return getItem(table, Key, consistency);
    },

    /** Takes the lease if nobody holds it and the token ends by `staleAtMs`; else returns what is there. */
    async takeLease(lease: Lease & { nowMs: number; staleAtMs: number }): Promise<LeaseOutcome> {
      const { owner, untilMs, nowMs, staleAtMs } = lease;
      const taken = await update({
        UpdateExpression:
          'SET leaseOwner = :owner, leaseUntilMs = :until, #value = if_not_exists(#value, :none), ' +
          'expiresAtMs = if_not_exists(expiresAtMs, :zero), generation = if_not_exists(generation, :zero)',
        ConditionExpression: 'attribute_not_exists(pk) OR (leaseUntilMs < :now AND expiresAtMs <= :stale)',
        ExpressionAttributeNames: { '#value': 'value' },
        ExpressionAttributeValues: {
          ':owner': owner,
          ':until': untilMs,
          ':now': nowMs,
          ':stale': staleAtMs,
          ':zero': 0,
          ':none': '',
        },
        ReturnValues: 'ALL_NEW',
        ReturnValuesOnConditionCheckFailure: 'ALL_OLD',
      });
      const item = (taken.done ? taken.output.Attributes : taken.old) as StoredToken;
      // Its own name in the refusing item: the write was done, its answer was lost, and the SDK sent it again.
      const mine = item.leaseOwner === owner;
      return mine ? { taken: true, generation: item.generation } : { taken: false, current: item };
    },

    /** Stores the new token; false when the lease was lost meanwhile or a newer generation is there. */
    async put(
      token: Pick<StoredToken, 'value' | 'expiresAtMs' | 'generation'> & Pick<Lease, 'owner'>,
    ): Promise<boolean> {
      const { owner, value, expiresAtMs, generation } = token;
      const { done } = await update({
        UpdateExpression: 'SET #value = :value, expiresAtMs = :expires, generation = :generation, leaseUntilMs = :zero',
        ConditionExpression: 'leaseOwner = :owner AND generation < :generation',
        ExpressionAttributeNames: { '#value': 'value' },
        ExpressionAttributeValues: {
          ':value': value,
          ':expires': expiresAtMs,
          ':generation': generation,
          ':owner': owner,
          ':zero': 0,
        },
      });
      return done;
    },

    /** After a failed call: nobody tries again before `untilMs`. */
    async coolDown({ owner, untilMs }: Lease): Promise<void> {
      await update({
        UpdateExpression: 'SET leaseUntilMs = :until',
        ConditionExpression: 'leaseOwner = :owner',
        ExpressionAttributeValues: { ':until': untilMs, ':owner': owner },
      });
    },

    /** Marks the token as spent, if it is still the one that failed. */
    async expire(value: string): Promise<void> {
      await update({
        UpdateExpression: 'SET expiresAtMs = :zero',
        ConditionExpression: '#value = :value',
        ExpressionAttributeNames: { '#value': 'value' },
        ExpressionAttributeValues: { ':value': value, ':zero': 0 },
      });
    },
  };
}
