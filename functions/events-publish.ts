import type { DynamoDBStreamEvent } from 'aws-lambda';
import { loadEventBus } from '../lib/wiring/deps.ts';
import { publishChanges } from '../lib/events/publish.ts';
import { once } from '../lib/core/once.ts';

const deps = once(loadEventBus);

export const handler = async ({ Records }: DynamoDBStreamEvent) => publishChanges(await deps(), Records);
