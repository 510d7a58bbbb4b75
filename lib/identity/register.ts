import { AppError } from '../core/errors.ts';
import { readAccount } from '../store/accounts.ts';
import { readOpenedSession } from '../store/sessions.ts';
import { accountGone, sessionEnded } from './authenticate.ts';
import { openSession, type SessionAnswer, type SessionDeps } from './open-session.ts';
import { recogniseOrCreate } from './recognise.ts';

export type RegisterDeps = SessionDeps & {
  /** Undefined where no official account is configured. */
  officialAppId: string | undefined;
};

/**
 * Creates an account and a session from the registration token of a user who scanned a login code. A client can send
 * the token again until the token expires, for example after a lost response. Each call returns the same account and
 * opens the same session, which counts as created at the login. A token of an ended login creates no account.
 * @throws UNAUTHENTICATED when the token is not valid or has expired, or the user revoked the login, logged out, ended
 * all sessions or closed the account; IDENTITY_CONFLICT as recogniseOrCreate
 */
export async function register(deps: RegisterDeps, registrationToken: string): Promise<SessionAnswer> {
  const { sid, appId, openId, issuedAtMs } = await deps.tokens.verifyRegistration(registrationToken);
  const opened = await readOpenedSession(deps.table, sid);
  if (opened === 'revoked') throw sessionEnded();
  if (opened && !(await readAccount(deps.table, opened.accountId, 'strong'))) throw accountGone();
  const { account, isNewUser } = await recogniseOrCreate(deps, { appId, openId });
  if (issuedAtMs < (account.sessionsNotBefore ?? 0)) {
    throw new AppError('UNAUTHENTICATED', 'The user ended all sessions after this login; log in again');
  }
  return openSession(deps, account, { sid, appId, openId, isNewUser, loginAtMs: issuedAtMs, createdAtMs: issuedAtMs });
}
