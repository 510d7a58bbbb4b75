import * as v from 'valibot';
import { COMPLAINT_ID } from '../core/ids.ts';
import type { ComplaintDetails } from '../store/complaints.ts';
import type { Verified } from './verified.ts';

// Complaints have nearly equal fields in API v3 and in virtual payment.

/** A complaint as WeChat reports it: the stored part, and the part that is read on demand only. */
export interface WechatComplaint extends ComplaintDetails {
  complaintId: string;
  /** The words of the buyer. */
  text: string;
  /** WeChat's name of the problem. */
  problem: string;
  /** WeChat's view of the buyer, such as `HIGH_RISK`. */
  userTags: string[];
  /** Whether WeChat wants an answer at once. */
  needsImmediateService: boolean;
  /** Addresses of the buyer's pictures. Only a signed request can fetch them. */
  pictures: string[];
  /**
   * Returns the buyer's phone; absent for a buyer without a phone. A function, so that no log and no copy contains it.
   * @throws NOT_CONFIGURED when the merchant key does not open the phone
   */
  revealPhone?: () => string;
}

/** One page of the list. `nextOffset` is absent on the last page. */
export interface ComplaintPage {
  complaints: Verified<WechatComplaint>[];
  nextOffset?: number;
}

/** One message or action of a complaint. */
export interface HistoryEntry {
  id: string;
  /** ISO 8601. */
  at: string;
  /** WeChat's name of the acting person, which can be a part of the buyer's name. */
  operator: string;
  /** Such as `USER_RESPONSE`. */
  type: string;
  text: string;
  /** Addresses of pictures. Only a signed request can fetch them. */
  pictures: string[];
}

/** A message of the merchant to the buyer. WeChat counts characters. */
export interface ComplaintReply {
  /** At most 200 characters. */
  content: string;
  /** Ids of at most four uploaded pictures. */
  images?: string[] | undefined;
  /** A link, for merchants that WeChat Pay permits links. */
  jump?: { url: string; text: string } | undefined;
}

const STATES = ['PENDING', 'PROCESSING', 'PROCESSED'] as const;

// A missing or malformed value of these fields only informs less.
const text = v.fallback(v.string(), '');
const flag = v.fallback(v.boolean(), false);
const fen = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const texts = v.fallback(v.array(v.string()), []);
/** RFC 3339. Reports of merchants also show epoch ms. */
const time = v.pipe(
  v.union([v.string(), v.number()]),
  v.check((value) => !Number.isNaN(new Date(value).getTime())),
  v.transform((value) => new Date(value).toISOString()),
);
/** Pictures by kind: a list in a complaint, and one object in an entry of the history. */
const media = v.object({ media_url: texts });
const pictures = v.fallback(
  v.pipe(
    v.union([
      v.array(media),
      v.pipe(
        media,
        v.transform((one) => [one]),
      ),
    ]),
    v.transform((kinds) => kinds.flatMap(({ media_url: urls }) => urls)),
  ),
  [],
);
/**
 * The orders of a complaint. Virtual payment has our number in `wxa_out_trade_no`, and its `out_trade_no` is a number of the
 * payment channel. A payment by Apple has no `transaction_id`.
 */
const order = v.pipe(
  v.object({
    out_trade_no: text,
    wxa_out_trade_no: text,
    transaction_id: text,
    wx_order_id: text,
    amount: fen,
  }),
  v.transform((fields) => ({
    outTradeNo: fields.wxa_out_trade_no || fields.out_trade_no,
    transactionId: fields.transaction_id || fields.wx_order_id,
    amountFen: fields.amount,
  })),
  v.check(({ outTradeNo, transactionId }) => outTradeNo !== '' && transactionId !== ''),
);

/** Only the id, the time and the state are required, because the other fields only inform. */
const complaint = v.object({
  complaint_id: v.pipe(v.string(), v.regex(COMPLAINT_ID)),
  complaint_time: time,
  complaint_state: v.string(),
  complainted_mchid: text,
  complaint_detail: text,
  problem_description: text,
  problem_type: text,
  apply_refund_amount: v.fallback(v.optional(fen), undefined),
  complaint_order_info: readable(order),
  complaint_full_refunded: flag,
  incoming_user_response: flag,
  user_complaint_times: v.fallback(v.number(), 1),
  user_tag_list: texts,
  complaint_media_list: pictures,
  in_platform_service: flag,
  need_immediate_service: flag,
  payer_phone: text,
});

const entry = v.object({
  log_id: text,
  operate_time: time,
  operator: text,
  operate_type: text,
  operate_details: text,
  complaint_media_list: pictures,
  image_list: texts,
});

/** The values that an API adds to the fields of a complaint. */
interface ComplaintSource {
  /** The merchant, if the complaint does not name it. */
  mchId?: string;
  /** Returns the phone of the field `payer_phone`. */
  openPhone(payerPhone: string): string;
}

/** Reads a complaint, or returns the names of the invalid fields. */
export function readComplaintFields(
  fields: unknown,
  { mchId, openPhone }: ComplaintSource,
): WechatComplaint | { unreadable: (string | null)[] } {
  const parsed = v.safeParse(complaint, fields);
  if (!parsed.success) return { unreadable: parsed.issues.map((issue) => v.getDotPath(issue)) };
  const read = parsed.output;
  const { apply_refund_amount: refundFen, payer_phone: phone } = read;
  const state = STATES.find((name) => name === read.complaint_state);
  return {
    complaintId: read.complaint_id,
    // A state that WeChat does not document yet is neither new nor over.
    state: state ?? 'PROCESSING',
    complainedAt: read.complaint_time,
    mchId: mchId ?? read.complainted_mchid,
    orders: read.complaint_order_info,
    buyerWaits: read.incoming_user_response,
    isRefundedInFull: read.complaint_full_refunded,
    times: read.user_complaint_times,
    inPlatformService: read.in_platform_service,
    ...(read.problem_type && { problemType: read.problem_type }),
    ...(refundFen !== undefined && { refundFen }),
    text: read.complaint_detail,
    problem: read.problem_description,
    userTags: read.user_tag_list,
    needsImmediateService: read.need_immediate_service,
    pictures: read.complaint_media_list,
    ...(phone && { revealPhone: () => openPhone(phone) }),
  };
}

/** Reads entries of the history of a complaint. @returns undefined if an entry has no valid time */
export function readHistory(entries: unknown): HistoryEntry[] | undefined {
  const parsed = v.safeParse(v.array(entry), entries);
  if (!parsed.success) return undefined;
  return parsed.output.map((fields) => ({
    id: fields.log_id,
    at: fields.operate_time,
    operator: fields.operator,
    type: fields.operate_type,
    text: fields.operate_details,
    pictures: [...fields.complaint_media_list, ...fields.image_list],
  }));
}

/** Sorts a history: oldest first. */
export function sortHistory(history: HistoryEntry[]): HistoryEntry[] {
  return history.toSorted((one, other) => Date.parse(one.at) - Date.parse(other.at));
}

/** Returns the schema of a list that leaves out the items that cannot be read. */
function readable<Item>(item: v.GenericSchema<unknown, Item>) {
  return v.fallback(
    v.pipe(
      v.array(v.unknown()),
      v.transform((list) => list.map((one) => v.safeParse(item, one))),
      v.transform((list) => list.flatMap(({ success, output }) => (success ? [output as Item] : []))),
    ),
    [],
  );
}
