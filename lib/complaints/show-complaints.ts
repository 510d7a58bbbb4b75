import { beijingDate } from '../core/beijing-time.ts';
import { readComplaint } from '../store/complaints.ts';
import type { HistoryEntry } from '../wechat-pay/complaint.ts';
import { depsOf, type ComplaintApis } from './apis.ts';
import { fetchDetails } from './fetch-details.ts';
import { findChanged, type ListDeps } from './find-changed.ts';
import type { RequestOf } from './requests.ts';
import { complaintView, type ComplaintView } from './view.ts';

export type ShowDeps = ListDeps & {
  /** Queries the messages and actions of a complaint, oldest first. */
  queryHistory(complaintId: string): Promise<HistoryEntry[]>;
};

const DAY_MS = 86_400_000;

/** A page of the list. `nextOffset` is null on the last page. */
export interface ListedComplaints {
  complaints: ComplaintView[];
  nextOffset: number | null;
}

/**
 * Lists the complaints of the last days at WeChat, and stores what changed. The pages of all APIs have one offset.
 * @throws the errors of the list
 */
export async function listComplaints(
  apis: ComplaintApis<ListDeps>,
  { days, offset }: Pick<RequestOf<'list'>, 'days' | 'offset'>,
): Promise<ListedComplaints> {
  const pages = await Promise.all(depsOf(apis).map((deps) => listPage(deps, { days, offset })));
  const [next] = pages.flatMap(({ nextOffset }) => nextOffset ?? []);
  return { complaints: pages.flatMap(({ complaints }) => complaints), nextOffset: next ?? null };
}

async function listPage(deps: ListDeps, { days, offset }: Pick<RequestOf<'list'>, 'days' | 'offset'>) {
  const nowMs = deps.now();
  const [first, last] = [beijingDate(nowMs - (days - 1) * DAY_MS), beijingDate(nowMs)];
  const { complaints, nextOffset } = await deps.listComplaints({ first, last, offset });
  await findChanged(deps, complaints);
  const views = complaints.map(async (live) => {
    const stored = await readComplaint(deps.table, live.complaintId, 'strong');
    return complaintView(live, { api: deps.complaintApi, stored });
  });
  return { complaints: await Promise.all(views), nextOffset };
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
  const complaint = complaintView(live, { api: deps.complaintApi, stored });
  if (!phone) return { complaint, history };
  const payerPhone = live.revealPhone?.() ?? null;
  return { complaint: { ...complaint, payerPhone }, history };
}
