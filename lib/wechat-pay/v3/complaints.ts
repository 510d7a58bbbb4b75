import * as v from 'valibot';
import { AppError, isAppError } from '../../core/errors.ts';
import { COMPLAINT_ID } from '../../core/ids.ts';
import { readComplaintFields, type ComplaintPage, type WechatComplaint } from '../complaint.ts';
import { markVerified, type Verified } from '../verified.ts';
import { callPay, type PayV3Deps } from './client.ts';
import { openPayerPhone } from './payer-phone.ts';

/** A notification that something happened to a complaint. Its details must be queried. */
export interface ComplaintReport {
  complaintId: string;
  /** Such as `CREATE_COMPLAINT`, or the event type if WeChat names no action. */
  actionType: string;
}

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
  const json = v.safeParse(v.pipe(v.string(), v.parseJson()), answer);
  const read = readComplaintFields(json.output, sourceOf(deps));
  if (!('unreadable' in read) && read.complaintId === complaintId) return markVerified(read);
  throw new AppError('WECHAT_UNAVAILABLE', 'WeChat Pay did not return the requested complaint');
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
    const read = readComplaintFields(entry, sourceOf(deps));
    if (!('unreadable' in read)) return [markVerified(read)];
    deps.log.error('complaint.unreadable', { fields: read.unreadable });
    return [];
  });
  return { complaints, ...(data.length === PAGE && { nextOffset: offset + PAGE }) };
}

/** WeChat Pay encrypts the phone for the key of the merchant. */
function sourceOf({ merchant }: PayV3Deps) {
  return { openPhone: (sealed: string) => openPayerPhone(merchant.privateKey, sealed) };
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
