// What EventBridge and Lambda do with an event that a rule matches: hand it over, try again, give it up.
import { setTimeout as sleep } from 'node:timers/promises';
import type { InvokeResult } from '../../service/invoke.ts';
import { passes } from '../../service/stream-filter.ts';
import type { BusEvent } from './put-events.ts';
import type { EventRule } from '../../service/event-rules.ts';

export interface EventDeliveryOptions {
  rules: EventRule[];
  invoke: (rule: EventRule, event: BusEvent) => Promise<InvokeResult>;
  warn: (line: string) => void;
  signal: AbortSignal;
  /** The pause before the first retry; each is twice the one before. */
  pauseMs?: number;
}

/** AWS tries for minutes, and keeps the dead letter in a queue. Nobody waits that long at a laptop. */
const RETRIES = 4;

/** Hands an event to the function of every rule that matches. Settles when each had it, or was given up. */
export async function deliverEvent(event: BusEvent, options: EventDeliveryOptions): Promise<void> {
  const matching = options.rules.filter(({ pattern }) => passes([pattern], event));
  await Promise.all(matching.map((rule) => deliver(rule, event, options)));
}

async function deliver(rule: EventRule, event: BusEvent, options: EventDeliveryOptions): Promise<void> {
  const { warn, signal, pauseMs = 250 } = options;
  for (let retry = 0; !signal.aborted; retry += 1) {
    const reason = await tryOnce(rule, event, options);
    if (reason === undefined || signal.aborted) return;
    if (retry === RETRIES) {
      const { functionName } = rule;
      warn(`dead letter: ${functionName} failed ${retry + 1} times at ${event['detail-type']} ${event.id}: ${reason}`);
      return;
    }
    await sleep(pauseMs * 2 ** retry, undefined, { signal }).catch(() => undefined);
  }
}

/** Why it failed; undefined when it did not. */
async function tryOnce(
  rule: EventRule,
  event: BusEvent,
  { invoke }: EventDeliveryOptions,
): Promise<string | undefined> {
  try {
    const result = await invoke(rule, event);
    if ('value' in result) return undefined;
    return 'error' in result ? result.error : 'the event is too large';
  } catch (error) {
    return String(error);
  }
}
