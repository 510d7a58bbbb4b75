import { addressSetting, badSetting, originsOf, settings } from './config.ts';
import { sessionTokens } from './identity/session-token.ts';
import { createSend } from './outbound.ts';
import { loadMerchant, loadPlatformKeys } from './pay/merchant.ts';
import { tokenOwner } from './platform-token/owner.ts';
import { runtime } from './runtime.ts';
import { platformTokens } from './store/platform-tokens.ts';
import { openTable } from './store/table.ts';
import type { WechatApp } from './wechat/client.ts';
import { fetchJsapiTicket } from './wechat/jsapi-ticket.ts';
import { fetchStableToken } from './wechat/stable-token.ts';

/**
 * What Lambdas are put together from. Each function takes only what its flow needs, and the bundler drops the rest: a
 * poll loads no payment code. Every loader names the setting that is missing.
 */
export async function loadTable() {
  const { TABLE_NAME } = await settings('TABLE_NAME');
  return { ...runtime, table: openTable(TABLE_NAME) };
}

/** For routes that open or read sessions. */
export async function loadSessions() {
  const { JWT_SIGNING_KEYS } = await settings('JWT_SIGNING_KEYS');
  return { ...(await loadTable()), tokens: await sessionTokens(JWT_SIGNING_KEYS, runtime) };
}

/** For calls of the mini-program to api.weixin.qq.com. */
export async function loadMiniapp() {
  const found = await settings('MINIAPP_APP_ID', 'MINIAPP_APP_SECRET');
  const app = { appId: found.MINIAPP_APP_ID, appSecret: found.MINIAPP_APP_SECRET, settings: 'MINIAPP' } as const;
  return { ...(await loadPlatform()), app };
}

/** For calls of the official account that need its access token. */
export async function loadOfficial() {
  const stored = await loadTable();
  const found = await settings('OFFICIAL_APP_ID', 'OFFICIAL_APP_SECRET');
  const app: WechatApp = {
    appId: found.OFFICIAL_APP_ID,
    appSecret: found.OFFICIAL_APP_SECRET,
    settings: 'OFFICIAL',
  };
  const platform = await loadPlatform();
  const accessToken = tokenOwner(
    { ...platform, tokens: platformTokens(stored.table, app.appId, 'access_token') },
    { appId: app.appId, kind: 'access_token', ask: () => fetchStableToken(platform, app) },
  );
  return { ...stored, ...platform, app, accessToken };
}

/** For pages that ask for a login code. */
export async function loadQrLogin() {
  return { ...(await loadOfficial()), mpBaseUrl: await addressSetting('WECHAT_MP_BASE_URL') };
}

/** For pages that use the JS-SDK: the ticket is got with the access token, and owned like it. */
export async function loadJssdk() {
  const { app, accessToken, ...platform } = await loadOfficial();
  const { appId } = app;
  const ask = () => accessToken.withToken((token) => fetchJsapiTicket(platform, app, token));
  const jsapiTicket = tokenOwner(
    { ...platform, tokens: platformTokens(platform.table, appId, 'jsapi_ticket') },
    { appId, kind: 'jsapi_ticket', ask },
  );
  const { ALLOWED_ORIGINS } = await settings('ALLOWED_ORIGINS');
  return { ...platform, appId, jsapiTicket, allowedOrigins: originsOf(ALLOWED_ORIGINS) };
}

/** For pushes of the official account. */
export async function loadOfficialPushes() {
  const found = await settings('OFFICIAL_APP_ID', 'OFFICIAL_TOKEN', 'OFFICIAL_MODE', 'SITE_NAME');
  if (found.OFFICIAL_MODE !== 'plain') throw badSetting('OFFICIAL_MODE', 'must be plain: no other mode is built yet');
  const { OFFICIAL_APP_ID: appId, OFFICIAL_TOKEN: token, SITE_NAME: siteName } = found;
  return { ...(await loadTable()), appId, token, siteName };
}

/** For the polls of a page that shows a login code. */
export async function loadScanLogin() {
  const { SCAN_LOGIN_REGISTER: register } = await settings('SCAN_LOGIN_REGISTER');
  if (register !== 'ask' && register !== 'auto') throw badSetting('SCAN_LOGIN_REGISTER', 'must be ask or auto');
  return { ...(await loadSessions()), register } as const;
}

/** For calls to WeChat Pay. */
export async function loadPay() {
  const payBaseUrl = await addressSetting('WECHAT_PAY_BASE_URL');
  const keys = { merchant: await loadMerchant(), ...(await loadPlatformKeys()) };
  return { ...runtime, send: createSend(runtime), payBaseUrl, ...keys };
}

async function loadPlatform() {
  return { ...runtime, send: createSend(runtime), apiBaseUrl: await addressSetting('WECHAT_API_BASE_URL') };
}
