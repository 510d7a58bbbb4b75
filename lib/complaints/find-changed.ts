import { AppError, isAppError } from '../core/errors.ts';
import { readComplaint } from '../store/complaints.ts';
import { isUnknownOutcome } from '../wechat-pay/errors.ts';
import type { Verified } from '../wechat-pay/verified.ts';
import type { ComplaintPage, WechatComplaint } from '../wechat-pay/v3/complaints.ts';
import { fetchDetails, type ComplaintDeps } from './fetch-details.ts';
import { differs } from './waiting.ts';

export type ListDeps = ComplaintDeps & {
  /** Lists the complaints of some days (`yyyy-mm-dd` in Beijing), at most 30. */
  listComplaints(request: { first: string; last: string; offset?: number }): Promise<ComplaintPage>;
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
