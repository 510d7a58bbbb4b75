import { AppError } from '../core/errors.ts';
import type { TokenOwner } from '../platform-token/owner.ts';
import { linkPhone } from '../store/account-links.ts';
import { readAccount, type Account } from '../store/accounts.ts';
import { readPhoneHolder } from '../store/identities.ts';
import type { Session } from '../store/sessions.ts';
import type { PlatformDeps, WechatApp } from '../wechat/client.ts';
import { openSealedData, type SealedData } from '../wechat/open-data.ts';
import { e164, fetchPhoneNumber, phoneInfo } from '../wechat/phone-number.ts';
import { phoneUsername } from './account.ts';
import { accountGone, assertMiniappSession, authenticateAccount } from './authenticate.ts';
import { sessionIdOfCode, sessionOfUsedCode } from './code-session.ts';
import { openSession, randomSessionId, sessionAnswer, type SessionAnswer, type SessionDeps } from './open-session.ts';
import { VERSION_CONFLICT, retryOnConflict } from '../core/optimistic-locking.ts';

export type PhoneDeps = SessionDeps & PlatformDeps & { app: WechatApp; accessToken: TokenOwner };

/** The code of the phone button, or the encrypted data of older base libraries. */
export type PhoneProof = { code: string } | SealedData;

/**
 * Binds the phone of a mini-program user; the phone number becomes the username. Returns a new session. A code sent
 * twice returns the same session.
 * @throws UNAUTHENTICATED; FORBIDDEN for a session of another app; PHONE_ALREADY_BOUND; WECHAT_CODE_INVALID for a code,
 * SESSION_EXPIRED for encrypted data; RATE_LIMITED, WECHAT_CONFIG, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT
 */
export async function bindPhone(
  deps: PhoneDeps,
  { token, proof }: { token: string; proof: PhoneProof },
): Promise<SessionAnswer> {
  const { session, account } = await authenticateAccount(deps, token, { accountConsistency: 'strong' });
  assertMiniappSession(session, deps.app.appId);
  if (!('code' in proof)) {
    const info = openSealedData(phoneInfo, proof, { ...session, nowMs: deps.now() });
    return bind(deps, { account, session, phone: e164(info), sid: randomSessionId(deps) });
  }
  const { code } = proof;
  const sid = sessionIdOfCode('phone_code', session.appId, code);
  let info;
  try {
    const { app } = deps;
    info = await deps.accessToken.withToken((accessToken) =>
      fetchPhoneNumber(deps, { app, accessToken, code, openId: session.openId }),
    );
  } catch (error) {
    return firstAnswer(deps, { sid, account, error });
  }
  return bind(deps, { account, session, phone: e164(info), sid });
}

async function bind(
  deps: PhoneDeps,
  { account, session, phone, sid }: { account: Account; session: Session; phone: string; sid: string },
): Promise<SessionAnswer> {
  const bound = await linkUnlessTaken(deps, account.id, phone);
  deps.log.info('user.phone-bound', { accountId: bound.id });
  const { appId, openId, sessionKey } = session;
  return openSession(deps, bound, { sid, appId, openId, sessionKey, isNewUser: false });
}

function linkUnlessTaken(deps: PhoneDeps, accountId: string, phone: string): Promise<Account> {
  return retryOnConflict(deps, async () => {
    const [account, holder] = await Promise.all([
      readAccount(deps.table, accountId, 'strong'),
      readPhoneHolder(deps.table, phone),
    ]);
    if (!account) throw accountGone();
    if (holder !== undefined && holder !== account.id) {
      throw new AppError('PHONE_ALREADY_BOUND', 'This phone is bound to another account');
    }
    if (account.phone === phone) return account;
    const bound = { phone, username: phoneUsername(phone) };
    return (await linkPhone(deps.table, account, bound)) ? { ...account, ...bound } : VERSION_CONFLICT;
  });
}

/**
 * Returns the answer of the first request with this code.
 * @throws `error` when the code bound no phone to this account
 */
async function firstAnswer(
  deps: PhoneDeps,
  { sid, account, error }: { sid: string; account: Account; error: unknown },
): Promise<SessionAnswer> {
  const first = await sessionOfUsedCode(deps, { kind: 'phone_code', sid, error });
  if (first.account.id !== account.id) throw error;
  return sessionAnswer(deps, first.account, first.session);
}
