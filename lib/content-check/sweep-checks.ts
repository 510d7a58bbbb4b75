import { entriesOf, workThrough, type Outcome } from '../core/work-through.ts';
import { readAccount } from '../store/accounts.ts';
import { deleteCheck, readCheck, readTrace, type ContentCheck } from '../store/content-checks.ts';
import { claimCheck, dueFollowUpPages, type FollowUp } from '../store/follow-ups.ts';
import { readUpload } from '../store/uploads.ts';
import { acceptUnchecked, requestPicture } from './check-picture.ts';
import { askAboutText } from './check-text.ts';
import { applyDecision, concludeWithoutVerdict, settle } from './conclude.ts';
import { logUnavailable, type CheckDeps } from './new-check.ts';
import { isOverdue, nextAttemptAtMs } from './next-attempt.ts';

/** A run starts no further check after this time. */
const RUN_MS = 100_000;
/** Circuit breaker: a run ends after this many failed calls in a row, because WeChat is probably down. */
const MAX_FAILURES = 5;

/** The result of one run. */
export interface CheckSweep {
  /** Checks that this run claimed. */
  visited: number;
  /** Whether due checks are left for the next run. */
  more: boolean;
}

/**
 * Processes the checks that are due: asks WeChat about content that it could not check before, holds pictures whose push
 * is missing, and applies decisions that a crash left unapplied. One after another: in fast loops, WeChat was seen to
 * pass pictures that it should not pass.
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/sec-center/sec-check/api_mediacheckasync
 */
export async function sweepChecks(deps: CheckDeps): Promise<CheckSweep> {
  const beganAtMs = deps.now();
  const { visited, more } = await workThrough(
    entriesOf(dueFollowUpPages(deps.table, { kind: 'check', nowMs: beganAtMs })),
    {
      workers: 1,
      maxFailures: MAX_FAILURES,
      isOver: () => deps.now() - beganAtMs > RUN_MS,
      visit: (followUp) => visitCheck(deps, followUp),
    },
  );
  if (visited > 0 || more) deps.log.info('content-sweep.finished', { visited, more });
  return { visited, more };
}

async function visitCheck(deps: CheckDeps, followUp: FollowUp): Promise<Outcome> {
  const check = await readCheck(deps.table, followUp.no, deps.now());
  if (!check || !(await claimCheck(deps.table, followUp, nextAttemptAtMs(check, deps.now())))) return 'skipped';
  try {
    await followCheck(deps, check);
    return 'done';
  } catch (error) {
    logUnavailable(deps, check, error);
    return 'failed';
  }
}

/** @throws the errors of the calls to WeChat */
async function followCheck(deps: CheckDeps, check: ContentCheck): Promise<unknown> {
  const { table } = deps;
  const { checkId, state, traceId, content } = check;
  if (state !== 'pending') return applyDecision(deps, check);
  if (!content || (await isGone(deps, check))) return deleteCheck(table, checkId);
  if (traceId !== undefined) {
    const { suggest, label = '' } = (await readTrace(table, traceId)) ?? {};
    if (suggest === undefined) return concludeWithoutVerdict(deps, check, 'expired');
    return settle(deps, check, { traceId, suggest, label });
  }
  if (isOverdue(check, deps.now())) return concludeWithoutVerdict(deps, check, 'expired');
  if ('url' in content) return requestPicture(deps, check, content.url);
  const text = await askAboutText(deps, check, content.text);
  if (text.outcome === 'checked') return settle(deps, check, text);
  return text.outcome === 'unchecked' ? acceptUnchecked(deps, check) : undefined;
}

/**
 * Whether nothing can show the content any more: the account was closed, the user entered another value, or the picture
 * expired or was replaced. Its check would spend the quota of WeChat for a week, and keep personal data.
 */
async function isGone({ table, now }: CheckDeps, check: ContentCheck): Promise<boolean> {
  const { checkId, userId, kind, content = {} } = check;
  const account = await readAccount(table, userId, 'strong');
  if (!account) return true;
  if (kind === 'nickname' && 'text' in content) return account.nickname !== content.text;
  if (kind === 'avatar' && 'url' in content) return account.avatarUrl !== content.url;
  if (kind !== 'upload') return false;
  const upload = { accountId: userId, uploadId: checkId };
  return (await readUpload(table, upload, { nowMs: now(), consistency: 'strong' })) === undefined;
}
