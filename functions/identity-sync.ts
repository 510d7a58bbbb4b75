import type { DynamoDBStreamEvent } from 'aws-lambda';
import { log } from '../lib/core/log.ts';
import { eachRecord } from '../lib/events/stream-batch.ts';
import { syncIdentity } from '../lib/identity/sync-identity.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { loadOfficialAccount } from '../lib/wiring/apps.ts';

const load = fresh(loadOfficialAccount);

export const handler = (event: DynamoDBStreamEvent) =>
  eachRecord(
    event,
    async ({ appId = '', openId = '', followedAt }) => {
      const change = { appId, openId, followedAt: followedAt === undefined ? undefined : Number(followedAt) };
      await syncIdentity(await load(), change);
    },
    (error) => log.error('identity.sync-failed', { error }),
  );
