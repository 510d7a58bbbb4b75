import { beijingDay } from './beijing-time.ts';

/** Counts uses per key and window; answers whether one more is allowed, and counts it if so. */
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

/** So many calls in a day of Beijing. */
export const createDailyQuota = (limit: number): Quota => createQuota(limit, beijingDay);

/** So many calls in a minute. */
export const createMinuteQuota = (limit: number): Quota => createQuota(limit, (now) => Math.floor(now / 60_000));
