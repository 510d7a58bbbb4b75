import * as v from 'valibot';
import { AppError } from '../../core/errors.ts';
import { readHistory, sortHistory, type HistoryEntry } from '../complaint.ts';
import { callPay, type PayV3Deps } from './client.ts';
import { asMissingComplaint, complaintPath } from './complaints.ts';

const answerSchema = v.object({ data: v.fallback(v.array(v.unknown()), []) });

/** Entries of one page; the maximum. */
const PAGE = 300;
/** Pages that are read at most. A history has seldom more than some entries. */
const MAX_PAGES = 5;

/**
 * Queries the messages and actions of a complaint, oldest first.
 * @throws NOT_FOUND; FORBIDDEN, RATE_LIMITED, WECHAT_CONFIG, INTERNAL, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012533439
 */
export async function queryHistory(deps: PayV3Deps, complaintId: string): Promise<HistoryEntry[]> {
  const history: HistoryEntry[] = [];
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const path = `${complaintPath(complaintId, 'negotiation-historys')}?limit=${PAGE}&offset=${page * PAGE}`;
    const answer = await callPay(deps, { method: 'GET', path }).catch(asMissingComplaint);
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), answerSchema), answer);
    const entries = parsed.success ? readHistory(parsed.output.data) : undefined;
    if (!entries) throw new AppError('WECHAT_UNAVAILABLE', 'WeChat Pay returned no history of the complaint');
    history.push(...entries);
    if (entries.length < PAGE) break;
  }
  return sortHistory(history);
}
