import { AppError } from '../core/errors.ts';
import { openSession, type SessionAnswer, type SessionDeps } from './open-session.ts';
import { recogniseOrCreate } from './recognise.ts';

/**
 * Creates an account and a session from the registration token of a user who scanned a login code. A client can send
 * the token again until the token expires, for example after a lost response. Each call returns the same account and
 * opens the same session.
 * @throws UNAUTHENTICATED when the token is not valid or has expired, or the user revoked the login or ended all
 * sessions; IDENTITY_CONFLICT as recogniseOrCreate
 */
export async function register(deps: SessionDeps, registrationToken: string): Promise<SessionAnswer> {
  const { sid, appId, openId, issuedAtMs } = await deps.tokens.verifyRegistration(registrationToken);
  const { account, isNewUser } = await recogniseOrCreate(deps, { appId, openId });
  if (issuedAtMs < (account.sessionsNotBefore ?? 0)) {
    throw new AppError('UNAUTHENTICATED', 'The user ended all sessions after this login; log in again');
  }
  return openSession(deps, account, { sid, appId, openId, isNewUser, loginAtMs: issuedAtMs });
}
