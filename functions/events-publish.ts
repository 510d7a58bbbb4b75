import type { DynamoDBStreamEvent } from 'aws-lambda';
import { once } from '../lib/core/once.ts';
import { publishEvents } from '../lib/events/publish.ts';
import { loadEventBus } from '../lib/wiring/events.ts';

const load = once(loadEventBus);

export const handler = async ({ Records }: DynamoDBStreamEvent) => publishEvents(await load(), Records);
