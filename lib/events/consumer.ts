import type { EventBridgeEvent } from 'aws-lambda';
import { detailSchema, parseBySchema, type DomainEvent, type EventName } from './schemas.ts';
import { log } from '../core/log.ts';

type Consumers = { [Name in EventName]?: (event: DomainEvent<Name>) => Promise<void> };

/**
 * Returns the Lambda handler of an EventBridge rule.
 *
 * Events arrive at least once and in any order. An event whose consumer throws is retried, and finally goes to the
 * dead-letter queue.
 * @param consumers one function for each event type that the rule matches
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
  if (!Object.hasOwn(consumers, type))
    throw new Error(`There is no consumer of ${type}; remove the event type from the rule`);
  const name = type as EventName;
  const event = { name, ...parseBySchema(detailSchema(name), detail) };
  await (consumers[name] as (event: DomainEvent) => Promise<void>)(event);
  return event;
}
