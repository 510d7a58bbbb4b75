import { badSetting, settings } from '../core/config.ts';
import { runtime, type Runtime } from '../core/runtime.ts';
import { clientReader, type ClientReader } from '../http/client.ts';
import {
  readScale,
  routeAccountLimit,
  routeLimit,
  type ACCOUNT_LIMITS,
  type ADDRESS_LIMITS,
  type Scale,
} from '../rate-limit/limits.ts';
import type { LimitAccount, LimitAddress } from '../rate-limit/rate-limit.ts';
import { secrets } from '../secrets/secrets.ts';
import { loadTable } from './table.ts';

/** The reader of the client of a request, and the limit by its address. */
export interface Limited {
  clientOf: ClientReader;
  limit: LimitAddress;
}

/**
 * Loads the limit of a route by the address of the client.
 * @throws NOT_CONFIGURED
 */
export async function loadLimited(route: keyof typeof ADDRESS_LIMITS, outside: Runtime = runtime): Promise<Limited> {
  const [clientOf, stored] = await Promise.all([loadClientReader(), loadTable(outside)]);
  return { clientOf, limit: routeLimit(stored, route, loadScale()) };
}

/**
 * Loads the limit of a group of routes by the account of the client.
 * @throws NOT_CONFIGURED
 */
export async function loadAccountLimit(
  routes: keyof typeof ACCOUNT_LIMITS,
  outside: Runtime = runtime,
): Promise<LimitAccount> {
  return routeAccountLimit(await loadTable(outside), routes, loadScale());
}

/**
 * Loads the reader of the client of a request. Its secret is read only for a trusted proxy.
 * @throws NOT_CONFIGURED
 */
export async function loadClientReader(): Promise<ClientReader> {
  const { TRUSTED_PROXY: trustedProxy } = settings('TRUSTED_PROXY');
  if (trustedProxy === '') return clientReader();
  if (trustedProxy !== 'cloudfront') throw badSetting('TRUSTED_PROXY', 'must be empty or cloudfront');
  return clientReader((await secrets('ORIGIN_SECRET')).ORIGIN_SECRET);
}

function loadScale(): Scale {
  const { LIMITS: preset, LIMITS_FACTOR: factor } = settings('LIMITS', 'LIMITS_FACTOR');
  return readScale(preset, factor);
}
