import { isIPv6 } from 'node:net';
import { AppError } from '../core/errors.ts';
import type { Runtime } from '../core/runtime.ts';
import { addToRate } from '../store/rates.ts';
import type { Table } from '../store/table.ts';

type LimitDeps = Pick<Runtime, 'now' | 'log'> & { table: Table };

/** How often in one window: from one address, and for the app as a whole. */
export interface Limits {
  windowS: number;
  perAddress: number;
  perApp: number;
}

export type RateLimit = (address: string) => Promise<void>;

interface Count {
  window: number;
  /** Counted here and not told to the others yet. */
  untold: number;
  /** What all instances counted, when we last told them ours. */
  known: number;
}

type Counts = Map<string, Count>;

/** A count that a request goes into, with the limit that it has. */
interface Counted {
  current: Count;
  counter: string;
  limit: number;
  windowS: number;
}

/** An instance tells the others what it counted each time that it counted a share of the limit. */
const SHARES = 8;
/** What it has not told goes with it when it ends: of a large limit, too, that has to be little. */
const MAX_SHARE = 100;
/** Addresses that one instance remembers: beyond it the oldest are forgotten. */
const MAX_COUNTS = 10_000;

/**
 * Guards what anonymous callers could use up: WeChat's quotas, and our table. Instances count in memory, and add up in
 * the table only what has become a share of the limit: an ordinary caller costs nothing, a flood one write for many
 * requests, and a flood that is over the limit nothing at all until the window ends. What several instances counted and
 * have not told each other yet gets through: a guard of quotas, no fence.
 * @throws RATE_LIMITED with the seconds until there is room again
 */
export function rateLimit(deps: LimitDeps, name: string, limits: Limits[]): RateLimit {
  // Apart from each other, so that no crowd of addresses makes an instance forget what the app as a whole has done.
  const byAddress: Counts = new Map();
  const byApp: Counts = new Map();

  return async (address) => {
    const nowS = deps.now() / 1_000;
    const asked = limits.flatMap(({ windowS, perAddress, perApp }) => {
      const window = Math.floor(nowS / windowS);
      const [ofAddress, ofApp] = [`${name}#${windowS}#${networkOf(address)}`, `${name}#${windowS}`];
      return [
        { current: currentCount(byAddress, ofAddress, window), counter: ofAddress, limit: perAddress, windowS },
        { current: currentCount(byApp, ofApp, window), counter: ofApp, limit: perApp, windowS },
      ];
    });
    // Whoever is refused is counted nowhere, and has to wait for the last of the windows that are full.
    const full = asked.filter(({ current, limit }) => current.known + current.untold >= limit);
    const ends = full.map(({ current, windowS }) => (current.window + 1) * windowS);
    if (ends.length > 0) throw limited(Math.max(...ends) - nowS);
    await Promise.all(asked.map(count));
  };

  async function count({ current, counter, limit, windowS }: Counted): Promise<void> {
    const { window } = current;
    current.untold += 1;
    if (current.untold < Math.min(Math.ceil(limit / SHARES), MAX_SHARE)) return;
    const told = current.untold;
    current.untold = 0;
    current.known += told;
    try {
      const expiresAt = (window + 2) * windowS;
      const sum = await addToRate(deps.table, { counter, window, count: told, expiresAt });
      current.known = Math.max(current.known, sum);
    } catch (error) {
      deps.log.warn('rate-limit.not-told', { error });
    }
  }
}

function currentCount(counts: Counts, counter: string, window: number): Count {
  const known = counts.get(counter);
  if (known?.window === window) return known;
  const fresh = { window, untold: 0, known: 0 };
  counts.delete(counter);
  counts.set(counter, fresh);
  if (counts.size > MAX_COUNTS) counts.delete(counts.keys().next().value!);
  return fresh;
}

/** Whoever has one IPv6 address has a whole /64 of them. */
function networkOf(address: string): string {
  if (!isIPv6(address)) return address;
  const [head = '', tail] = address.split('::');
  const groups = head.split(':').filter(Boolean);
  const missing = tail === undefined ? 0 : 8 - groups.length - tail.split(':').filter(Boolean).length;
  const full = [...groups, ...Array<string>(missing).fill('0'), ...(tail ?? '').split(':').filter(Boolean)];
  return `${full.slice(0, 4).join(':')}::/64`;
}

function limited(waitS: number): AppError {
  return new AppError('RATE_LIMITED', 'Too many requests: try again later', { retryAfterSeconds: Math.ceil(waitS) });
}
