import { isDeepStrictEqual } from 'node:util';
import type { Complaint, ComplaintDetails } from '../store/complaints.ts';
import type { WechatComplaint } from '../wechat-pay/complaint.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

/** Without an answer of the merchant after this time, the complaint is counted each hour. */
const OVERDUE_MS = 12 * HOUR_MS;
/** Age after which an answered complaint is not queried any more. Notifications still count. */
const LAST_LOOK_MS = 90 * DAY_MS;

/** The reported actions after which the buyer waits for the merchant. */
const BUYER_ACTIONS = new Set(['COMPLAINT.CREATE', 'CREATE_COMPLAINT', 'CONTINUE_COMPLAINT', 'USER_RESPONSE']);

/**
 * Returns a complaint after a notification. The wait begins with the notification, so that the alarm does not depend on
 * the query of the details.
 */
export function afterReport(
  complaint: Complaint | undefined,
  { complaintId, actionType }: { complaintId: string; actionType: string },
  nowMs: number,
): Omit<Complaint, 'revision'> {
  const at = new Date(nowMs).toISOString();
  const waitingSince = complaint?.waitingSince ?? (BUYER_ACTIONS.has(actionType) ? at : undefined);
  return { reportedAt: at, ...complaint, complaintId, actionType, ...(waitingSince && { waitingSince }) };
}

/** Returns a complaint with the queried details, which decide whether the complaint waits. */
export function withDetails(
  { waitingSince, countedAt, ...complaint }: Complaint,
  live: WechatComplaint,
  nowMs: number,
): Omit<Complaint, 'revision'> {
  const details = storedPart(live);
  const next = { ...complaint, details };
  if (!waits(details)) return next;
  return {
    ...next,
    waitingSince: beginningOf({ ...complaint, waitingSince }, details, nowMs),
    ...(countedAt && { countedAt }),
  };
}

/** Whether the merchant has to answer: the complaint is new, or the buyer wrote after the last answer. */
function waits({ state, buyerWaits }: ComplaintDetails): boolean {
  return state === 'PENDING' || (state === 'PROCESSING' && buyerWaits);
}

/** Returns since when a waiting complaint waits. WeChat Pay reports only the time of the first complaint. */
function beginningOf(
  { details: before, waitingSince }: Pick<Complaint, 'details'> & { waitingSince: string | undefined },
  { state, times, complainedAt }: ComplaintDetails,
  nowMs: number,
): string {
  if (state === 'PENDING' && times <= 1) return complainedAt;
  // Without a notification the wait began at an unknown time, so the first details count from the complaint.
  return waitingSince ?? (before ? new Date(nowMs).toISOString() : complainedAt);
}

/** Returns whether the metric must count the complaint: it waits for 12 hours, and the last count is an hour old. */
export function mustCount({ waitingSince, countedAt }: Complaint, nowMs: number): boolean {
  if (waitingSince === undefined || nowMs - Date.parse(waitingSince) < OVERDUE_MS) return false;
  return countedAt === undefined || nowMs - Date.parse(countedAt) >= HOUR_MS;
}

/**
 * Returns when to look at a complaint with details again: when the metric must count it, else after a day.
 * @returns epoch ms; undefined for a finished or old complaint, which only a notification or the list moves
 */
export function nextLookAtMs(
  { details, waitingSince, countedAt }: Omit<Complaint, 'revision'>,
  nowMs: number,
): number | undefined {
  if (waitingSince !== undefined) {
    const countAtMs = countedAt === undefined ? nowMs : Date.parse(countedAt) + HOUR_MS;
    return Math.max(nowMs, Date.parse(waitingSince) + OVERDUE_MS, countAtMs);
  }
  const isOld = details !== undefined && nowMs - Date.parse(details.complainedAt) > LAST_LOOK_MS;
  return details?.state === 'PROCESSED' || isOld ? undefined : nowMs + DAY_MS;
}

/** Returns when to query a complaint again after a failure: soon at first, later each hour. */
export function nextAttemptAtMs({ reportedAt }: Complaint, nowMs: number): number {
  return nowMs + Math.min(Math.max(nowMs - Date.parse(reportedAt), 10 * MINUTE_MS), HOUR_MS);
}

/** Returns when the sweep looks at a complaint whose notification was just stored, if its query fails now. */
export function firstAttemptAtMs(nowMs: number): number {
  return nowMs + MINUTE_MS;
}

/** Returns whether the queried complaint differs from the stored complaint. */
export function differs(complaint: Complaint | undefined, live: WechatComplaint): boolean {
  return !isDeepStrictEqual(complaint?.details, storedPart(live));
}

/** Returns the stored part: neither the words nor the phone of the buyer. */
function storedPart(live: WechatComplaint): ComplaintDetails {
  const { state, complainedAt, mchId, orders, buyerWaits, isRefundedInFull, problemType, refundFen } = live;
  const { times, inPlatformService } = live;
  return {
    state,
    complainedAt,
    mchId,
    orders: orders.map(({ outTradeNo, transactionId, amountFen }) => ({ outTradeNo, transactionId, amountFen })),
    buyerWaits,
    isRefundedInFull,
    ...(problemType !== undefined && { problemType }),
    ...(refundFen !== undefined && { refundFen }),
    times,
    inPlatformService,
  };
}
