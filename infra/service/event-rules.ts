import { LAMBDA_TIMEOUT_SECONDS, type FunctionWithEvents } from './stream-consumers.ts';
import type { Pattern } from './stream-filter.ts';

/** A function that consumes the events of the bus that match the pattern. */
export interface EventRule {
  functionName: string;
  timeoutSeconds: number;
  pattern: Pattern;
}

/** The keys of an `eventBridge` event that matter here; the others matter only in AWS. */
interface EventBridgeEvent {
  enabled?: boolean;
  /** Missing in a schedule. */
  pattern?: Pattern;
}

/** Reads every `eventBridge` event with a pattern. There is only one bus, so its name does not matter. */
export function readEventRules(
  functions: Record<string, FunctionWithEvents>,
  provider: { timeout?: number },
): EventRule[] {
  return Object.entries(functions).flatMap(([functionName, { timeout, events = [] }]) =>
    events
      .map(({ eventBridge }) => eventBridge as EventBridgeEvent | undefined)
      .filter((event) => event?.enabled !== false)
      .flatMap((event) => (event?.pattern ? [event.pattern] : []))
      .map((pattern) => ({
        functionName,
        timeoutSeconds: timeout ?? provider.timeout ?? LAMBDA_TIMEOUT_SECONDS,
        pattern,
      })),
  );
}
