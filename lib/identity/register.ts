import { openSession, randomSessionId, type SessionAnswer, type SessionDeps } from './open-session.ts';
import { recogniseOrCreate } from './recognise.ts';

/**
 * Creates an account and a session from the registration token of a user who scanned a login code. Until the token
 * expires, it can be sent again, after a lost response or from a second browser. It then returns the same account with
 * another session.
 * @throws UNAUTHENTICATED when the token is not valid or has expired; IDENTITY_CONFLICT
 */
export async function register(deps: SessionDeps, registrationToken: string): Promise<SessionAnswer> {
  const person = await deps.tokens.verifyRegistration(registrationToken);
  const { account, isNewUser } = await recogniseOrCreate(deps, person);
  const { appId, openId } = person;
  return openSession(deps, account, { sid: randomSessionId(deps), appId, openId, isNewUser });
}
