import type { Log } from '../core/log.ts';
import type { TokenOwner } from './owner.ts';

/** The part of a token owner that the refresh uses. */
type RefreshedToken = Pick<TokenOwner, 'appId' | 'kind' | 'request' | 'get'>;

export interface RefreshDeps {
  log: Log;
  /** The configured apps. `loadOwners` throws when the secret of the app is missing. */
  apps: { appId: string; loadOwners(): Promise<RefreshedToken[]> }[];
}

/** The number of valid tokens, and the failed tokens with their reasons. */
export interface RefreshReport {
  living: number;
  failed: string[];
}

/**
 * Renews every token that expires within five minutes, before a caller has to wait for it. A failed token does not stop
 * the others, and a missing secret fails only the tokens of its own app.
 * @param ask requests every token from WeChat without replacing valid ones, to verify a new secret or IP allowlist
 * @throws Error when an access token could not be renewed, because nothing works without it
 */
export async function refreshTokens({ apps, log }: RefreshDeps, { ask = false } = {}): Promise<RefreshReport> {
  let living = 0;
  const failures: { kind: RefreshedToken['kind']; name: string }[] = [];
  const fail = (appId: string, kind: RefreshedToken['kind'], error: unknown) => {
    log.error('platform-token.refresh-failed', { appId, kind, error });
    failures.push({ kind, name: `${kind} of ${appId} (${(error as Error).message})` });
  };
  for (const { appId, loadOwners } of apps) {
    let owners: RefreshedToken[] = [];
    try {
      owners = await loadOwners();
    } catch (error) {
      fail(appId, 'access_token', error);
    }
    for (const owner of owners) {
      try {
        await (ask ? owner.request() : owner.get());
        living += 1;
      } catch (error) {
        fail(appId, owner.kind, error);
      }
    }
  }
  const failed = failures.map(({ name }) => name);
  if (failures.some(({ kind }) => kind === 'access_token'))
    throw new Error(`WeChat returned no ${failed.join(', no ')}`);
  return { living, failed };
}
