import type { Clock } from './clock.ts';

interface LogEntry {
  /** ISO time of the virtual clock. */
  at: string;
  kind: 'call' | 'push';
  method: string;
  path: string;
  query: Record<string, string>;
  /** null until the request is answered; stays null if the connection ends without an answer. */
  status: number | null;
  /** Calls only: the errcode or error code in the answer. */
  code?: string | number;
  /** The injected fault, if any. */
  fault?: string;
  /** Pushes only: the event or message type (`SCAN`, `text`, `TRANSACTION.SUCCESS`), the URL, and the attempt, from 1. */
  event?: string;
  url?: string;
  attempt?: number;
  sentBody?: string;
  /** Pushes only: the receiver's answer, or the reason why there is none. */
  body?: string;
  error?: string;
}

const capacity = 10_000;

/** The last 10,000 calls received and pushes sent, oldest first. */
export class CallLog {
  #entries: LogEntry[] = [];
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Starts an entry; the caller fills in the outcome later. */
  add(entry: Omit<LogEntry, 'at' | 'status'>): LogEntry {
    const added: LogEntry = { at: new Date(this.#clock.now()).toISOString(), status: null, ...entry };
    this.#entries.push(added);
    if (this.#entries.length > capacity) this.#entries.shift();
    return added;
  }

  entries(): readonly LogEntry[] {
    return this.#entries;
  }

  clear(): void {
    this.#entries = [];
  }
}
