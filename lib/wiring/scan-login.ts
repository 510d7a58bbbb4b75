import { addressSetting, badSetting, settings } from '../core/config.ts';
import { once } from '../core/once.ts';
import { runtime, type Runtime } from '../core/runtime.ts';
import { routeLimit } from '../rate-limit/limits.ts';
import type { RateLimit } from '../rate-limit/rate-limit.ts';
import type { CreateDeps } from '../scan-login/create.ts';
import type { DecideDeps } from '../scan-login/decide.ts';
import type { PollDeps } from '../scan-login/poll.ts';
import { loadOfficialAccount } from './apps.ts';
import { loadSessions } from './sessions.ts';
import { loadTable } from './table.ts';

/**
 * Loads the dependencies of QR codes of the official account.
 * @throws NOT_CONFIGURED, also in plain mode, whose signature does not cover the push of a scan
 */
export async function loadOfficialQrLogin(outside: Runtime = runtime): Promise<CreateDeps & { mpBaseUrl: string }> {
  if (settings('OFFICIAL_MODE').OFFICIAL_MODE === 'plain') {
    throw badSetting('OFFICIAL_MODE', 'must be secure or compatible for scan login with the official account');
  }
  return { ...(await loadOfficialAccount(outside)), mpBaseUrl: addressSetting('WECHAT_MP_BASE_URL') };
}

/**
 * Loads the rate limit of QR codes, which both apps share.
 * @throws NOT_CONFIGURED
 */
export async function loadQrLoginLimit(outside: Runtime = runtime): Promise<RateLimit> {
  return routeLimit(await loadTable(outside), 'qr-login');
}

/**
 * Loads the dependencies of the polls of a page that shows a QR code.
 * @throws NOT_CONFIGURED
 */
export async function loadQrLoginPoll(outside: Runtime = runtime): Promise<PollDeps> {
  const { SCAN_LOGIN_REGISTER: register } = settings('SCAN_LOGIN_REGISTER');
  if (register !== 'ask' && register !== 'auto') throw badSetting('SCAN_LOGIN_REGISTER', 'must be ask or auto');
  // One owner for all polls, because the owner caches the access token.
  const official = once(() => loadOfficialAccount(outside));
  return { ...(await loadSessions(outside)), register, loadOfficialAccount: official };
}

/**
 * Loads the dependencies of decisions about a scanned code in the mini-program.
 * @throws NOT_CONFIGURED
 */
export async function loadQrLoginDecision(outside: Runtime = runtime): Promise<DecideDeps> {
  const { MINIAPP_APP_ID: appId, SITE_NAME: siteName } = settings('MINIAPP_APP_ID', 'SITE_NAME');
  return { ...(await loadSessions(outside)), appId, siteName };
}
