// The delivery of an event by EventBridge and Lambda: invoke the function of each matching rule, retry, give up.
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
  /** The pause before the first retry; it doubles with each retry. */
  pauseMs?: number;
}

/** AWS retries for minutes, and queues the dead letter. A developer does not wait that long. */
const RETRIES = 4;

/** Invokes the function of every matching rule. Settles when each invocation succeeded or was given up. */
export async function deliverEvent(event: BusEvent, options: EventDeliveryOptions): Promise<void> {
  const matching = options.rules.filter(({ pattern }) => passes([pattern], event));
  await Promise.all(matching.map((rule) => deliverToRule(rule, event, options)));
}

async function deliverToRule(rule: EventRule, event: BusEvent, options: EventDeliveryOptions): Promise<void> {
  const { warn, signal, pauseMs = 250 } = options;
  for (let retry = 0; !signal.aborted; retry += 1) {
    const reason = await invokeOnce(rule, event, options);
    if (reason === undefined || signal.aborted) return;
    if (retry === RETRIES) {
      const { functionName } = rule;
      warn(`dead letter: ${functionName} failed ${retry + 1} times at ${event['detail-type']} ${event.id}: ${reason}`);
      return;
    }
    await sleep(pauseMs * 2 ** retry, undefined, { signal }).catch(() => undefined);
  }
}

/** Returns the reason of a failure; undefined on success. */
async function invokeOnce(
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
