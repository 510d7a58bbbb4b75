import { beijingDate } from '../core/beijing-time.ts';
import { readComplaint } from '../store/complaints.ts';
import type { WechatComplaint } from '../wechat-pay/complaint.ts';
import { findChanged, type ListDeps } from './find-changed.ts';

const DAY_MS = 86_400_000;

/**
 * Takes the push of a complaint about an order of virtual payment. The push does not name the complaint, so the list of
 * yesterday and today is compared with the stored complaints, up to the page with the complaint of the push: WeChat waits
 * for the answer. Two days, because a push can arrive after midnight. The sweep compares a longer list once a day.
 * @returns whether the list has the complaint of the push, and the complaint is stored
 * @throws the errors of the list
 */
export async function takeListedComplaints(
  deps: ListDeps,
  { wxOrderId, mchOrderId }: { wxOrderId: string; mchOrderId: string },
): Promise<boolean> {
  const nowMs = deps.now();
  const days = { first: beijingDate(nowMs - DAY_MS), last: beijingDate(nowMs) };
  const isReported = ({ orders }: WechatComplaint) =>
    orders.some(({ outTradeNo, transactionId }) => outTradeNo === mchOrderId || transactionId === wxOrderId);
  // The deadline of the calls ends a long list.
  for (let offset: number | undefined = 0; offset !== undefined;) {
    const page = await deps.listComplaints({ ...days, offset });
    const { isComplete } = await findChanged(deps, page.complaints);
    const reported = page.complaints.filter(isReported);
    if (reported.length > 0) return isComplete && areStored(deps, reported);
    if (!isComplete) return false;
    offset = page.nextOffset;
  }
  deps.log.warn('complaint.not-listed', { outTradeNo: mchOrderId });
  return false;
}

/** Returns whether the complaints are stored. WeChat can decline the query that stores a complaint. */
async function areStored({ table }: ListDeps, complaints: WechatComplaint[]): Promise<boolean> {
  const stored = await Promise.all(complaints.map(({ complaintId }) => readComplaint(table, complaintId, 'strong')));
  return stored.every((complaint) => complaint !== undefined);
}
