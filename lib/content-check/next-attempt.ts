import type { ContentCheck } from '../store/content-checks.ts';

const MINUTE_MS = 60_000;
/** WeChat checks content of a user for two hours after a visit. With this pause, an attempt follows every visit in time. */
const LONGEST_PAUSE_MS = 110 * MINUTE_MS;
const GIVE_UP_MS = 7 * 24 * 60 * MINUTE_MS;

/**
 * Returns when to ask WeChat again: after a minute at first, later after the age of the check, at most after 110 minutes.
 * @returns epoch ms
 */
export function nextAttemptAtMs({ createdAt }: ContentCheck, nowMs: number): number {
  return nowMs + Math.min(Math.max(nowMs - Date.parse(createdAt), MINUTE_MS), LONGEST_PAUSE_MS);
}

/** Whether a check is older than a week, after which WeChat is not asked again. */
export function isOverdue({ createdAt }: ContentCheck, nowMs: number): boolean {
  return nowMs - Date.parse(createdAt) > GIVE_UP_MS;
}
