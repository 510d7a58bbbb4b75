import * as v from 'valibot';
import { AppError } from '../../core/errors.ts';
import { callPay, type PayV3Deps } from './client.ts';
import { asMissingComplaint, complaintPath, pictures, text, texts, time } from './complaints.ts';

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

const entry = v.object({
  log_id: text,
  operate_time: time,
  operator: text,
  operate_type: text,
  operate_details: text,
  complaint_media_list: pictures,
  image_list: texts,
});
const answerSchema = v.object({ data: v.fallback(v.array(entry), []) });

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
    if (!parsed.success) throw new AppError('WECHAT_UNAVAILABLE', 'WeChat Pay returned no history of the complaint');
    const { data } = parsed.output;
    history.push(...data.map(entryOf));
    if (data.length < PAGE) break;
  }
  return history.toSorted((one, other) => Date.parse(one.at) - Date.parse(other.at));
}

function entryOf(fields: v.InferOutput<typeof entry>): HistoryEntry {
  return {
    id: fields.log_id,
    at: fields.operate_time,
    operator: fields.operator,
    type: fields.operate_type,
    text: fields.operate_details,
    pictures: [...fields.complaint_media_list, ...fields.image_list],
  };
}
