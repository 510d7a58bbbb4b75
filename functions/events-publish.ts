import type { DynamoDBStreamEvent } from 'aws-lambda';
import { loadEventBus } from '../lib/deps.ts';
import { publishChanges } from '../lib/events/publish.ts';
import { once } from '../lib/once.ts';

const deps = once(loadEventBus);

export const handler = async ({ Records }: DynamoDBStreamEvent) => publishChanges(await deps(), Records);
