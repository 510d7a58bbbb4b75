import { AppError, isAppError } from '../core/errors.ts';
import { readComplaint } from '../store/complaints.ts';
import { isUnknownOutcome } from '../wechat-pay/errors.ts';
import type { Verified } from '../wechat-pay/verified.ts';
import type { ComplaintPage, WechatComplaint } from '../wechat-pay/complaint.ts';
import { fetchDetails, type ComplaintDeps } from './fetch-details.ts';
import { differs } from './waiting.ts';

/** The first and the last day of a list, `yyyy-mm-dd` in Beijing. */
export interface Days {
  first: string;
  last: string;
}

export type ListDeps = ComplaintDeps & {
  /** Lists the complaints of some days, at most 30. */
  listComplaints(request: Days & { offset?: number }): Promise<ComplaintPage>;
};

/**
 * Queries each listed complaint that differs from the stored complaint. The list itself is not stored, because it can be
 * older than the stored complaint.
 * @returns how many complaints were stored, and whether WeChat Pay answered every query
 */
export async function findChanged(
  deps: ComplaintDeps,
  listed: Verified<WechatComplaint>[],
): Promise<{ found: number; isComplete: boolean }> {
  let found = 0;
  for (const live of listed) {
    const { complaintId } = live;
    if (!differs(await readComplaint(deps.table, complaintId, 'eventual'), live)) continue;
    try {
      await fetchDetails(deps, complaintId);
      found += 1;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      deps.log.warn('complaint.query-failed', { complaintId, error });
      // WeChat Pay is probably down or limits the rate. A declined query does not stop the others.
      if (isUnknownOutcome(error) || isAppError(error, 'RATE_LIMITED')) return { found, isComplete: false };
    }
  }
  return { found, isComplete: true };
}

/**
 * Compares the list of some days with the stored complaints, page by page.
 * @returns how many complaints were stored, and whether the whole list was compared
 * @throws the errors of the list
 */
export async function compareList(
  deps: ListDeps,
  days: Days,
  { isOver }: { isOver(): boolean },
): Promise<{ found: number; isComplete: boolean }> {
  let found = 0;
  for (let offset: number | undefined = 0; offset !== undefined;) {
    if (isOver()) return { found, isComplete: false };
    const page = await deps.listComplaints({ ...days, offset });
    const changed = await findChanged(deps, page.complaints);
    found += changed.found;
    if (!changed.isComplete) return { found, isComplete: false };
    offset = page.nextOffset;
  }
  return { found, isComplete: true };
}
