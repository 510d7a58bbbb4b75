export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/**
 * Returns when to query WeChat next about something created at `createdAt`: after a minute at first, then after as long as
 * it has existed, at most `longestMs` (pay 2.7, 4.8). Epoch ms.
 */
export function nextQueryAtMs({ createdAt }: { createdAt: string }, nowMs: number, longestMs: number): number {
  const ageMs = nowMs - Date.parse(createdAt);
  return nowMs + Math.min(Math.max(ageMs, MINUTE_MS), longestMs);
}
