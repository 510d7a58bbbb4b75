import { createHash } from 'node:crypto';
import { isAppError } from '../core/errors.ts';
import type { Runtime } from '../core/runtime.ts';
import { readAccount, type Account } from '../store/accounts.ts';
import { readSession, type Session } from '../store/sessions.ts';
import type { Table } from '../store/table.ts';
import { errcodeOf } from '../wechat/platform-error.ts';

/** Kinds of WeChat codes that open a session. */
export type CodeKind = 'js_code' | 'oauth_code' | 'phone_code';

/**
 * Lifetime of a WeChat code in seconds. A code sent again within that time returns the first answer.
 * @see https://developers.weixin.qq.com/miniprogram/dev/api/open-api/login/wx.login.html
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/user-info/phone-number/api_getphonenumber.html
 * @see https://developers.weixin.qq.com/doc/service/guide/h5/auth.html
 */
export const CODE_LIFE_S = 5 * 60;
const CODE_USED = 40163;
/**
 * Maximum wait for a concurrent duplicate. When WeChat returns "used", it has already answered the duplicate, so only
 * the writes of the duplicate are pending.
 */
const DUPLICATE_WAIT_MS = 1_500;
const DUPLICATE_POLL_MS = 150;

/**
 * Derives the id of the session that a code opens. WeChat accepts a code once, but clients send codes twice: by a
 * double tap, a retry or the back button. The derived id lets the second request find the session of the first.
 */
export function sessionIdOfCode(kind: CodeKind, appId: string, code: string): string {
  return createHash('sha256').update(`${kind}\n${appId}\n${code}`).digest('base64url').slice(0, 32);
}

/**
 * Returns the session that a code opened before, with its account. Waits for a concurrent duplicate request if one may
 * be under way.
 * @param error the error that WeChat returned for this request
 * @throws `error` when the code opened no session, opened it more than CODE_LIFE_S ago, or the account was closed
 */
export async function sessionOfUsedCode(
  deps: Pick<Runtime, 'now' | 'sleep'> & { table: Table },
  { kind, sid, error }: { kind: CodeKind; sid: string; error: unknown },
): Promise<{ session: Session; account: Account }> {
  const deadlineMs = deps.now() + (mayHaveDuplicate(kind, error) ? DUPLICATE_WAIT_MS : 0);
  for (;;) {
    const session = await readSession(deps.table, { sid, nowMs: deps.now(), consistency: 'strong' });
    if (session) {
      const account = await readAccount(deps.table, session.accountId, 'strong');
      if (!account || deps.now() - session.createdAtMs > CODE_LIFE_S * 1_000) throw error;
      return { session, account };
    }
    if (deps.now() >= deadlineMs) throw error;
    await deps.sleep(DUPLICATE_POLL_MS);
  }
}

/**
 * Whether a concurrent duplicate may have used the code. For a phone code WeChat returns the same error whether the
 * code is used or wrong.
 */
function mayHaveDuplicate(kind: CodeKind, error: unknown): boolean {
  return kind === 'phone_code' ? isAppError(error, 'WECHAT_CODE_INVALID') : errcodeOf(error) === CODE_USED;
}
