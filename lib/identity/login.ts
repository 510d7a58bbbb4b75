import { createHash } from 'node:crypto';
import { AppError, isAppError } from '../errors.ts';
import type { Runtime } from '../runtime.ts';
import { readAccount } from '../store/accounts.ts';
import { readSession, type Session } from '../store/sessions.ts';
import type { PlatformDeps, WechatApp } from '../wechat/client.ts';
import { code2session } from '../wechat/code2session.ts';
import { errcodeOf } from '../wechat/platform-error.ts';
import {
  findOrCreateAccount,
  openSession,
  sessionAnswer,
  type SessionAnswer,
  type SessionDeps,
} from './open-session.ts';

type LoginDeps = SessionDeps & PlatformDeps & Pick<Runtime, 'log'> & { app: WechatApp };
export type LoginAnswer = SessionAnswer & { isNewUser: boolean };

/** A `wx.login` code lives five minutes (platform 1.1): as long may the answer to it be asked for again. */
const CODE_LIFE_MS = 5 * 60_000;
const CODE_USED = 40163;
/** WeChat said "used" after it answered the twin, which has only its two writes left to do. */
const TWIN_WAIT_MS = 1_500;
const TWIN_STEP_MS = 150;

/**
 * Mini-program login: a `wx.login` code becomes a session; the first login creates the account.
 * WeChat takes a code once only, but clients send it twice (a double tap, a repeated request): the id of the session is
 * derived from the code, so that the second request finds the session of the first.
 * @throws WECHAT_CODE_INVALID, WECHAT_USER_BLOCKED, RATE_LIMITED, WECHAT_CONFIG, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT
 */
export async function login(deps: LoginDeps, jsCode: string): Promise<LoginAnswer> {
  const sid = sessionIdOf(deps.app, jsCode);
  let person;
  try {
    person = await code2session(deps, deps.app, jsCode);
  } catch (error) {
    if (isAppError(error, 'WECHAT_CODE_INVALID')) return firstAnswer(deps, sid, error);
    throw error;
  }
  const { sessionKey, ...ids } = person;
  const { appId } = deps.app;
  const { account, isNewUser } = await findOrCreateAccount(deps, { appId, ...ids });
  const answer = await openSession(deps, account, { sid, appId, openId: ids.openId, sessionKey, isNewUser });
  return { ...answer, isNewUser };
}

/** The answer that this code got before; a twin that is under way is waited for. @throws `refusal` if there is none */
async function firstAnswer(deps: LoginDeps, sid: string, refusal: AppError): Promise<LoginAnswer> {
  const session = await sessionOfTwin(deps, sid, errcodeOf(refusal) === CODE_USED);
  if (!session || deps.now() - session.createdAtMs > CODE_LIFE_MS) throw refusal;
  const account = await readAccount(deps.table, session.accountId, 'strong');
  if (!account) throw refusal;
  return { ...(await sessionAnswer(deps, account, session)), isNewUser: session.isNewUser };
}

async function sessionOfTwin(deps: LoginDeps, sid: string, mayBeUnderWay: boolean): Promise<Session | undefined> {
  const deadlineMs = deps.now() + (mayBeUnderWay ? TWIN_WAIT_MS : 0);
  for (;;) {
    const session = await readSession(deps.table, { sid, nowMs: deps.now(), consistency: 'strong' });
    if (session || deps.now() >= deadlineMs) return session;
    await deps.sleep(TWIN_STEP_MS);
  }
}

function sessionIdOf({ appId }: WechatApp, jsCode: string): string {
  return createHash('sha256').update(`js_code\n${appId}\n${jsCode}`).digest('base64url').slice(0, 32);
}
