import type { DynamoDBStreamEvent } from 'aws-lambda';
import { loadOfficial } from '../lib/deps.ts';
import { followUp } from '../lib/identity/follow-up.ts';
import { log } from '../lib/log.ts';
import { eachRecord } from '../lib/stream.ts';
import { fresh } from '../lib/secrets/fresh.ts';

const deps = fresh(loadOfficial);

export const handler = (event: DynamoDBStreamEvent) =>
  eachRecord(
    event,
    async ({ appId = '', openId = '', followedAt }) =>
      followUp(await deps(), { appId, openId, followedAt: followedAt === undefined ? undefined : Number(followedAt) }),
    (error) => log.error('identity-sync.failed', { error }),
  );
