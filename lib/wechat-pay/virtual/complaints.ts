import * as v from 'valibot';
import { AppError, isAppError } from '../../core/errors.ts';
import type { Runtime } from '../../core/runtime.ts';
import { errcodeOf } from '../../wechat/platform-error.ts';
import {
  readComplaintFields,
  readHistory,
  sortHistory,
  type ComplaintPage,
  type ComplaintReply,
  type HistoryEntry,
  type WechatComplaint,
} from '../complaint.ts';
import { markVerified, type Verified } from '../verified.ts';
import { callVirtual, type VirtualDeps } from './client.ts';
import { BAD_PARAMETER, REPEATED } from './errors.ts';
import { ENV_NUMBERS } from './sign.ts';

/** Complaints, and entries of a history, of one page. */
const PAGE = 50;
/** Pages of a history that are read at most. */
const MAX_PAGES = 20;

const items = v.fallback(v.array(v.unknown()), []);
const list = v.object({ total: v.number(), complaints: items });

/**
 * Queries a complaint about an order of virtual payment.
 * @throws NOT_FOUND; the errors of callVirtual
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/VirtualPayment/api_get_complaint_list
 */
export async function queryVirtualComplaint(
  deps: VirtualDeps,
  complaintId: string,
): Promise<Verified<WechatComplaint>> {
  const answer = await call(deps, 'get_complaint_detail', { complaint_id: complaintId });
  const read = readComplaintFields(answer['complaint'], sourceOf(deps));
  if (!('unreadable' in read) && read.complaintId === complaintId) return markVerified(read);
  throw new AppError('WECHAT_UNAVAILABLE', 'WeChat did not return the requested complaint');
}

/**
 * Lists the complaints of some days. An entry that cannot be read is logged and left out.
 * @param days `first` and `last` are `yyyy-mm-dd` in Beijing
 * @throws the errors of callVirtual
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/VirtualPayment/api_get_complaint_list
 */
export async function listVirtualComplaints(
  deps: VirtualDeps & Pick<Runtime, 'log'>,
  { first, last, offset = 0 }: { first: string; last: string; offset?: number },
): Promise<ComplaintPage> {
  const answer = await call(deps, 'get_complaint_list', { begin_date: first, end_date: last, offset, limit: PAGE });
  const parsed = v.safeParse(list, answer);
  if (!parsed.success) throw new AppError('WECHAT_UNAVAILABLE', 'WeChat returned no list of complaints');
  const complaints = parsed.output.complaints.flatMap((entry) => {
    const read = readComplaintFields(entry, sourceOf(deps));
    if (!('unreadable' in read)) return [markVerified(read)];
    deps.log.error('complaint.unreadable', { fields: read.unreadable });
    return [];
  });
  return { complaints, ...(offset + PAGE < parsed.output.total && { nextOffset: offset + PAGE }) };
}

/**
 * Queries the messages and actions of a complaint, oldest first.
 * @throws NOT_FOUND; the errors of callVirtual
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/VirtualPayment/api_get_complaint_list
 */
export async function queryVirtualHistory(deps: VirtualDeps, complaintId: string): Promise<HistoryEntry[]> {
  const history: HistoryEntry[] = [];
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const about = { complaint_id: complaintId, offset: page * PAGE, limit: PAGE };
    const answer = await call(deps, 'get_negotiation_history', about);
    const entries = readHistory(answer['history'] ?? []);
    if (!entries) throw new AppError('WECHAT_UNAVAILABLE', 'WeChat returned no history of the complaint');
    history.push(...entries);
    if (entries.length < PAGE) break;
  }
  return sortHistory(history);
}

/**
 * Sends a message to the buyer. The call is sent only once, because each call shows another message to the buyer.
 * @throws PARAM_ERROR for a link, which virtual payment does not have; the errors of completeVirtualComplaint
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/VirtualPayment/api_get_complaint_list
 */
export async function replyToVirtualComplaint(
  deps: VirtualDeps,
  complaintId: string,
  { content, images, jump }: ComplaintReply,
): Promise<void> {
  if (jump) throw new AppError('PARAM_ERROR', 'jumpUrl: a reply in virtual payment has no link; leave it out');
  const body = { complaint_id: complaintId, response_content: content, response_images: images ?? [] };
  await call(deps, 'response_complaint', body, { retryBusy: false }).catch(asDeclined);
}

/**
 * Completes a complaint. WeChat may decline a repetition.
 * @throws ORDER_STATE_CONFLICT when the complaint does not permit the action; NOT_FOUND; the errors of callVirtual
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/VirtualPayment/api_get_complaint_list
 */
export async function completeVirtualComplaint(deps: VirtualDeps, complaintId: string): Promise<void> {
  await call(deps, 'complete_complaint', { complaint_id: complaintId }).catch(asDeclined);
}

async function call(deps: VirtualDeps, name: string, body: Record<string, unknown>, options?: { retryBusy: boolean }) {
  try {
    return await callVirtual(deps, name, { env: ENV_NUMBERS[deps.virtual.env], ...body }, options);
  } catch (error) {
    if (!isAppError(error, 'NOT_FOUND')) throw error;
    throw new AppError('NOT_FOUND', 'WeChat has no such complaint; check complaintId', { cause: error.cause });
  }
}

/** WeChat returns the phone as plain text. */
function sourceOf({ virtual }: VirtualDeps) {
  return { mchId: virtual.offerId, openPhone: (phone: string) => phone };
}

/** @throws the error for operators */
function asDeclined(error: unknown): void {
  const errcode = errcodeOf(error);
  if (errcode === REPEATED) return;
  if (errcode !== BAD_PARAMETER || isAppError(error, 'NOT_FOUND')) throw error;
  throw new AppError('ORDER_STATE_CONFLICT', 'WeChat declined the action; look at the complaint with "show"', {
    cause: (error as AppError).cause,
  });
}
