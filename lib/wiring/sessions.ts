import { addressSetting } from '../core/config.ts';
import { runtime, type Runtime } from '../core/runtime.ts';
import type { SessionDeps } from '../identity/open-session.ts';
import { sessionTokens, type SessionTokens } from '../identity/session-token.ts';
import { secrets } from '../secrets/secrets.ts';
import { loadTable, type Stored } from './table.ts';

/**
 * Loads the dependencies of routes that open or read sessions.
 * @throws NOT_CONFIGURED
 */
export async function loadSessions(
  outside: Runtime = runtime,
): Promise<SessionDeps & Stored & { publicBaseUrl: string }> {
  const tokens = await loadSessionTokens(outside);
  return { ...(await loadTable(outside)), tokens, publicBaseUrl: addressSetting('PUBLIC_BASE_URL') };
}

/**
 * Loads the functions that sign and verify tokens, for flows that need no table.
 * @throws NOT_CONFIGURED
 */
export async function loadSessionTokens(outside: Runtime = runtime): Promise<SessionTokens> {
  const { JWT_SIGNING_KEYS: keys } = await secrets('JWT_SIGNING_KEYS');
  return sessionTokens(keys, { now: outside.now, audience: addressSetting('PUBLIC_BASE_URL') });
}
