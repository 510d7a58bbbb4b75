// PutEvents of EventBridge: checks the entries and turns them into events.
import { randomUUID } from 'node:crypto';

/** An event as a function receives it. */
export interface BusEvent {
  version: '0';
  id: string;
  'detail-type': string;
  source: string;
  account: string;
  /** To the second. */
  time: string;
  region: string;
  resources: string[];
  detail: unknown;
}

interface Entry {
  Source?: string;
  DetailType?: string;
  Detail?: string;
  EventBusName?: string;
  Resources?: string[];
  /** Epoch seconds. */
  Time?: number;
}

type Result = { EventId: string } | { ErrorCode: string; ErrorMessage: string };

const ACCOUNT = '000000000000';
const MAX_ENTRIES = 10;
const MAX_BYTES = 256 * 1024;
const TIME_BYTES = 14;

/**
 * Reads the events of one call.
 * @returns `events` for the rules; empty for a call that is rejected as a whole
 */
export function putEvents(
  body: string,
  { busName, region }: { busName: string; region: string },
): { status: number; answer: object; events: BusEvent[] } {
  const reject = (message: string) => ({
    status: 400,
    answer: { __type: 'com.amazon.coral.validate#ValidationException', message },
    events: [],
  });
  const { Entries = [] } = JSON.parse(body) as { Entries?: Entry[] };
  if (Entries.length < 1 || Entries.length > MAX_ENTRIES) {
    return reject(`1 validation error detected: 'entries' must have 1 to ${MAX_ENTRIES} members`);
  }
  if (Entries.reduce((sum, entry) => sum + sizeOf(entry), 0) > MAX_BYTES) {
    return reject('Total size of the entries in the request is over the limit.');
  }
  const events: BusEvent[] = [];
  const results = Entries.map((entry): Result => {
    const error = checkEntry(entry, busName);
    if (error) return error;
    const event = toEvent(entry, region);
    events.push(event);
    return { EventId: event.id };
  });
  return { status: 200, answer: { FailedEntryCount: Entries.length - events.length, Entries: results }, events };
}

function checkEntry(entry: Entry, busName: string): Result | undefined {
  for (const name of ['Source', 'DetailType', 'Detail'] as const) {
    if (!entry[name]) return invalid(`Parameter ${name} is not valid. Reason: ${name} is a required argument.`);
  }
  // AWS accepts an unknown bus and drops the event. The stand-in rejects the call, so that a typo shows.
  if (entry.EventBusName !== busName) return invalid(`There is no event bus ${entry.EventBusName}, only ${busName}.`);
  if (!isJsonObject(entry.Detail)) return { ErrorCode: 'MalformedDetail', ErrorMessage: 'Detail is malformed.' };
  return undefined;
}

function invalid(ErrorMessage: string): Result {
  return { ErrorCode: 'InvalidArgument', ErrorMessage };
}

function isJsonObject(text = ''): boolean {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null && !Array.isArray(value);
  } catch {
    return false;
  }
}

function toEvent({ Source, DetailType, Detail, Resources = [], Time }: Entry, region: string): BusEvent {
  const time = Time === undefined ? new Date() : new Date(Time * 1_000);
  return {
    version: '0',
    id: randomUUID(),
    'detail-type': DetailType ?? '',
    source: Source ?? '',
    account: ACCOUNT,
    time: time.toISOString().replace(/\.\d+/, ''),
    region,
    resources: Resources,
    detail: JSON.parse(Detail ?? ''),
  };
}

function sizeOf({ Source = '', DetailType = '', Detail = '', Resources = [], Time }: Entry): number {
  const texts = [Source, DetailType, Detail, ...Resources];
  return texts.reduce((sum, text) => sum + Buffer.byteLength(text), Time === undefined ? 0 : TIME_BYTES);
}
