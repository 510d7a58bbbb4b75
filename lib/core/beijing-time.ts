const BEIJING_OFFSET_MS = 8 * 3_600_000;

/** Returns the date in Beijing, `yyyy-MM-dd`. A bill of WeChat covers one such day. */
export function beijingDate(atMs: number): string {
  return shifted(atMs).slice(0, 10);
}

/** Formats an instant as `yyyy-MM-dd HH:mm` in Beijing time. */
export function beijingMinute(atMs: number): string {
  return shifted(atMs).slice(0, 16).replace('T', ' ');
}

/**
 * Formats an instant as `yyyyMMddHHmmss` in Beijing time, the time format of API v2.
 * @see https://pay.weixin.qq.com/doc/v2/merchant/4011935214
 */
export function beijingDigits(atMs: number): string {
  return shifted(atMs).slice(0, 19).replaceAll(/\D/g, '');
}

/** Formats an instant as RFC 3339 with milliseconds, in Beijing time. */
export function beijingRfc3339(atMs: number): string {
  return shifted(atMs).replace('Z', '+08:00');
}

/**
 * Parses a time in Beijing, `yyyyMMddHHmmss` or `yyyy-MM-dd HH:mm:ss`.
 * @returns epoch ms; NaN for any other text
 */
export function fromBeijing(text: string): number {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})-?(\d\d)-?(\d\d) ?(\d\d):?(\d\d):?(\d\d)$/.exec(text) ?? [];
  if (second === undefined) return Number.NaN;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}+08:00`);
}

function shifted(atMs: number): string {
  return new Date(atMs + BEIJING_OFFSET_MS).toISOString();
}
