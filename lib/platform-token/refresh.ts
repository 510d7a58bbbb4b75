import type { Log } from '../core/log.ts';
import type { TokenOwner } from './owner.ts';

/** The owner of a token, as far as it renews. */
export type RefreshedToken = Pick<TokenOwner, 'appId' | 'kind' | 'ask' | 'get'>;

/** What became of each token: how many live on, and which WeChat did not give. */
export interface RefreshReport {
  living: number;
  failed: string[];
}

/**
 * Renews every token that ends within five minutes, before a caller has to wait for it. One that fails keeps none of
 * the others waiting; callers go on with what there is, and try themselves when it has ended.
 * @param ask WeChat is asked for every token, also for one that lives, which then stays the one in use: so whoever
 *   changed a secret or the whitelist sees at once whether WeChat takes it
 * @throws when an access token could not be had: nothing works without it
 */
export async function refreshTokens(
  { owners, log }: { owners: RefreshedToken[]; log: Log },
  { ask = false } = {},
): Promise<RefreshReport> {
  const failed = [];
  for (const { appId, kind, ...owner } of owners) {
    try {
      await (ask ? owner.ask() : owner.get());
    } catch (error) {
      log.error('platform-token.not-had', { appId, kind, error });
      failed.push({ kind, name: `${kind} of ${appId} (${(error as Error).message})` });
    }
  }
  const names = failed.map(({ name }) => name);
  if (failed.some(({ kind }) => kind === 'access_token')) throw new Error(`WeChat gave no ${names.join(', no ')}`);
  return { living: owners.length - failed.length, failed: names };
}
