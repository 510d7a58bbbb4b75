import { countMetric } from '../core/metrics.ts';
import type { Runtime } from '../core/runtime.ts';
import { isFromWechat, readAccount, removeTypedValue, type Profile } from '../store/accounts.ts';
import {
  completeCheck,
  decideCheck,
  retryFailedCheck,
  type ContentCheck,
  type Trace,
} from '../store/content-checks.ts';
import type { Table } from '../store/table.ts';

/** The decision about content. */
export type Decision = Exclude<ContentCheck['state'], 'pending'>;

export type ConcludeDeps = Pick<Runtime, 'now' | 'log'> & {
  table: Table;
  /** Applies a decision to an uploaded picture, and to the avatar that waits for it. Idempotent. */
  decideUpload(upload: { accountId: string; uploadId: string }, decision: Decision): Promise<void>;
};

/** A verdict of WeChat. `failed`: WeChat could not fetch the picture. */
export type AnyVerdict = Required<Pick<Trace, 'suggest' | 'label'>>;

/** Pause before the second request for a picture that WeChat could not fetch. */
const FAILED_PAUSE_MS = 10 * 60_000;
/** How long a check is kept after its decision (seconds): for late repetitions, or until an operator decides. */
const LIFE_S = { passed: 24 * 3_600, refused: 24 * 3_600, review: 90 * 24 * 3_600 };

/**
 * Why a content is shown that WeChat did not pass: the user has no openid in the mini-program, WeChat is not sure, or
 * WeChat did not check the content within a week.
 */
type UncheckedReason = 'no-openid' | 'review' | 'expired';

/** Counts a content that is shown although WeChat did not pass it. */
export function countUnchecked(reason: UncheckedReason): void {
  countMetric('UncheckedContents', { Reason: reason });
}

/** Applies a verdict of WeChat to a check. Idempotent. @returns the state of the check */
export async function settle(
  deps: ConcludeDeps,
  check: ContentCheck,
  { traceId, suggest, label }: AnyVerdict & { traceId?: string },
): Promise<ContentCheck['state']> {
  switch (suggest) {
    case 'pass':
      return conclude(deps, check, 'passed', label);
    case 'risky':
      return conclude(deps, check, 'refused', label);
    case 'failed': {
      const retry = { traceId: traceId ?? '', dueAtMs: deps.now() + FAILED_PAUSE_MS };
      if (await retryFailedCheck(deps.table, check.checkId, retry)) return 'pending';
      return concludeWithoutVerdict(deps, check, 'review');
    }
    default:
      return concludeWithoutVerdict(deps, check, 'review', label);
  }
}

/**
 * Ends the part of WeChat in a check without a verdict. A nickname remains, because a picture can be held back and a name
 * cannot. Any other content is held for a decision of an operator or of the team.
 */
export function concludeWithoutVerdict(
  deps: ConcludeDeps,
  check: ContentCheck,
  reason: UncheckedReason,
  label?: string,
): Promise<ContentCheck['state']> {
  if (check.state === 'pending' && check.kind === 'nickname') {
    countUnchecked(reason);
    return conclude(deps, check, 'passed', label);
  }
  return conclude(deps, check, 'review', label);
}

/**
 * Stores a decision and applies it. The decision is stored first: after a crash, the follow-up or a repetition applies it.
 * An earlier final decision remains, and is applied again.
 * @returns the state of the check
 */
export async function conclude(
  deps: ConcludeDeps,
  { checkId }: Pick<ContentCheck, 'checkId'>,
  decision: Decision,
  label?: string,
): Promise<ContentCheck['state']> {
  const at = new Date(deps.now()).toISOString();
  const check = await decideCheck(deps.table, checkId, { state: decision, label, at });
  if (!check) return decision;
  await applyDecision(deps, check);
  return check.state;
}

/** Applies the stored decision of a check, and completes the check. Idempotent. */
export async function applyDecision(deps: ConcludeDeps, check: ContentCheck): Promise<void> {
  const { checkId, userId, kind, state, content } = check;
  if (state === 'pending') return;
  if (kind === 'upload') await deps.decideUpload({ accountId: userId, uploadId: checkId }, state);
  if (state === 'refused' && content) {
    if (kind === 'nickname' && 'text' in content) await removeTyped(deps, userId, 'nickname', content.text);
    if (kind === 'avatar' && 'url' in content) await removeTyped(deps, userId, 'avatarUrl', content.url);
  }
  await completeCheck(deps.table, check, Math.floor(deps.now() / 1_000) + LIFE_S[state]);
  deps.log.info('content.decided', { checkId, kind, state });
}

/** Removes a value that the user entered, if the account still has it. The account may have been merged meanwhile. */
async function removeTyped(deps: ConcludeDeps, userId: string, field: keyof Profile, value: string): Promise<void> {
  const account = await readAccount(deps.table, userId, 'strong');
  if (!account || account[field] !== value || isFromWechat(account, field)) return;
  if (await removeTypedValue(deps.table, account.id, field, value)) return;
  await removeTyped(deps, userId, field, value);
}
