import type { DynamoDBStreamEvent } from 'aws-lambda';
import { log } from '../lib/core/log.ts';
import { eachRecord } from '../lib/events/stream-batch.ts';
import { readIdentityChange, syncIdentity } from '../lib/identity/sync-identity.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { loadOfficialAccount } from '../lib/wiring/apps.ts';

const load = fresh(loadOfficialAccount);

export const handler = (event: DynamoDBStreamEvent) =>
  eachRecord(
    event,
    async (item, before) => syncIdentity(await load(), readIdentityChange(item, before)),
    (error) => log.error('identity.sync-failed', { error }),
  );
