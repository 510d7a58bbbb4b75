import type { EventBridgeEvent } from 'aws-lambda';
import { detailSchema, parseBySchema, type DomainEvent, type EventName } from './schemas.ts';
import { log } from '../core/log.ts';

type Consumers = { [Name in EventName]?: (event: DomainEvent<Name>) => Promise<void> };

/**
 * The Lambda of an EventBridge rule: for each event that the rule lets through, what to do with it. Events come at least
 * once and in any order; what is thrown makes this one come again, and in the end go to the dead-letter queue.
 */
export function consumer(consumers: Consumers) {
  return async (event: EventBridgeEvent<string, unknown>): Promise<void> => {
    const facts = { type: event['detail-type'], eventId: event.id };
    try {
      const { id } = await consume(consumers, event);
      log.info('event.consumed', { ...facts, id });
    } catch (error) {
      log.error('event.failed', { ...facts, error });
      throw error;
    }
  };
}

async function consume(
  consumers: Consumers,
  { 'detail-type': type, detail }: EventBridgeEvent<string, unknown>,
): Promise<DomainEvent> {
  if (!Object.hasOwn(consumers, type)) throw new Error(`Nobody here consumes ${type}: the rule lets too much through`);
  const name = type as EventName;
  const event = { name, ...parseBySchema(detailSchema(name), detail) };
  await (consumers[name] as (event: DomainEvent) => Promise<void>)(event);
  return event;
}
