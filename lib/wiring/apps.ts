import { addressSetting, settings, variable } from '../core/config.ts';
import { runtime, type Runtime } from '../core/runtime.ts';
import { tokenOwner, type TokenOwner } from '../platform-token/owner.ts';
import type { RefreshDeps } from '../platform-token/refresh.ts';
import { secrets } from '../secrets/secrets.ts';
import { platformTokens } from '../store/platform-tokens.ts';
import type { PlatformDeps, WechatApp } from '../wechat/client.ts';
import { fetchJsapiTicket } from '../wechat/jsapi-ticket.ts';
import { fetchStableToken } from '../wechat/stable-token.ts';
import { loadTable, type Stored } from './table.ts';

/** An app that can call WeChat with its access token. */
export type AppWithToken = Stored & PlatformDeps & { app: WechatApp; accessToken: TokenOwner };

/**
 * Loads the dependencies of calls to WeChat that need the access token of the mini-program.
 * @throws NOT_CONFIGURED
 */
export function loadMiniapp(outside: Runtime = runtime): Promise<AppWithToken> {
  return loadAppWithToken('MINIAPP', outside);
}

/**
 * Loads the dependencies of calls to WeChat that need the access token of the official account.
 * @throws NOT_CONFIGURED
 */
export function loadOfficialAccount(outside: Runtime = runtime): Promise<AppWithToken> {
  return loadAppWithToken('OFFICIAL', outside);
}

/**
 * Loads the owners of all tokens of the configured apps, for their refresh.
 * @throws NOT_CONFIGURED when no app is configured
 */
export async function loadTokenRefresh(outside: Runtime = runtime): Promise<RefreshDeps> {
  const configured = (['MINIAPP', 'OFFICIAL'] as const).filter((name) => variable(`${name}_APP_ID`));
  if (configured.length === 0) settings('MINIAPP_APP_ID');
  const loadOwners = {
    MINIAPP: async () => [(await loadMiniapp(outside)).accessToken],
    OFFICIAL: async () => {
      const official = await loadOfficialAccount(outside);
      return [official.accessToken, jsapiTicketOwner(official)];
    },
  };
  const apps = configured.map((name) => ({ appId: loadAppId(name), loadOwners: loadOwners[name] }));
  return { log: outside.log, apps };
}

/**
 * Returns the owner of the JS-SDK ticket, which is fetched with the access token and shared by all instances in the
 * same way.
 */
export function jsapiTicketOwner({ app, accessToken, ...deps }: AppWithToken): TokenOwner {
  const request = () => accessToken.withToken((token) => fetchJsapiTicket(deps, app, token));
  const tokens = platformTokens(deps.table, app.appId, 'jsapi_ticket');
  return tokenOwner({ ...deps, tokens }, { appId: app.appId, kind: 'jsapi_ticket', request });
}

/**
 * Loads the dependencies of calls to the WeChat platform.
 * @throws NOT_CONFIGURED
 */
export function loadPlatform(outside: Runtime): PlatformDeps {
  return { send: outside.send, sleep: outside.sleep, apiBaseUrl: addressSetting('WECHAT_API_BASE_URL') };
}

/**
 * Loads the id and the secret of an app.
 * @throws NOT_CONFIGURED
 */
export async function loadApp(name: WechatApp['settings']): Promise<WechatApp> {
  const appId = loadAppId(name);
  const { [`${name}_APP_SECRET` as const]: appSecret } = await secrets(`${name}_APP_SECRET`);
  return { appId, appSecret, settings: name };
}

async function loadAppWithToken(name: WechatApp['settings'], outside: Runtime): Promise<AppWithToken> {
  const [stored, app, platform] = [await loadTable(outside), await loadApp(name), loadPlatform(outside)];
  const accessToken = tokenOwner(
    { ...stored, tokens: platformTokens(stored.table, app.appId, 'access_token') },
    { appId: app.appId, kind: 'access_token', request: () => fetchStableToken(platform, app) },
  );
  return { ...stored, ...platform, app, accessToken };
}

function loadAppId(name: WechatApp['settings']): string {
  return settings(`${name}_APP_ID`)[`${name}_APP_ID`];
}
