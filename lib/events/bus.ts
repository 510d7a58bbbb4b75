import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { SOURCE } from './schemas.ts';

/** One event for the bus; `detail` is JSON. */
export interface BusEntry {
  name: string;
  at: string;
  detail: string;
}

/**
 * Puts at most ten entries onto the bus. @returns for each entry why it was rejected, or undefined when it was accepted
 * @throws when the call failed as a whole
 */
export type PutEntries = (entries: BusEntry[]) => Promise<(string | undefined)[]>;

/** The bus of this name. Three attempts of at most two seconds each: what fails is sent again by the stream. */
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
      results[n]?.EventId === undefined ? (results[n]?.ErrorCode ?? 'no answer') : undefined,
    );
  };
}
