import { AppError } from '../core/errors.ts';
import { retryOnConflict, VERSION_CONFLICT } from '../core/optimistic-locking.ts';
import type { LimitAccount } from '../rate-limit/rate-limit.ts';
import { linkPhone, movePhone, type BoundPhone } from '../store/account-links.ts';
import { readAccount, type Account } from '../store/accounts.ts';
import { readPhoneHolder } from '../store/identities.ts';
import { settlePhoneCode } from '../store/phone-codes.ts';
import type { Session } from '../store/sessions.ts';
import { openSealedData, type SealedData } from '../wechat/open-data.ts';
import { e164, phoneInfo } from '../wechat/phone-number.ts';
import { phoneUsername, randomUsername } from './account.ts';
import { accountGone, assertFreshLogin, assertMiniappSession, authenticateAccount } from './authenticate.ts';
import { openSession, randomSessionId, type SessionAnswer } from './open-session.ts';
import { phoneOfCode, type PhoneCodeDeps } from './phone-code.ts';
import { mayLosePhone, type TakeoverPolicy } from './phone-takeover.ts';

export type PhoneDeps = PhoneCodeDeps & { takeover: TakeoverPolicy; limitAccount: LimitAccount };

/** The code of the phone button, or the encrypted data of older base libraries. */
export type PhoneProof = { code: string } | SealedData;

/**
 * Binds the phone of a mini-program user; the phone number becomes the username. Returns a new session, which keeps the
 * time of the login. A code sent twice binds once and returns a session both times.
 *
 * The first phone of an account needs no fresh login and ends no session. Another phone in its place needs a fresh
 * login and ends all older sessions.
 * @param takeOver whether to take the number over from an account that may lose it
 * @throws UNAUTHENTICATED; FORBIDDEN for a session of another app; FRESH_LOGIN_REQUIRED; PHONE_ALREADY_BOUND with
 * `takeOver` in its detail; WECHAT_CODE_INVALID for a code, SESSION_EXPIRED for encrypted data; RATE_LIMITED,
 * WECHAT_CONFIG, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT
 */
export async function bindPhone(
  deps: PhoneDeps,
  { token, proof, takeOver = false }: { token: string; proof: PhoneProof; takeOver?: boolean | undefined },
): Promise<SessionAnswer> {
  const { session, account } = await authenticateAccount(deps, token, { accountConsistency: 'strong' });
  await deps.limitAccount(account.id);
  assertMiniappSession(session, deps.app.appId);
  const bound = await bind(deps, { session, account, proof, takeOver });
  const { appId, openId, sessionKey, loginAtMs } = session;
  const sid = randomSessionId(deps);
  return openSession(deps, bound, { sid, appId, openId, sessionKey, isNewUser: false, loginAtMs });
}

async function bind(
  deps: PhoneDeps,
  { session, account, proof, takeOver }: { session: Session; account: Account; proof: PhoneProof; takeOver: boolean },
): Promise<Account> {
  if (!('code' in proof)) {
    const phone = e164(openSealedData(phoneInfo, proof, { ...session, nowMs: deps.now() }));
    return assignPhone(deps, { session, accountId: account.id, phone, takeOver });
  }
  const sent = { accountId: account.id, openId: session.openId, code: proof.code };
  const { codeHash, phone } = await phoneOfCode(deps, sent);
  if (phone === undefined) return readLiving(deps, account.id);
  const bound = await assignPhone(deps, { session, accountId: account.id, phone, takeOver });
  await settlePhoneCode(deps.table, codeHash);
  return bound;
}

/** Links the number to the account, unless the account has the number already. */
function assignPhone(
  deps: PhoneDeps,
  { session, accountId, phone, takeOver }: { session: Session; accountId: string; phone: string; takeOver: boolean },
): Promise<Account> {
  const { table } = deps;
  return retryOnConflict(deps, async () => {
    const [account, holderId] = await Promise.all([readLiving(deps, accountId), readPhoneHolder(table, phone)]);
    if (account.phone === phone) return account;
    const replaces = account.phone !== undefined;
    if (replaces) assertFreshLogin(session, deps.now());
    const username = phoneUsername(phone);
    const bound = { phone, username, ...(replaces && { sessionsNotBefore: endOfSessions(account, deps.now()) }) };
    const isLinked =
      holderId === undefined || holderId === account.id
        ? await linkPhone(table, account, bound)
        : await takePhoneOver(deps, { holderId, account, bound, takeOver });
    if (!isLinked) return VERSION_CONFLICT;
    deps.log.info('user.phone-bound', { accountId });
    return { ...account, ...bound };
  });
}

async function readLiving({ table }: PhoneDeps, accountId: string): Promise<Account> {
  const account = await readAccount(table, accountId, 'strong');
  if (!account) throw accountGone();
  return account;
}

/** Returns a time that ends every session that exists now. The session that this request opens begins at that time. */
function endOfSessions({ sessionsNotBefore = 0 }: Account, nowMs: number): number {
  return Math.max(nowMs + 1, sessionsNotBefore);
}

/**
 * Moves the number from the account that has it, with a random username for that account.
 * @returns false on a version conflict
 * @throws PHONE_ALREADY_BOUND
 */
async function takePhoneOver(
  deps: PhoneDeps,
  request: { holderId: string; account: Account; bound: BoundPhone; takeOver: boolean },
): Promise<boolean> {
  const { holderId, account: to, bound, takeOver } = request;
  const from = await readAccount(deps.table, holderId, 'strong');
  if (!from) return false;
  const mayMove = await mayLosePhone(deps, from);
  if (!mayMove || !takeOver) {
    throw new AppError('PHONE_ALREADY_BOUND', 'This phone is bound to another account', {
      detail: { takeOver: mayMove },
    });
  }
  const username = randomUsername(deps.randomBytes);
  const isMoved = await movePhone(deps.table, { from, username, to, bound });
  if (isMoved) deps.log.info('user.phone-released', { accountId: from.id, takenOverBy: to.id });
  return isMoved;
}
