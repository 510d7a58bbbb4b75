export const MINUTE_MS = 60_000;
export const HOUR_MS = 60 * MINUTE_MS;
export const DAY_MS = 24 * HOUR_MS;

/**
 * Returns when to query WeChat next about an order or a refund. The first interval is a minute. Later intervals equal
 * the age of the order or the refund, up to `longestMs`.
 * @param createdAt ISO 8601
 * @returns epoch ms
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012075249
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4014959631
 */
export function nextQueryAtMs({ createdAt }: { createdAt: string }, nowMs: number, longestMs: number): number {
  const ageMs = nowMs - Date.parse(createdAt);
  return nowMs + Math.min(Math.max(ageMs, MINUTE_MS), longestMs);
}
