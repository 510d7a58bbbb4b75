import { LAMBDA_TIMEOUT_SECONDS, type FunctionWithEvents } from './stream-consumers.ts';
import type { Pattern } from './stream-filter.ts';

/** A function that gets the events of the bus that the pattern lets through. */
export interface EventRule {
  functionName: string;
  timeoutSeconds: number;
  pattern: Pattern;
}

/** The keys of an `eventBridge` event that mean something here; the others are for AWS alone. */
interface EventBridgeEvent {
  enabled?: boolean;
  /** None in a schedule. */
  pattern?: Pattern;
}

/** Every `eventBridge` event with a pattern. There is one bus, so its name need not be known. */
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
