import * as v from 'valibot';
import { AppError } from '../core/errors.ts';
import { VERSION_CONFLICT, retryOnConflict } from '../core/optimistic-locking.ts';
import type { Runtime } from '../core/runtime.ts';
import { readAccount, setSessionsNotBefore, type Account } from '../store/accounts.ts';
import type { Table } from '../store/table.ts';
import { userId } from './user-id.ts';

export type EndSessionsDeps = Pick<Runtime, 'now' | 'sleep' | 'log'> & { table: Table };

/** `userId` is the account that remains after merges; sessions created before `sessionsNotBefore` (ISO 8601) ended. */
export interface EndedSessions {
  userId: string;
  sessionsNotBefore: string;
}

const input = v.strictObject({ userId }, 'The input must be {"userId": "…"}, without other fields');

/**
 * Ends all sessions of the account that an operator names. The user can log in again.
 * @throws PARAM_ERROR; NOT_FOUND for an unknown or a closed account
 */
export async function endSessions(deps: EndSessionsDeps, json: unknown): Promise<EndedSessions> {
  const parsed = v.safeParse(input, json);
  if (!parsed.success) throw new AppError('PARAM_ERROR', v.summarize(parsed.issues));
  const ended = await endAllSessions(deps, parsed.output.userId);
  if (!ended) throw new AppError('NOT_FOUND', 'No account has this userId, or the account was closed');
  return ended;
}

/**
 * Ends all sessions of an account, also those from before its merges.
 * @param id the id of the account, or of an account that was merged into it
 * @returns undefined for an unknown or a closed account
 */
export async function endAllSessions(deps: EndSessionsDeps, id: string): Promise<EndedSessions | undefined> {
  return retryOnConflict(deps, async () => {
    const account = await readAccount(deps.table, id, 'strong');
    if (!account) return undefined;
    const notBeforeMs = nextSessionsNotBefore(account, deps.now());
    if (!(await setSessionsNotBefore(deps.table, account.id, notBeforeMs))) return VERSION_CONFLICT;
    deps.log.info('identity.sessions-ended', { accountId: account.id });
    return { userId: account.id, sessionsNotBefore: new Date(notBeforeMs).toISOString() };
  });
}

/**
 * Returns a time (epoch ms) that is later than the creation of every session that exists now. A login after an earlier
 * end has a session at the time of that end, which is ahead of this clock if the clocks differ.
 */
export function nextSessionsNotBefore({ sessionsNotBefore = 0 }: Account, nowMs: number): number {
  return Math.max(nowMs, sessionsNotBefore) + 1;
}
