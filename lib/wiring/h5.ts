import { addressSetting, originsOf, settings } from '../core/config.ts';
import { runtime, type Runtime } from '../core/runtime.ts';
import type { AuthorizeDeps } from '../h5/authorize.ts';
import { readJssdkPermissions, type JssdkDeps } from '../h5/jssdk-config.ts';
import type { CallbackDeps } from '../h5/oauth-callback.ts';
import { readVerificationFiles } from '../h5/verification-file.ts';
import { jsapiTicketOwner, loadApp, loadOfficialAccount, loadPlatform } from './apps.ts';
import { loadLimited, type Limited } from './limits.ts';
import { loadBoth } from './merge.ts';
import { loadSessions, loadSessionTokens } from './sessions.ts';

/**
 * Loads the dependencies of the redirect to the consent page.
 * @throws NOT_CONFIGURED
 */
export async function loadAuthorize(outside: Runtime = runtime): Promise<AuthorizeDeps & Limited> {
  const [tokens, limited] = await Promise.all([loadSessionTokens(outside), loadLimited('oauth-authorize', outside)]);
  return {
    ...limited,
    randomBytes: outside.randomBytes,
    tokens,
    appId: settings('OFFICIAL_APP_ID').OFFICIAL_APP_ID,
    openBaseUrl: addressSetting('WECHAT_OPEN_BASE_URL'),
    publicBaseUrl: addressSetting('PUBLIC_BASE_URL'),
    allowedOrigins: loadAllowedOrigins(),
  };
}

/**
 * Loads the dependencies of the return from the consent page.
 * @throws NOT_CONFIGURED
 */
export async function loadOauthCallback(
  outside: Runtime = runtime,
): Promise<CallbackDeps & Limited & { publicBaseUrl: string }> {
  const sessions = await loadBoth(loadSessions(outside), loadLimited('oauth-callback', outside));
  const app = await loadApp('OFFICIAL');
  return { ...sessions, ...loadPlatform(outside), app };
}

/**
 * Loads the dependencies of JS-SDK configurations.
 * @throws NOT_CONFIGURED
 */
export async function loadJssdk(outside: Runtime = runtime): Promise<JssdkDeps & Limited> {
  const lists = settings('JSSDK_API_LIST', 'JSSDK_OPEN_TAG_LIST');
  const permissions = readJssdkPermissions(lists.JSSDK_API_LIST, lists.JSSDK_OPEN_TAG_LIST);
  const [official, limited] = await Promise.all([loadOfficialAccount(outside), loadLimited('jssdk-config', outside)]);
  return {
    ...limited,
    permissions,
    now: outside.now,
    randomBytes: outside.randomBytes,
    appId: official.app.appId,
    jsapiTicket: jsapiTicketOwner(official),
    allowedOrigins: loadAllowedOrigins(),
  };
}

/**
 * Loads the verification files of the domain, by name.
 * @throws NOT_CONFIGURED
 */
export async function loadVerificationFiles(): Promise<Map<string, string>> {
  return readVerificationFiles(settings('MP_VERIFY_FILES').MP_VERIFY_FILES);
}

function loadAllowedOrigins(): string[] {
  return originsOf(settings('ALLOWED_ORIGINS').ALLOWED_ORIGINS);
}
