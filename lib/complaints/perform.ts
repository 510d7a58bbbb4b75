import { AppError, isAppError } from '../core/errors.ts';
import { isUnknownOutcome } from '../wechat-pay/errors.ts';
import type { HistoryEntry } from '../wechat-pay/complaint.ts';
import { fetchDetails, type ComplaintDeps } from './fetch-details.ts';
import { complaintView, type ComplaintView } from './view.ts';

export type PerformDeps = ComplaintDeps & {
  /** Queries the messages and actions of a complaint, oldest first. */
  queryHistory(complaintId: string): Promise<HistoryEntry[]>;
};

/** An action at WeChat Pay. */
export interface Action {
  send(): Promise<void>;
  /** Returns whether an entry of the history proves the action. */
  isProof(entry: HistoryEntry): boolean;
}

/** The entries that begin a complaint, the first time or again. */
const BEGINNINGS = new Set(['USER_CREATE_COMPLAINT', 'USER_CONTINUE_COMPLAINT']);

/**
 * Performs an action, then stores the new details. After a lost response, WeChat Pay declines the repetition of an action,
 * so an error counts only if the history does not contain the action.
 * @returns the complaint after the action; null if WeChat Pay does not answer the query, which the sweep repeats
 * @throws the error of the action
 */
export async function perform(
  deps: PerformDeps,
  complaintId: string,
  action: Action,
): Promise<{ complaint: ComplaintView | null }> {
  try {
    await action.send();
  } catch (error) {
    const mayBeDone = isUnknownOutcome(error) || isAppError(error, 'ORDER_STATE_CONFLICT');
    if (!mayBeDone || !(await isProven(deps, complaintId, action.isProof).catch(() => false))) throw error;
    deps.log.info('complaint.action-confirmed', { complaintId });
  }
  return { complaint: await currentView(deps, complaintId) };
}

/** Returns whether the history contains the action since the complaint began, the last time. */
export async function isProven(
  { queryHistory }: PerformDeps,
  complaintId: string,
  isProof: Action['isProof'],
): Promise<boolean> {
  const history = await queryHistory(complaintId);
  const begin = history.findLastIndex(({ type }) => BEGINNINGS.has(type));
  return history.slice(begin + 1).some(isProof);
}

async function currentView(deps: ComplaintDeps, complaintId: string): Promise<ComplaintView | null> {
  try {
    const { live, stored } = await fetchDetails(deps, complaintId);
    return complaintView(live, { api: deps.complaintApi, stored });
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    deps.log.warn('complaint.query-failed', { complaintId, error });
    return null;
  }
}
