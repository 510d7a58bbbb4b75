import { isIPv6 } from 'node:net';
import { AppError } from '../core/errors.ts';
import type { Runtime } from '../core/runtime.ts';
import { addToRate } from '../store/rates.ts';
import type { Table } from '../store/table.ts';

export type LimitDeps = Pick<Runtime, 'now' | 'log'> & { table: Table };

/** Maximum number of requests in one window, per address and for the whole app. */
export interface Limits {
  windowS: number;
  perAddress: number;
  perApp: number;
}

/**
 * Counts one request of an address.
 * @throws RATE_LIMITED with the seconds until the end of the longest exhausted window
 */
export type RateLimit = (address: string) => Promise<void>;

interface Count {
  window: number;
  /** Counted by this instance and not flushed to the table yet. */
  pending: number;
  /** The sum of all instances as of the last flush. */
  flushed: number;
}

type Counts = Map<string, Count>;

/** One count that a request increases, with its limit. */
interface Counted {
  current: Count;
  counter: string;
  limit: number;
  windowS: number;
}

/** An instance flushes its count to the table each time its unflushed count reaches one eighth of the limit. */
const BATCHES_PER_LIMIT = 8;
/** Unflushed counts are lost with the instance, so the batch size is capped. */
const MAX_BATCH = 100;
/** Maximum number of counts in each of the two maps. Above this number, a new count evicts the oldest count. */
const MAX_COUNTS = 10_000;

/**
 * Limits the requests of anonymous clients, which consume WeChat's quotas and the capacity of the table.
 *
 * Instances count in memory and flush batches to the table. Normal clients cause almost no writes. A flood causes one
 * write per batch, and no write above the limit until the window ends. Unflushed counts of several instances can exceed
 * the limit. The limit protects quotas and is not an access control.
 */
export function rateLimit(deps: LimitDeps, name: string, limits: Limits[]): RateLimit {
  // Two maps, so that many addresses cannot evict the count of the whole app.
  const byAddress: Counts = new Map();
  const byApp: Counts = new Map();

  return async (address) => {
    const nowS = deps.now() / 1_000;
    const counts = limits.flatMap(({ windowS, perAddress, perApp }) => {
      const window = Math.floor(nowS / windowS);
      const [ofAddress, ofApp] = [`${name}#${windowS}#${networkOf(address)}`, `${name}#${windowS}`];
      return [
        { current: currentCount(byAddress, ofAddress, window), counter: ofAddress, limit: perAddress, windowS },
        { current: currentCount(byApp, ofApp, window), counter: ofApp, limit: perApp, windowS },
      ];
    });
    // Rejected requests are not counted.
    const exhausted = counts.filter(({ current, limit }) => current.flushed + current.pending >= limit);
    const ends = exhausted.map(({ current, windowS }) => (current.window + 1) * windowS);
    if (ends.length > 0) throw limited(Math.max(...ends) - nowS);
    await Promise.all(counts.map(count));
  };

  async function count({ current, counter, limit, windowS }: Counted): Promise<void> {
    const { window } = current;
    current.pending += 1;
    if (current.pending < Math.min(Math.ceil(limit / BATCHES_PER_LIMIT), MAX_BATCH)) return;
    const batch = current.pending;
    current.pending = 0;
    current.flushed += batch;
    try {
      const expiresAt = (window + 2) * windowS;
      const sum = await addToRate(deps.table, { counter, window, count: batch, expiresAt });
      current.flushed = Math.max(current.flushed, sum);
    } catch (error) {
      deps.log.warn('rate-limit.flush-failed', { error });
    }
  }
}

function currentCount(counts: Counts, counter: string, window: number): Count {
  const existing = counts.get(counter);
  if (existing?.window === window) return existing;
  const fresh = { window, pending: 0, flushed: 0 };
  counts.delete(counter);
  counts.set(counter, fresh);
  if (counts.size > MAX_COUNTS) counts.delete(counts.keys().next().value!);
  return fresh;
}

/**
 * Returns the /64 network of an IPv6 address, because one client usually holds a whole /64; any other address
 * unchanged.
 */
function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.split('::');
  const groups = head.split(':').filter(Boolean);
  const missing = tail === undefined ? 0 : 8 - groups.length - tail.split(':').filter(Boolean).length;
  const full = [...groups, ...Array<string>(missing).fill('0'), ...(tail ?? '').split(':').filter(Boolean)];
  return `${full.slice(0, 4).join(':')}::/64`;
}

function limited(waitS: number): AppError {
  return new AppError('RATE_LIMITED', 'Too many requests; retry later', { retryAfterSeconds: Math.ceil(waitS) });
}
