import { createHash } from 'node:crypto';
import type { Runtime } from '../core/runtime.ts';
import { readAccount, type Account } from '../store/accounts.ts';
import { claim } from '../store/claims.ts';
import { readSession, type Session } from '../store/sessions.ts';
import type { Table } from '../store/table.ts';
import { errcodeOf } from '../wechat/platform-error.ts';
import { hasEnded } from './authenticate.ts';

/** Kinds of WeChat codes, and the encrypted data of a phone. */
type CodeKind = 'js_code' | 'oauth_code' | 'phone_code' | 'phone_data';

/**
 * Lifetime of a WeChat code in seconds. A code sent again within that time returns the first answer.
 * @see https://developers.weixin.qq.com/miniprogram/dev/api/open-api/login/wx.login.html
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/user-info/phone-number/api_getphonenumber.html
 * @see https://developers.weixin.qq.com/doc/service/guide/h5/auth.html
 */
export const CODE_LIFE_S = 5 * 60;
const CODE_USED = 40163;
/** Maximum wait for the writes of a concurrent duplicate, and the pause between two looks at its result. */
const DUPLICATE_WAIT_MS = 1_500;
export const DUPLICATE_POLL_MS = 150;

type WaitDeps = Pick<Runtime, 'now' | 'sleep' | 'randomBytes'> & { table: Table };

/** Returns a hash that stands for a code, because a stored code could be used. */
export function hashOfCode(kind: CodeKind, appId: string, code: string): string {
  return createHash('sha256').update(`${kind}\n${appId}\n${code}`).digest('base64url').slice(0, 32);
}

/**
 * Returns the session that a code opened before, with its account. Clients send codes twice: by a double tap, a retry or
 * the back button.
 *
 * Waits only if WeChat reports that the code is used: then WeChat has answered a duplicate, and only the writes of the
 * duplicate are pending.
 * @param sid the id of the session, derived from the code
 * @param codeHash stands for the code alone, in any login
 * @param error the error that WeChat returned for this request
 * @throws `error` when the code opened no session, opened it more than CODE_LIFE_S ago, or the session has ended
 * @throws `error` for all but one of the requests that would have to wait
 */
export async function sessionOfUsedCode(
  deps: WaitDeps,
  { sid, codeHash, error }: { sid: string; codeHash: string; error: unknown },
): Promise<{ session: Session; account: Account }> {
  const read = () => readSession(deps.table, { sid, nowMs: deps.now(), consistency: 'strong' });
  const session =
    (await read()) ?? (errcodeOf(error) === CODE_USED ? await waitForDuplicate(deps, codeHash, read) : undefined);
  const account = session && (await readAccount(deps.table, session.accountId, 'strong'));
  if (!account || hasEnded(session, account)) throw error;
  if (deps.now() - session.createdAtMs > CODE_LIFE_S * 1_000) throw error;
  return { session, account };
}

async function waitForDuplicate<Result>(
  deps: WaitDeps,
  codeHash: string,
  look: () => Promise<Result | undefined>,
): Promise<Result | undefined> {
  if (!(await claimWait(deps, codeHash))) return undefined;
  const deadlineMs = deps.now() + DUPLICATE_WAIT_MS;
  do {
    await deps.sleep(DUPLICATE_POLL_MS);
    const result = await look();
    if (result !== undefined) return result;
  } while (deps.now() < deadlineMs);
  return undefined;
}

/**
 * Claims the wait for a concurrent duplicate of a code. Replays therefore hold at most one function per id.
 * @param id the hash of the code, or a name of one attempt with the code
 * @returns true for one caller per id
 */
export async function claimWait({ table, now, randomBytes }: WaitDeps, id: string): Promise<boolean> {
  const value = randomBytes(12).toString('base64url');
  const expiresAt = Math.floor(now() / 1_000) + CODE_LIFE_S;
  return (await claim(table, { source: 'code-wait', id, value, expiresAt }, now())) === value;
}
