import { AppError } from '../core/errors.ts';
import type { TokenOwner } from '../platform-token/owner.ts';
import { bindPhone } from '../store/account-links.ts';
import { readAccount, type Account } from '../store/accounts.ts';
import { readPhoneHolder } from '../store/identities.ts';
import type { Session } from '../store/sessions.ts';
import type { PlatformDeps, WechatApp } from '../wechat/client.ts';
import { openSealedData, type SealedData } from '../wechat/open-data.ts';
import { e164, fetchPhoneNumber, phoneInfo } from '../wechat/phone-number.ts';
import { phoneUsername } from './account.ts';
import { assertMiniappSession, authenticateAccount } from './authenticate.ts';
import { sessionIdOfCode, sessionOfUsedCode } from './code-session.ts';
import { openSession, randomSessionId, sessionAnswer, type SessionAnswer, type SessionDeps } from './open-session.ts';
import { OVERTAKEN, untilSettled } from '../core/optimistic-locking.ts';

type PhoneDeps = SessionDeps & PlatformDeps & { app: WechatApp; accessToken: TokenOwner };

/** The phone button's code, or the older sealed form. */
export type PhoneProof = { code: string } | SealedData;

/**
 * Binds the phone that the mini-program's user shows us; the username becomes the phone. The answer is a new session; the
 * same code again gets the same one.
 * @throws UNAUTHENTICATED; FORBIDDEN for a session of another app; PHONE_ALREADY_BOUND; WECHAT_CODE_INVALID for a code,
 * SESSION_EXPIRED for sealed data; RATE_LIMITED, WECHAT_CONFIG, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT
 */
export async function bindPhoneNumber(
  deps: PhoneDeps,
  { token, proof }: { token: string; proof: PhoneProof },
): Promise<SessionAnswer> {
  const { session, account } = await authenticateAccount(deps, token, 'strong');
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
    return firstAnswer(deps, { sid, account, refusal: error });
  }
  return bind(deps, { account, session, phone: e164(info), sid });
}

async function bind(
  deps: PhoneDeps,
  { account, session, phone, sid }: { account: Account; session: Session; phone: string; sid: string },
): Promise<SessionAnswer> {
  const bound = await bindOrRefuse(deps, account.id, phone);
  deps.log.info('user.phone-bound', { accountId: bound.id });
  const { appId, openId, sessionKey } = session;
  return openSession(deps, bound, { sid, appId, openId, sessionKey, isNewUser: false });
}

function bindOrRefuse(deps: PhoneDeps, accountId: string, phone: string): Promise<Account> {
  return untilSettled(deps, async () => {
    const [account, holder] = await Promise.all([
      readAccount(deps.table, accountId, 'strong'),
      readPhoneHolder(deps.table, phone),
    ]);
    if (!account) throw new AppError('UNAUTHENTICATED', 'Log in again: this account is gone');
    if (holder !== undefined && holder !== account.id) {
      throw new AppError('PHONE_ALREADY_BOUND', 'Another account has this phone');
    }
    if (account.phone === phone) return account;
    const bound = { phone, username: phoneUsername(phone) };
    return (await bindPhone(deps.table, account, bound)) ? { ...account, ...bound } : OVERTAKEN;
  });
}

/** @throws `refusal` when this code bound nothing for this account */
async function firstAnswer(
  deps: PhoneDeps,
  { sid, account, refusal }: { sid: string; account: Account; refusal: unknown },
): Promise<SessionAnswer> {
  const first = await sessionOfUsedCode(deps, { kind: 'phone_code', sid, refusal });
  if (first.account.id !== account.id) throw refusal;
  return sessionAnswer(deps, first.account, first.session);
}
