import { beijingDate } from '../core/beijing-time.ts';
import { compareList, type ListDeps } from './find-changed.ts';

const DAY_MS = 86_400_000;

/**
 * Takes the push of a complaint about an order of virtual payment. The push does not name the complaint, so the list of
 * yesterday and today is compared with the stored complaints. Two days, because a push can arrive after midnight. The sweep
 * compares a longer list once a day.
 * @returns whether all complaints are stored, and the list has the complaint of the push
 * @throws the errors of the list
 */
export async function takeListedComplaints(
  deps: ListDeps,
  { wxOrderId, mchOrderId }: { wxOrderId: string; mchOrderId: string },
): Promise<boolean> {
  const nowMs = deps.now();
  const days = { first: beijingDate(nowMs - DAY_MS), last: beijingDate(nowMs) };
  let isListed = false;
  const { isComplete, found } = await compareList(deps, days, {
    // The deadline of the calls ends the work.
    isOver: () => false,
    visit: ({ complaints }) => {
      isListed ||= complaints
        .flatMap(({ orders }) => orders)
        .some(({ outTradeNo, transactionId }) => outTradeNo === mchOrderId || transactionId === wxOrderId);
    },
  });
  deps.log.info('complaint.list-compared', { outTradeNo: mchOrderId, found, isComplete, isListed });
  return isComplete && isListed;
}
