import type { TokenOwner } from '../platform-token/owner.ts';
import type { Order } from '../store/orders.ts';
import { revokeSession, type Session } from '../store/sessions.ts';
import type { PlatformDeps, WechatApp } from '../wechat/client.ts';
import { resetSessionKey } from '../wechat/session-key.ts';
import { assertFreshLogin, authenticateAccount, type AuthDeps } from './authenticate.ts';
import { eraseAccount, eraseLateData, type EraseDeps } from './erase-account.ts';
import type { RecogniseDeps } from './recognise.ts';

/**
 * Maximum age of the number of an order that was placed during the close: an Idempotency-Key keeps its order number for
 * a day. One hour allows for differences between clocks.
 */
export const LATE_ORDER_AGE_MS = 25 * 3_600_000;

export type CloseDeps = AuthDeps &
  RecogniseDeps &
  EraseDeps & {
    /** Loads the mini-program. Called only for a session that has a session key of WeChat. */
    loadMiniapp(): Promise<PlatformDeps & { app: WechatApp; accessToken: TokenOwner }>;
    /** Closes an unpaid order at WeChat, then in the ledger. Books a payment instead if WeChat reports one. */
    closeOrder(order: Order): Promise<unknown>;
  };

/**
 * Closes the caller's account. Frees the openids, the unionids and the phone for a new account, and removes personal
 * data and uploaded files. Keeps the orders, but erases their payers. After the close, every route that reads the account
 * rejects the sessions of the account.
 *
 * Sessions of other devices expire by themselves. For a mini-program session WeChat replaces the session key, so that
 * the stored keys become useless.
 * @throws UNAUTHENTICATED; FRESH_LOGIN_REQUIRED; ORDER_STATE_CONFLICT while an order may still be paid, a refund is
 * under way, or the wallet holds money or awaits a paid top-up
 */
export async function closeAccount(deps: CloseDeps, token: string): Promise<void> {
  const { session, account } = await authenticateAccount(deps, token, { accountConsistency: 'strong' });
  const beganAtMs = deps.now();
  assertFreshLogin(session, beganAtMs);
  const closed = await eraseAccount(deps, account, 'user');
  if (closed) {
    // An order that was paid meanwhile stays paid. The sweep closes an order that WeChat did not close here.
    await eraseLateData(deps, closed, { sinceMs: beganAtMs - LATE_ORDER_AGE_MS, closeOrder: deps.closeOrder });
  }
  await revokeSession(deps.table, session.sid, deps.now());
  await resetLoginState(deps, session).catch((error: unknown) => deps.log.warn('login-state.reset-failed', { error }));
}

/**
 * Makes WeChat replace the session key of a mini-program session.
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/user-login/api_resetusersessionkey.html
 */
async function resetLoginState({ loadMiniapp }: CloseDeps, { appId, openId, sessionKey }: Session): Promise<void> {
  if (sessionKey === undefined) return;
  const { app, accessToken, ...platform } = await loadMiniapp();
  if (appId !== app.appId) return;
  await accessToken.withToken((token) => resetSessionKey(platform, { app, accessToken: token, openId, sessionKey }));
}
