import * as v from 'valibot';
import { AppError, isAppError } from '../../core/errors.ts';
import { COMPLAINT_ID } from '../../core/ids.ts';
import type { ComplaintDetails } from '../../store/complaints.ts';
import { markVerified, type Verified } from '../verified.ts';
import { callPay, type PayV3Deps } from './client.ts';

/** A notification that something happened to a complaint. Its details must be queried. */
export interface ComplaintReport {
  complaintId: string;
  /** Such as `CREATE_COMPLAINT`, or the event type if WeChat names no action. */
  actionType: string;
}

/** A complaint as WeChat Pay reports it: the stored part, and the part that is read on demand only. */
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
  /** The buyer's phone, encrypted for the key of the merchant (openPayerPhone). */
  sealedPhone?: string;
}

const STATES = ['PENDING', 'PROCESSING', 'PROCESSED'] as const;

// A missing or malformed value of these fields only informs less.
export const text = v.fallback(v.string(), '');
const flag = v.fallback(v.boolean(), false);
const fen = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
export const texts = v.fallback(v.array(v.string()), []);
/** RFC 3339. Reports of merchants also show epoch ms. */
export const time = v.pipe(
  v.union([v.string(), v.number()]),
  v.check((value) => !Number.isNaN(new Date(value).getTime())),
  v.transform((value) => new Date(value).toISOString()),
);
/** Pictures by kind: a list in a complaint, and one object in an entry of the history. */
const media = v.object({ media_url: texts });
export const pictures = v.fallback(
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
const filled = v.pipe(v.string(), v.nonEmpty());
const order = v.object({ out_trade_no: filled, transaction_id: filled, amount: fen });
/** An order that cannot be read is left out. */
const orderList = v.fallback(
  v.pipe(
    v.array(v.unknown()),
    v.transform((list) => list.map((entry) => v.safeParse(order, entry))),
    v.transform((list) => list.flatMap(({ success, output }) => (success ? [output] : []))),
  ),
  [],
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
  complaint_order_info: orderList,
  complaint_full_refunded: flag,
  incoming_user_response: flag,
  user_complaint_times: v.fallback(v.number(), 1),
  user_tag_list: texts,
  complaint_media_list: pictures,
  in_platform_service: flag,
  need_immediate_service: flag,
  payer_phone: text,
});

const PATH = '/v3/merchant-service/complaints-v2';
/** Complaints of one page; the maximum. */
const PAGE = 50;

/**
 * Queries a complaint.
 * @throws NOT_FOUND; FORBIDDEN, RATE_LIMITED, WECHAT_CONFIG, INTERNAL, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012533436
 */
export async function queryComplaint(deps: PayV3Deps, complaintId: string): Promise<Verified<WechatComplaint>> {
  const answer = await callPay(deps, { method: 'GET', path: complaintPath(complaintId) }).catch(asMissingComplaint);
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), complaint), answer);
  if (parsed.success && parsed.output.complaint_id === complaintId) return complaintOf(parsed.output);
  throw new AppError('WECHAT_UNAVAILABLE', 'WeChat Pay did not return the requested complaint');
}

/** One page of the list. `nextOffset` is absent on the last page. */
export interface ComplaintPage {
  complaints: Verified<WechatComplaint>[];
  nextOffset?: number;
}

const list = v.object({ data: v.fallback(v.array(v.unknown()), []) });

/**
 * Lists the complaints of some days, at most 30. An entry that cannot be read is logged and left out.
 * @param days `first` and `last` are `yyyy-mm-dd` in Beijing
 * @throws FORBIDDEN, RATE_LIMITED, WECHAT_CONFIG, INTERNAL, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT
 * @see https://pay.weixin.qq.com/docs/merchant/products/consumer-complaint/apilist.html
 */
export async function listComplaints(
  deps: PayV3Deps,
  { first, last, offset = 0 }: { first: string; last: string; offset?: number },
): Promise<ComplaintPage> {
  const search = new URLSearchParams({
    limit: String(PAGE),
    offset: String(offset),
    begin_date: first,
    end_date: last,
    complainted_mchid: deps.merchant.mchId,
  });
  const answer = await callPay(deps, { method: 'GET', path: `${PATH}?${search}` });
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), list), answer);
  if (!parsed.success) throw new AppError('WECHAT_UNAVAILABLE', 'WeChat Pay returned no list of complaints');
  const { data } = parsed.output;
  const complaints = data.flatMap((entry) => {
    const read = v.safeParse(complaint, entry);
    if (!read.success)
      deps.log.error('complaint.unreadable', { fields: read.issues.map((issue) => v.getDotPath(issue)) });
    return read.success ? [complaintOf(read.output)] : [];
  });
  return { complaints, ...(data.length === PAGE && { nextOffset: offset + PAGE }) };
}

const reportContent = v.object({
  complaint_id: v.pipe(v.string(), v.regex(COMPLAINT_ID)),
  action_type: v.fallback(v.pipe(v.string(), v.maxLength(64)), ''),
});

/**
 * Reads the decrypted resource of a complaint notification, or returns undefined for a resource in another format.
 * @see https://pay.weixin.qq.com/wiki/doc/apiv3/apis/chapter10_2_16.shtml
 */
export function readComplaintReport(eventType: string, json: Verified<string>): Verified<ComplaintReport> | undefined {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), reportContent), json);
  if (!parsed.success) return undefined;
  const { complaint_id: complaintId, action_type: actionType } = parsed.output;
  return markVerified({ complaintId, actionType: actionType || eventType });
}

/** Returns the path of a complaint, and of a call about it. */
export function complaintPath(complaintId: string, call?: string): string {
  return `${PATH}/${encodeURIComponent(complaintId)}${call === undefined ? '' : `/${call}`}`;
}

/** The code of WeChat Pay for a missing resource has a message about refunds. @throws the error of the call */
export function asMissingComplaint(error: unknown): never {
  if (!isAppError(error, 'NOT_FOUND')) throw error;
  throw new AppError('NOT_FOUND', 'WeChat Pay has no such complaint; check complaintId', { cause: error.cause });
}

function complaintOf(fields: v.InferOutput<typeof complaint>): Verified<WechatComplaint> {
  const orders = fields.complaint_order_info.map(({ out_trade_no, transaction_id, amount }) => ({
    outTradeNo: out_trade_no,
    transactionId: transaction_id,
    amountFen: amount,
  }));
  const { apply_refund_amount: refundFen } = fields;
  const state = STATES.find((name) => name === fields.complaint_state);
  return markVerified<WechatComplaint>({
    complaintId: fields.complaint_id,
    // A state that WeChat does not document yet is neither new nor over.
    state: state ?? 'PROCESSING',
    complainedAt: fields.complaint_time,
    mchId: fields.complainted_mchid,
    orders,
    buyerWaits: fields.incoming_user_response,
    isRefundedInFull: fields.complaint_full_refunded,
    times: fields.user_complaint_times,
    inPlatformService: fields.in_platform_service,
    ...(fields.problem_type && { problemType: fields.problem_type }),
    ...(refundFen !== undefined && { refundFen }),
    text: fields.complaint_detail,
    problem: fields.problem_description,
    userTags: fields.user_tag_list,
    needsImmediateService: fields.need_immediate_service,
    pictures: fields.complaint_media_list,
    ...(fields.payer_phone && { sealedPhone: fields.payer_phone }),
  });
}
