import { createHash } from 'node:crypto';
import { isAppError } from '../core/errors.ts';
import type { Runtime } from '../core/runtime.ts';
import { readAccount, type Account } from '../store/accounts.ts';
import { readSession, type Session } from '../store/sessions.ts';
import type { Table } from '../store/table.ts';
import { errcodeOf } from '../wechat/platform-error.ts';

/** Codes of WeChat's that are traded for a session of ours. */
export type CodeKind = 'js_code' | 'oauth_code' | 'phone_code';

/** Seconds that such a code lives (platform 1.1, 1.2, 6.1): as long may the answer to it be asked for again. */
export const CODE_LIFE_S = 5 * 60;
const CODE_USED = 40163;
/** WeChat said "used" after it answered the twin, which has only its writes left to do. */
const TWIN_WAIT_MS = 1_500;
const TWIN_STEP_MS = 150;

/**
 * The id of the session that a code opens. WeChat takes a code once only, but clients send it twice (a double tap, a
 * repeated request, the back button): derived from the code, the second request finds the session of the first.
 */
export function sessionIdOfCode(kind: CodeKind, appId: string, code: string): string {
  return createHash('sha256').update(`${kind}\n${appId}\n${code}`).digest('base64url').slice(0, 32);
}

/**
 * The session that a code opened before, with its account, whatever WeChat says of the code now; a twin that may be under
 * way is waited for.
 * @throws `refusal` when there is none, or the code is too old to be asked about again
 */
export async function sessionOfUsedCode(
  deps: Pick<Runtime, 'now' | 'sleep'> & { table: Table },
  { kind, sid, refusal }: { kind: CodeKind; sid: string; refusal: unknown },
): Promise<{ session: Session; account: Account }> {
  const deadlineMs = deps.now() + (mayBeUnderWay(kind, refusal) ? TWIN_WAIT_MS : 0);
  for (;;) {
    const session = await readSession(deps.table, { sid, nowMs: deps.now(), consistency: 'strong' });
    if (session) {
      const account = await readAccount(deps.table, session.accountId, 'strong');
      if (!account || deps.now() - session.createdAtMs > CODE_LIFE_S * 1_000) throw refusal;
      return { session, account };
    }
    if (deps.now() >= deadlineMs) throw refusal;
    await deps.sleep(TWIN_STEP_MS);
  }
}

/** Of a phone code WeChat says the same, used or wrong. */
function mayBeUnderWay(kind: CodeKind, refusal: unknown): boolean {
  return kind === 'phone_code' ? isAppError(refusal, 'WECHAT_CODE_INVALID') : errcodeOf(refusal) === CODE_USED;
}
