const BEIJING_OFFSET_MS = 8 * 3_600_000;

/** The day in Beijing, `yyyy-mm-dd`: bills are made by it. */
export function beijingDate(atMs: number): string {
  return shifted(atMs).slice(0, 10);
}

/** `yyyyMMddHHmmss` in Beijing, as API v2 writes times (pay 5.3). */
export function beijingDigits(atMs: number): string {
  return shifted(atMs).slice(0, 19).replaceAll(/\D/g, '');
}

/** Epoch ms of a time of Beijing, `yyyyMMddHHmmss` or `yyyy-MM-dd HH:mm:ss`; NaN for anything else. */
export function fromBeijing(text: string): number {
  const [, year, month, day, hour, minute, second] =
    /^(\d{4})-?(\d\d)-?(\d\d) ?(\d\d):?(\d\d):?(\d\d)$/.exec(text) ?? [];
  if (second === undefined) return Number.NaN;
  return Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}+08:00`);
}

function shifted(atMs: number): string {
  return new Date(atMs + BEIJING_OFFSET_MS).toISOString();
}
