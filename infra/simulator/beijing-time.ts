const offsetMs = 8 * 3_600_000;
const dayMs = 86_400_000;

/** RFC 3339 with the Beijing offset, as WeChat Pay writes times: `2025-08-01T12:00:00+08:00`. */
export function beijingIso(epochMs: number): string {
  return `${new Date(epochMs + offsetMs).toISOString().slice(0, 19)}+08:00`;
}

/** `yyyyMMddHHmmss` in Beijing, as found inside prepay and transaction ids, and in v2. */
export function beijingDigits(epochMs: number): string {
  return beijingIso(epochMs).replace(/\D/g, '').slice(0, 14);
}

/** `yyyy-MM-dd HH:mm:ss` in Beijing, as in bills. */
export function beijingText(epochMs: number): string {
  return beijingIso(epochMs).slice(0, 19).replace('T', ' ');
}

/** Parses `yyyyMMddHHmmss` in Beijing to epoch ms; undefined if the date does not exist. */
export function fromBeijingDigits(text: string): number | undefined {
  const epochMs = Date.parse(text.replace(/^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)$/, '$1-$2-$3T$4:$5:$6+08:00'));
  return Number.isNaN(epochMs) || beijingDigits(epochMs) !== text ? undefined : epochMs;
}

/** Number of the calendar day in Beijing, where daily quotas are reset at 00:00. */
export function beijingDay(epochMs: number): number {
  return Math.floor((epochMs + offsetMs) / dayMs);
}

/** The first moment of a numbered day. */
export function startOfBeijingDay(day: number): number {
  return day * dayMs - offsetMs;
}
