import { AppError } from '../core/errors.ts';
import type { Runtime } from '../core/runtime.ts';
import { recordActivity, type Account } from '../store/accounts.ts';
import { putSession, type Session } from '../store/sessions.ts';
import type { Table } from '../store/table.ts';
import { userView, type UserView } from './account.ts';
import type { SessionTokens } from './session-token.ts';

export type SessionDeps = Pick<Runtime, 'now' | 'sleep' | 'randomBytes' | 'log'> & {
  table: Table;
  tokens: SessionTokens;
};

/** The answer of every login; `expiresIn` in seconds. */
export interface SessionAnswer {
  token: string;
  tokenType: 'Bearer';
  expiresIn: number;
  user: UserView;
}

/** Lifetime of a session in seconds. */
export const SESSION_LIFE_S = 7 * 24 * 3_600;

/** The parts of a new session that its flow decides. */
type NewSession = Omit<Session, 'accountId' | 'createdAtMs' | 'expiresAt' | 'loginAtMs'> & {
  /** Time of the login, for a session that replaces an earlier session of the same login. Default: now. */
  loginAtMs?: number;
  /** Time from which an end of all sessions does not concern this session. Default: now. */
  createdAtMs?: number;
};

/**
 * Stores a session under `sid`, records the activity of the user, and returns the answer with its token.
 * @throws UNAUTHENTICATED when the user ended or revoked this login
 */
export async function openSession(deps: SessionDeps, account: Account, session: NewSession): Promise<SessionAnswer> {
  const nowMs = deps.now();
  // The clock of the instance that ended all sessions may be ahead.
  const { createdAtMs = Math.max(nowMs, account.sessionsNotBefore ?? 0) } = session;
  const expiresAt = Math.floor(nowMs / 1_000) + SESSION_LIFE_S;
  const stored = { loginAtMs: nowMs, ...session, accountId: account.id, createdAtMs, expiresAt };
  await recordActivity(deps.table, account, nowMs);
  if (!(await putSession(deps.table, stored))) {
    throw new AppError('UNAUTHENTICATED', 'This login has ended; log in again');
  }
  return sessionAnswer(deps, account, stored);
}

/** Returns a random session id, for a session whose id is not derived from a code. */
export function randomSessionId({ randomBytes }: Pick<SessionDeps, 'randomBytes'>): string {
  return randomBytes(24).toString('base64url');
}

/**
 * Returns the answer for a stored session. The token expires with the session. With an Ed25519 key, every call returns
 * the same token.
 */
export async function sessionAnswer(
  { tokens, now }: Pick<SessionDeps, 'tokens' | 'now'>,
  account: Account,
  session: Pick<Session, 'sid' | 'createdAtMs' | 'expiresAt'>,
): Promise<SessionAnswer> {
  const token = await tokens.signSession({ ...session, accountId: account.id });
  const expiresIn = session.expiresAt - Math.floor(now() / 1_000);
  return { token, tokenType: 'Bearer', expiresIn, user: userView(account) };
}
