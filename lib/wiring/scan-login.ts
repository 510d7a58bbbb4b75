import { addressSetting, badSetting, settings, variable } from '../core/config.ts';
import { once } from '../core/once.ts';
import { runtime, type Runtime } from '../core/runtime.ts';
import { readCodeTarget, type CreateDeps } from '../scan-login/create.ts';
import type { DecideDeps } from '../scan-login/decide.ts';
import type { PollDeps } from '../scan-login/poll.ts';
import type { CodeTarget } from '../wechat/wxacode.ts';
import { loadMiniapp, loadOfficialAccount } from './apps.ts';
import { loadLimited, type Limited } from './limits.ts';
import { loadBoth } from './merge.ts';
import { loadSessions } from './sessions.ts';

/**
 * Loads the dependencies of QR codes of the official account.
 * @throws NOT_CONFIGURED, also in plain mode, whose signature does not cover the push of a scan
 */
export async function loadOfficialQrLogin(
  outside: Runtime = runtime,
): Promise<CreateDeps & Limited & { mpBaseUrl: string }> {
  if (settings('OFFICIAL_MODE').OFFICIAL_MODE === 'plain') {
    throw badSetting('OFFICIAL_MODE', 'must be secure or compatible for scan login with the official account');
  }
  const official = await loadBoth(loadOfficialAccount(outside), loadLimited('qr-login-official', outside));
  return { ...official, mpBaseUrl: addressSetting('WECHAT_MP_BASE_URL') };
}

/**
 * Loads the dependencies of codes of the mini-program.
 * @throws NOT_CONFIGURED
 */
export async function loadMiniappQrLogin(
  outside: Runtime = runtime,
): Promise<CreateDeps & Limited & { target: CodeTarget }> {
  const { MINIAPP_ENV_VERSION, MINIAPP_LOGIN_PAGE } = settings('MINIAPP_ENV_VERSION', 'MINIAPP_LOGIN_PAGE');
  const target = readCodeTarget(MINIAPP_ENV_VERSION, MINIAPP_LOGIN_PAGE);
  return { ...(await loadBoth(loadMiniapp(outside), loadLimited('qr-login-miniapp', outside))), target };
}

/**
 * Loads the dependencies of the polls of a page that shows a QR code.
 * @throws NOT_CONFIGURED
 */
export async function loadQrLoginPoll(
  outside: Runtime = runtime,
): Promise<PollDeps & Limited & { publicBaseUrl: string }> {
  const { SCAN_LOGIN_REGISTER: register } = settings('SCAN_LOGIN_REGISTER');
  if (register !== 'ask' && register !== 'auto') throw badSetting('SCAN_LOGIN_REGISTER', 'must be ask or auto');
  // One owner for all polls, because the owner caches the access token.
  const official = once(() => loadOfficialAccount(outside));
  const sessions = await loadBoth(loadSessions(outside), loadLimited('qr-login-poll', outside));
  return { ...sessions, register, officialAppId: variable('OFFICIAL_APP_ID'), loadOfficialAccount: official };
}

/**
 * Loads the dependencies of decisions about a scanned code in the mini-program.
 * @throws NOT_CONFIGURED
 */
export async function loadQrLoginDecision(outside: Runtime = runtime): Promise<DecideDeps> {
  const { MINIAPP_APP_ID: appId, SITE_NAME: siteName } = settings('MINIAPP_APP_ID', 'SITE_NAME');
  return { ...(await loadSessions(outside)), appId, siteName };
}
