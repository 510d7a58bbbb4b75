import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { SOURCE } from './schemas.ts';

/** One event for the bus; `detail` is JSON. */
export interface BusEntry {
  name: string;
  at: string;
  detail: string;
}

/**
 * Puts at most ten entries onto the bus.
 * @returns for each entry the reason why the bus rejected it; undefined if the bus accepted it
 * @throws when the whole call failed
 */
export type PutEntries = (entries: BusEntry[]) => Promise<(string | undefined)[]>;

/**
 * Opens the bus of this name. A call has three attempts of at most two seconds each; the stream repeats records whose
 * entries failed.
 */
export function openBus(EventBusName: string): PutEntries {
  const client = new EventBridgeClient({
    maxAttempts: 3,
    requestHandler: { connectionTimeout: 1_000, requestTimeout: 2_000, throwOnRequestTimeout: true },
  });
  return async (entries) => {
    const Entries = entries.map(({ name, at, detail }) => ({
      EventBusName,
      Source: SOURCE,
      DetailType: name,
      Time: new Date(at),
      Detail: detail,
    }));
    const { Entries: results = [] } = await client.send(new PutEventsCommand({ Entries }));
    return entries.map((_, n) =>
      results[n]?.EventId === undefined ? (results[n]?.ErrorCode ?? 'no result') : undefined,
    );
  };
}
