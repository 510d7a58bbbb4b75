import { AppError } from '../core/errors.ts';
import { retryOnConflict, VERSION_CONFLICT } from '../core/optimistic-locking.ts';
import type { LimitAccount } from '../rate-limit/rate-limit.ts';
import { linkPhone, movePhone, type BoundPhone } from '../store/account-links.ts';
import { readAccount, type Account } from '../store/accounts.ts';
import { readPhoneHolder } from '../store/identities.ts';
import { settlePhoneCode } from '../store/phone-codes.ts';
import type { Session } from '../store/sessions.ts';
import { openSealedData, type SealedData } from '../wechat/open-data.ts';
import { phoneInfo } from '../wechat/phone-number.ts';
import { phoneUsername, randomUsername } from './account.ts';
import {
  accountGone,
  assertFreshLogin,
  assertMiniappSession,
  authenticateAccount,
  hasEnded,
  readValidSession,
  sessionEnded,
} from './authenticate.ts';
import { hashOfCode } from './code-session.ts';
import { nextSessionsNotBefore } from './end-sessions.ts';
import { openSession, randomSessionId, type SessionAnswer } from './open-session.ts';
import { phoneOfCode, resolvePhone, type PhoneCodeDeps } from './phone-code.ts';
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
 *
 * A session that ends during the call stays ended: the request is rejected, or an end of all sessions ends the new
 * session too.
 * @param takeOver whether to take the number over from an account that may lose it
 * @throws UNAUTHENTICATED; FORBIDDEN for a session of another app; FRESH_LOGIN_REQUIRED; PHONE_ALREADY_BOUND with
 * `takeOver` in its detail; PARAM_ERROR for a number without a clear country code; WECHAT_CODE_INVALID for a code,
 * SESSION_EXPIRED for encrypted data; RATE_LIMITED, WECHAT_CONFIG, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT
 */
export async function bindPhone(
  deps: PhoneDeps,
  { token, proof, takeOver = false }: { token: string; proof: PhoneProof; takeOver?: boolean | undefined },
): Promise<SessionAnswer> {
  const { session, account } = await authenticateAccount(deps, token, { accountConsistency: 'strong' });
  await deps.limitAccount(account.id);
  assertMiniappSession(session, deps.app.appId);
  const request = { session, accountId: account.id, proof, proofHash: hashOfProof(deps, proof), takeOver };
  await bind(deps, request);
  const { account: bound, createdAtMs } = await authenticateAgain(deps, request);
  const { appId, openId, sessionKey, loginAtMs } = session;
  const sid = randomSessionId(deps);
  return openSession(deps, bound, { sid, appId, openId, sessionKey, isNewUser: false, loginAtMs, createdAtMs });
}

interface Binding {
  session: Session;
  accountId: string;
  proof: PhoneProof;
  /** Stands for the proof. */
  proofHash: string;
  takeOver: boolean;
}

function hashOfProof({ app }: PhoneDeps, proof: PhoneProof): string {
  return 'code' in proof
    ? hashOfCode('phone_code', app.appId, proof.code)
    : hashOfCode('phone_data', app.appId, `${proof.iv}\n${proof.encryptedData}`);
}

/**
 * Reads the session and the account again, because the session may end while WeChat is asked.
 * @returns the account, and the creation time of the session that this request opens. After a replacement by the same
 * proof, this is the time at which the replacement ended the older sessions. Otherwise the new session keeps the time
 * of the old session, so that a concurrent end of all sessions covers both.
 * @throws UNAUTHENTICATED
 */
async function authenticateAgain(
  deps: PhoneDeps,
  { session, proofHash }: Binding,
): Promise<{ account: Account; createdAtMs: number }> {
  const [account] = await Promise.all([
    readAccount(deps.table, session.accountId, 'strong'),
    readValidSession(deps, session.sid, 'strong'),
  ]);
  if (!account) throw accountGone();
  const { phoneReplacement: replacement } = account;
  const createdAtMs = Math.max(session.createdAtMs, replacement?.proofHash === proofHash ? replacement.atMs : 0);
  if (hasEnded({ createdAtMs }, account)) throw sessionEnded();
  return { account, createdAtMs };
}

async function bind(deps: PhoneDeps, request: Binding): Promise<void> {
  const { session, accountId, proof } = request;
  if (!('code' in proof)) {
    const info = openSealedData(phoneInfo, proof, { ...session, nowMs: deps.now() });
    return assignPhone(deps, request, resolvePhone(deps, info));
  }
  const { codeHash, phone } = await phoneOfCode(deps, { accountId, openId: session.openId, code: proof.code });
  if (phone === undefined) return;
  await assignPhone(deps, request, phone);
  await settlePhoneCode(deps.table, codeHash);
}

/** Links the number to the account, unless the account has the number already. */
function assignPhone(deps: PhoneDeps, request: Binding, phone: string): Promise<void> {
  const { session, proofHash, takeOver } = request;
  return retryOnConflict(deps, async () => {
    const [{ account }, holderId] = await Promise.all([
      authenticateAgain(deps, request),
      readPhoneHolder(deps.table, phone),
    ]);
    if (account.phone === phone) return undefined;
    const replaces = account.phone !== undefined;
    if (replaces) assertFreshLogin(session, deps.now());
    const sessionsNotBefore = nextSessionsNotBefore(account, deps.now());
    const bound = {
      phone,
      username: phoneUsername(phone),
      ...(replaces && { sessionsNotBefore, phoneReplacement: { proofHash, atMs: sessionsNotBefore } }),
    };
    const isLinked =
      holderId === undefined || holderId === account.id
        ? await linkPhone(deps.table, account, bound)
        : await takePhoneOver(deps, { holderId, account, bound, takeOver });
    if (!isLinked) return VERSION_CONFLICT;
    deps.log.info('user.phone-bound', { accountId: account.id });
    return undefined;
  });
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
