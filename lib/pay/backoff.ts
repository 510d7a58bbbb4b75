export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/**
 * When to ask WeChat again about something that was made at `createdAt`: after a minute at first, then after as long as
 * it has been there, at most `longestMs` (pay 2.7, 4.8).
 */
export function againAtMs({ createdAt }: { createdAt: string }, nowMs: number, longestMs: number): number {
  const ageMs = nowMs - Date.parse(createdAt);
  return nowMs + Math.min(Math.max(ageMs, MINUTE_MS), longestMs);
}
