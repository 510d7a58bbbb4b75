import type { DynamoDBStreamEvent } from 'aws-lambda';
import { loadOfficial } from '../lib/wiring/deps.ts';
import { followUp } from '../lib/identity/sync-identity.ts';
import { log } from '../lib/core/log.ts';
import { eachRecord } from '../lib/events/stream-batch.ts';
import { fresh } from '../lib/secrets/fresh.ts';

const deps = fresh(loadOfficial);

export const handler = (event: DynamoDBStreamEvent) =>
  eachRecord(
    event,
    async ({ appId = '', openId = '', followedAt }) =>
      followUp(await deps(), { appId, openId, followedAt: followedAt === undefined ? undefined : Number(followedAt) }),
    (error) => log.error('identity-sync.failed', { error }),
  );
