import type { PlatformDeps, WechatApp } from '../wechat/client.ts';
import { code2session } from '../wechat/code2session.ts';
import { hashOfCode, sessionOfUsedCode } from './code-session.ts';
import { openSession, sessionAnswer, type SessionAnswer, type SessionDeps } from './open-session.ts';
import { recogniseOrCreate } from './recognise.ts';

export type LoginDeps = SessionDeps & PlatformDeps & { app: WechatApp };
export type LoginAnswer = SessionAnswer & { isNewUser: boolean };

/**
 * Logs a mini-program user in with a `wx.login` code; the first login creates the account. A code sent twice returns
 * the first answer.
 * @throws WECHAT_CODE_INVALID, WECHAT_USER_BLOCKED, IDENTITY_CONFLICT, RATE_LIMITED, WECHAT_CONFIG, WECHAT_UNAVAILABLE,
 * WECHAT_TIMEOUT
 */
export async function loginMiniapp(deps: LoginDeps, jsCode: string): Promise<LoginAnswer> {
  const { appId } = deps.app;
  const sid = hashOfCode('js_code', appId, jsCode);
  let person;
  try {
    person = await code2session(deps, deps.app, jsCode);
  } catch (error) {
    return firstAnswer(deps, sid, error);
  }
  const { sessionKey, ...ids } = person;
  const { account, isNewUser } = await recogniseOrCreate(deps, { appId, ...ids });
  const answer = await openSession(deps, account, { sid, appId, openId: ids.openId, sessionKey, isNewUser });
  return { ...answer, isNewUser };
}

/**
 * Returns the answer of the first request with this code.
 * @throws `error` when the code opened no session
 */
async function firstAnswer(deps: LoginDeps, sid: string, error: unknown): Promise<LoginAnswer> {
  const { account, session } = await sessionOfUsedCode(deps, { sid, codeHash: sid, error });
  return { ...(await sessionAnswer(deps, account, session)), isNewUser: session.isNewUser };
}
