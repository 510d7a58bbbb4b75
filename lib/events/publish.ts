import type { DynamoDBBatchResponse, DynamoDBRecord } from 'aws-lambda';
import type { Runtime } from '../core/runtime.ts';
import type { BusEntry, PutEntries } from './bus.ts';
import { eventsOf } from './from-record.ts';
import { SOURCE, type DomainEvent } from './schemas.ts';

export type PublishDeps = Pick<Runtime, 'log'> & { put: PutEntries };

type Pending = BusEntry & { id: string; record: DynamoDBRecord };

/**
 * Publishes the events of a batch of the table's stream. Later records are published even if an earlier record fails.
 * If the stream finally drops the failed record, the events of other records are not lost.
 * @returns the first failed record, if any. The stream repeats that record and all later records; their events keep
 * their ids.
 */
export async function publishEvents(deps: PublishDeps, records: DynamoDBRecord[]): Promise<DynamoDBBatchResponse> {
  const failed = new Set<DynamoDBRecord>();
  const pending = records.flatMap((record) => {
    try {
      return entriesOf(record);
    } catch (error) {
      failed.add(record);
      deps.log.error('events.unreadable', { eventId: record.eventID, sk: record.dynamodb?.Keys?.['sk']?.S, error });
      return [];
    }
  });
  const unsent = (await Promise.all(inCalls(pending).map((call) => send(deps, call)))).flat();
  for (const { record } of unsent) failed.add(record);
  const names = pending.filter((entry) => !unsent.includes(entry)).map(({ name }) => name);
  if (names.length > 0) deps.log.info('events.published', { names });
  const first = records.find((record) => failed.has(record));
  return { batchItemFailures: first ? [{ itemIdentifier: first.dynamodb?.SequenceNumber ?? '' }] : [] };
}

/**
 * Sends the entries of one call to the bus.
 * @returns the entries that the bus did not accept
 */
async function send({ put, log }: PublishDeps, call: Pending[]): Promise<Pending[]> {
  try {
    const reasons = await put(call);
    const rejected = call.filter((_, n) => reasons[n] !== undefined);
    if (rejected.length > 0) log.error('events.rejected', { reasons: reasons.filter(Boolean), ids: idsOf(rejected) });
    return rejected;
  } catch (error) {
    log.error('events.send-failed', { ids: idsOf(call), error });
    return call;
  }
}

function idsOf(entries: Pending[]): string[] {
  return entries.map(({ id }) => id);
}

function entriesOf(record: DynamoDBRecord): Pending[] {
  return eventsOf(record).map(({ name, id, at, data }) => {
    const detail: Omit<DomainEvent, 'name'> = { id, at, data };
    const entry = { record, name, id, at, detail: JSON.stringify(detail) };
    if (sizeOf(entry) > MAX_BYTES) throw new Error(`${id} exceeds the ${MAX_BYTES} bytes of one entry on the bus`);
    return entry;
  });
}

const MAX_ENTRIES = 10;
const MAX_BYTES = 256 * 1024;
/** The number of bytes that EventBridge counts for the time of an entry. */
const TIME_BYTES = 14;

/** Splits the entries, in their order, into as few calls as EventBridge allows. */
function inCalls(entries: Pending[]): Pending[][] {
  const calls: Pending[][] = [];
  let size = 0;
  for (const entry of entries) {
    const call = calls.at(-1);
    size += sizeOf(entry);
    if (call && call.length < MAX_ENTRIES && size <= MAX_BYTES) {
      call.push(entry);
    } else {
      calls.push([entry]);
      size = sizeOf(entry);
    }
  }
  return calls;
}

function sizeOf({ name, detail }: BusEntry): number {
  return TIME_BYTES + SOURCE.length + name.length + Buffer.byteLength(detail);
}
