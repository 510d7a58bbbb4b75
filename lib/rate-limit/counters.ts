import type { Runtime } from '../core/runtime.ts';
import { addToRate } from '../store/rates.ts';
import type { Table } from '../store/table.ts';

export type LimitDeps = Pick<Runtime, 'now' | 'log'> & { table: Table };

/** One count, which starts again with each window of `windowS` seconds. */
export interface Counter {
  name: string;
  windowS: number;
}

/** How many unflushed counts make an instance flush: at its first flush in a window, and at each later one. */
export interface Batches {
  first: number;
  later: number;
}

/** Counts of one instance, which flushes them in batches to the table. The table holds the sum of all instances. */
export interface Counters {
  /** Returns the count: the sum as of the last flush of this instance, and its own unflushed counts. */
  read(counter: Counter): number;
  /** Returns the count like `read`, but loads the sum from the table if this instance has none of this window. */
  load(counter: Counter): Promise<number>;
  /** Adds one, or takes one back. @returns the new count */
  add(counter: Counter, batches: Batches, by?: 1 | -1): Promise<number>;
  /** Returns the end of the current window in epoch seconds. */
  endOf(counter: Counter): number;
}

interface Count {
  window: number;
  /** Counted by this instance and not flushed to the table yet. */
  pending: number;
  /** The sum of all instances as of the last flush; undefined before the first one. */
  flushed: number | undefined;
}

/** WeChat's quotas of a day begin at midnight in Beijing. The offset moves no shorter window. */
const BEIJING_OFFSET_S = 8 * 3_600;
/** Maximum number of counts in memory. Above this number, a new count evicts the count that was not used longest. */
const MAX_COUNTS = 10_000;

/**
 * Creates counters. The unflushed counts of a lost instance are lost, and an instance reads the counts of the others
 * only at its flushes. Both errors are at most one batch for each instance.
 */
export function counters({ now, log, table }: LimitDeps): Counters {
  const counts = new Map<string, Count>();

  const windowOf = ({ windowS }: Counter) => Math.floor((now() / 1_000 + BEIJING_OFFSET_S) / windowS);
  const endOf = ({ windowS }: Counter, window: number) => (window + 1) * windowS - BEIJING_OFFSET_S;

  function find(counter: Counter): Count | undefined {
    const count = counts.get(counter.name);
    if (count?.window !== windowOf(counter)) return undefined;
    // Moves the count to the end of the map.
    counts.delete(counter.name);
    counts.set(counter.name, count);
    return count;
  }

  function findOrCreate(counter: Counter): Count {
    const existing = find(counter);
    if (existing) return existing;
    const created: Count = { window: windowOf(counter), pending: 0, flushed: undefined };
    counts.delete(counter.name);
    counts.set(counter.name, created);
    if (counts.size > MAX_COUNTS) counts.delete(counts.keys().next().value!);
    return created;
  }

  async function flush(counter: Counter, count: Count): Promise<void> {
    const { window, pending } = count;
    count.pending = 0;
    count.flushed = (count.flushed ?? 0) + pending;
    const expiresAt = endOf(counter, window) + counter.windowS;
    try {
      // Replaces the own sum also by a smaller one, because another instance may have taken a count back.
      count.flushed = await addToRate(table, { counter: counter.name, window, count: pending, expiresAt });
    } catch (error) {
      log.warn('rate-limit.flush-failed', { error });
    }
  }

  return {
    endOf: (counter) => endOf(counter, windowOf(counter)),
    read: (counter) => sumOf(find(counter)),
    load: async (counter) => {
      const count = findOrCreate(counter);
      if (count.flushed === undefined) await flush(counter, count);
      return sumOf(count);
    },
    add: async (counter, { first, later }, by = 1) => {
      const count = findOrCreate(counter);
      count.pending += by;
      if (Math.abs(count.pending) >= (count.flushed === undefined ? first : later)) await flush(counter, count);
      return sumOf(count);
    },
  };
}

function sumOf(count: Count | undefined): number {
  return count ? (count.flushed ?? 0) + count.pending : 0;
}
