import { UpdateCommand, type UpdateCommandInput, type UpdateCommandOutput } from '@aws-sdk/lib-dynamodb';
import { attempt } from './attempt.ts';
import { keys } from './keys.ts';
import { getItem, type Consistency, type Table } from './table.ts';

/** A platform token, which all instances share. `generation` grows by one with each token. */
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
 * Returns the store of one platform token. The item has no TTL, so that its generation never restarts.
 *
 *   idle --takeLease--> leased --put--> idle, generation + 1
 *                          \--coolDown--> idle after `untilMs`, with the same token
 */
export function platformTokens(table: Table, appId: string, kind: string) {
  const Key = keys.platformToken(appId, kind);
  const update = (input: Omit<UpdateCommandInput, 'TableName' | 'Key'>) =>
    attempt<UpdateCommandOutput, StoredToken>(() =>
      table.client.send(new UpdateCommand({ TableName: table.name, Key, ...input })),
    );

  return {
    /** Reads the token, or undefined before the first lease. */
    read(consistency: Consistency): Promise<StoredToken | undefined> {
      return getItem(table, Key, consistency);
    },

    /** Takes the lease if it is free and the token expires by `staleAtMs`; otherwise returns the stored token. */
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
      const item = taken.done ? (taken.written.Attributes as StoredToken) : taken.rejecting!;
      // An SDK retry after a lost response fails against its own first attempt, so a stored `leaseOwner` that equals
      // `owner` counts as success.
      const isOwner = item.leaseOwner === owner;
      return isOwner ? { taken: true, generation: item.generation } : { taken: false, current: item };
    },

    /**
     * Stores the new token.
     * @returns false if another instance took the lease, or the same or a newer generation is stored
     */
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

    /** Blocks the next lease until `untilMs`, after a failed call. */
    async coolDown({ owner, untilMs }: Lease): Promise<void> {
      await update({
        UpdateExpression: 'SET leaseUntilMs = :until',
        ConditionExpression: 'leaseOwner = :owner',
        ExpressionAttributeValues: { ':until': untilMs, ':owner': owner },
      });
    },

    /** Expires the stored token if its value is still `value`, which WeChat rejected. */
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
