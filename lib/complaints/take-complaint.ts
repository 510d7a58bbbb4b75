import { AppError } from '../core/errors.ts';
import { VERSION_CONFLICT, retryOnConflict } from '../core/optimistic-locking.ts';
import { readComplaint, writeComplaint } from '../store/complaints.ts';
import { requireVerified, type Verified } from '../wechat-pay/verified.ts';
import type { ComplaintReport } from '../wechat-pay/v3/complaints.ts';
import { fetchDetails, type ComplaintDeps } from './fetch-details.ts';
import { afterReport, firstAttemptAtMs } from './waiting.ts';

/**
 * Takes the notification of a complaint: stores the complaint, then queries its details. The sweep repeats a failed
 * query, so the notification is accepted. A repeated notification only repeats the query.
 * @see https://pay.weixin.qq.com/wiki/doc/apiv3/apis/chapter10_2_16.shtml
 */
export async function takeComplaint(deps: ComplaintDeps, report: Verified<ComplaintReport>): Promise<void> {
  requireVerified(report);
  const { complaintId, actionType } = report;
  const { table, now, log } = deps;
  await retryOnConflict(deps, async () => {
    const seen = await readComplaint(table, complaintId, 'strong');
    const nowMs = now();
    const written = await writeComplaint(table, seen, afterReport(seen, report, nowMs), firstAttemptAtMs(nowMs));
    return written ? undefined : VERSION_CONFLICT;
  });
  log.info('complaint.reported', { complaintId, actionType });
  try {
    await fetchDetails(deps, complaintId);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    log.warn('complaint.query-failed', { complaintId, error });
  }
}
