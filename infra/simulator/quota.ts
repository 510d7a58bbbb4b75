import { beijingDay } from './beijing-time.ts';

/** Counts uses per key and window. Returns true, and counts the use, if the limit is not reached. */
type Quota = (key: string, now: number) => boolean;

function createQuota(limit: number, windowOf: (now: number) => number): Quota {
  const used = new Map<string, { window: number; count: number }>();
  return (key, now) => {
    const window = windowOf(now);
    const last = used.get(key);
    const count = last?.window === window ? last.count : 0;
    if (count >= limit) return false;
    used.set(key, { window, count: count + 1 });
    return true;
  };
}

/** Limits the calls per calendar day in Beijing. */
export const createDailyQuota = (limit: number): Quota => createQuota(limit, beijingDay);

/** Limits the calls per minute. */
export const createMinuteQuota = (limit: number): Quota => createQuota(limit, (now) => Math.floor(now / 60_000));
