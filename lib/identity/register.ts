import { openSession, randomSessionId, type SessionAnswer, type SessionDeps } from './open-session.ts';
import { recogniseOrCreate } from './recognise.ts';

/**
 * Turns the registration token of somebody who scanned into an account and a session. While it lives the token may be
 * sent again, after a lost answer or from a second browser: the same account, another session.
 * @throws UNAUTHENTICATED when the token is not ours or has ended; IDENTITY_CONFLICT
 */
export async function register(deps: SessionDeps, registrationToken: string): Promise<SessionAnswer> {
  const person = await deps.tokens.verifyRegistration(registrationToken);
  const { account, isNewUser } = await recogniseOrCreate(deps, person);
  const { appId, openId } = person;
  return openSession(deps, account, { sid: randomSessionId(deps), appId, openId, isNewUser });
}
