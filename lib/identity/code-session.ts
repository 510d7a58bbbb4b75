import { createHash } from 'node:crypto';
import type { Runtime } from '../runtime.ts';
import { readAccount, type Account } from '../store/accounts.ts';
import { readSession, type Session } from '../store/sessions.ts';
import type { Table } from '../store/table.ts';

/** Codes of WeChat's that are traded for a session of ours. */
export type CodeKind = 'js_code' | 'oauth_code' | 'phone_code';

/** Such a code lives five minutes (platform 1.1, 1.2, 6.1): as long may the answer to it be asked for again. */
const CODE_LIFE_MS = 5 * 60_000;
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
 * The session that this code opened before, with its account; a twin that may be under way is waited for. Undefined
 * when there is none, or the code is too old to be asked about again.
 */
export async function sessionOfUsedCode(
  deps: Pick<Runtime, 'now' | 'sleep'> & { table: Table },
  sid: string,
  { mayBeUnderWay }: { mayBeUnderWay: boolean },
): Promise<{ session: Session; account: Account } | undefined> {
  const deadlineMs = deps.now() + (mayBeUnderWay ? TWIN_WAIT_MS : 0);
  for (;;) {
    const session = await readSession(deps.table, { sid, nowMs: deps.now(), consistency: 'strong' });
    if (session && deps.now() - session.createdAtMs > CODE_LIFE_MS) return undefined;
    const account = session && (await readAccount(deps.table, session.accountId, 'strong'));
    if (session) return account && { session, account };
    if (deps.now() >= deadlineMs) return undefined;
    await deps.sleep(TWIN_STEP_MS);
  }
}
