const offsetMs = 8 * 3_600_000;

/** RFC 3339 with the Beijing offset, as WeChat Pay writes times: `2025-08-01T12:00:00+08:00`. */
export function beijingIso(epochMs: number): string {
  return `${new Date(epochMs + offsetMs).toISOString().slice(0, 19)}+08:00`;
}

/** `yyyyMMddHHmmss` in Beijing, as found inside prepay and transaction ids. */
export function beijingDigits(epochMs: number): string {
  return beijingIso(epochMs).replace(/\D/g, '').slice(0, 14);
}

/** Number of the Beijing calendar day: daily quotas are reset at 00:00 there. */
export function beijingDay(epochMs: number): number {
  return Math.floor((epochMs + offsetMs) / 86_400_000);
}
