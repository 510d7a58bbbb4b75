import { runtime, type Runtime } from '../core/runtime.ts';
import type { SessionDeps } from '../identity/open-session.ts';
import { sessionTokens, type SessionTokens } from '../identity/session-token.ts';
import { secrets } from '../secrets/secrets.ts';
import { loadTable, type Stored } from './table.ts';

/**
 * Loads the dependencies of routes that open or read sessions.
 * @throws NOT_CONFIGURED
 */
export async function loadSessions(outside: Runtime = runtime): Promise<SessionDeps & Stored> {
  const tokens = await loadSessionTokens(outside);
  return { ...(await loadTable(outside)), tokens };
}

/**
 * Loads the functions that sign and verify tokens, for flows that need no table.
 * @throws NOT_CONFIGURED
 */
export async function loadSessionTokens(outside: Runtime = runtime): Promise<SessionTokens> {
  return sessionTokens((await secrets('JWT_SIGNING_KEYS')).JWT_SIGNING_KEYS, outside);
}
