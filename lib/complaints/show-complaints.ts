import { beijingDate } from '../core/beijing-time.ts';
import { readComplaint } from '../store/complaints.ts';
import type { HistoryEntry } from '../wechat-pay/v3/complaint-history.ts';
import { fetchDetails } from './fetch-details.ts';
import { findChanged, type ListDeps } from './find-changed.ts';
import type { RequestOf } from './requests.ts';
import { complaintView, type ComplaintView } from './view.ts';

export type ShowDeps = ListDeps & {
  /** Queries the messages and actions of a complaint, oldest first. */
  queryHistory(complaintId: string): Promise<HistoryEntry[]>;
  /** Opens the encrypted phone of a buyer. */
  openPhone(sealed: string): string;
};

const DAY_MS = 86_400_000;

/** A page of the list. `nextOffset` is null on the last page. */
export interface ListedComplaints {
  complaints: ComplaintView[];
  nextOffset: number | null;
}

/** Lists the complaints of the last days at WeChat Pay, and stores what changed. @throws the errors of the list */
export async function listComplaints(
  deps: ListDeps,
  { days, offset }: Pick<RequestOf<'list'>, 'days' | 'offset'>,
): Promise<ListedComplaints> {
  const nowMs = deps.now();
  const [first, last] = [beijingDate(nowMs - (days - 1) * DAY_MS), beijingDate(nowMs)];
  const page = await deps.listComplaints({ first, last, offset });
  await findChanged(deps, page.complaints);
  const complaints = await Promise.all(
    page.complaints.map(async (live) =>
      complaintView(live, await readComplaint(deps.table, live.complaintId, 'strong')),
    ),
  );
  return { complaints, nextOffset: page.nextOffset ?? null };
}

/** A complaint with its history. `payerPhone` is present on request only, and null if the buyer gave none. */
export interface ShownComplaint {
  complaint: ComplaintView & { payerPhone?: string | null };
  history: HistoryEntry[];
}

/**
 * Queries a complaint and its history. The phone of the buyer is opened for the answer only.
 * @throws NOT_FOUND; NOT_CONFIGURED when the merchant key does not open the phone; the errors of the queries
 */
export async function showComplaint(
  deps: ShowDeps,
  { complaintId, phone }: Pick<RequestOf<'show'>, 'complaintId' | 'phone'>,
): Promise<ShownComplaint> {
  const { live, stored } = await fetchDetails(deps, complaintId);
  const history = await deps.queryHistory(complaintId);
  const complaint = complaintView(live, stored);
  if (!phone) return { complaint, history };
  const payerPhone = live.sealedPhone === undefined ? null : deps.openPhone(live.sealedPhone);
  return { complaint: { ...complaint, payerPhone }, history };
}
