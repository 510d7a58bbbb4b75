import { addressSetting, badSetting, originsOf, settings, variable } from '../core/config.ts';
import { isAppError } from '../core/errors.ts';
import { openBus } from '../events/bus.ts';
import { learnUnionId } from '../identity/sync-identity.ts';
import { sessionTokens } from '../identity/session-token.ts';
import { loadPushKeys } from '../official-account/push-keys.ts';
import { replies } from '../official-account/replies.ts';
import { once } from '../core/once.ts';
import { createSend } from '../core/outbound.ts';
import { tokenOwner, type TokenOwner } from '../platform-token/owner.ts';
import type { RefreshedToken } from '../platform-token/refresh.ts';
import { rateLimit } from '../rate-limit/rate-limit.ts';
import { runtime } from '../core/runtime.ts';
import { secrets } from '../secrets/secrets.ts';
import type { Person } from '../store/identities.ts';
import { platformTokens } from '../store/platform-tokens.ts';
import type { Session } from '../store/sessions.ts';
import { openTable, type Table } from '../store/table.ts';
import type { WechatApp } from '../wechat/client.ts';
import { fetchJsapiTicket } from '../wechat/jsapi-ticket.ts';
import { resetSessionKey } from '../wechat/session-key.ts';
import { fetchStableToken } from '../wechat/stable-token.ts';

/**
 * What Lambdas are put together from. Each function takes only what its flow needs, and the bundler drops the rest: a
 * poll loads no payment code. Every loader names the setting that is missing.
 */
export async function loadTable() {
  const { TABLE_NAME } = settings('TABLE_NAME');
  return { ...runtime, table: tableOf(TABLE_NAME) };
}

/** For routes that open or read sessions. */
export async function loadSessions() {
  const tokens = await loadSessionTokens();
  return { ...(await loadTable()), tokens };
}

/** For the login of the mini-program. */
export async function loadLogin() {
  const sessions = await loadSessions();
  const app = await loadApp('MINIAPP');
  return { ...sessions, ...loadPlatform(), app, limit: rateLimit(sessions, 'miniapp-login', LIMITS.login) };
}

/** For calls of the mini-program that need its access token. */
export function loadMiniappToken() {
  return loadAppWithToken('MINIAPP');
}

/** For calls of the official account that need its access token. */
export function loadOfficial() {
  return loadAppWithToken('OFFICIAL');
}

/** For the end of an account: only a session of the mini-program has something to end at WeChat. */
export async function loadClosing() {
  const endLoginState = async ({ appId, openId, sessionKey }: Session) => {
    if (sessionKey === undefined) return;
    const { app, accessToken, ...platform } = await loadMiniappToken();
    if (appId !== app.appId) return;
    await accessToken.withToken((token) => resetSessionKey(platform, { app, accessToken: token, openId, sessionKey }));
  };
  return { ...(await loadSessions()), endLoginState };
}

/** For pages that ask for a login code of the official account. */
export async function loadQrLogin() {
  return { ...(await loadOfficial()), mpBaseUrl: addressSetting('WECHAT_MP_BASE_URL') };
}

/** For pages that ask for any login code. */
export async function loadQrLoginLimit() {
  return rateLimit(await loadTable(), 'qr-login', LIMITS.qrLogin);
}

/** For the polls of a page that shows a login code. */
export async function loadScanLogin() {
  const { SCAN_LOGIN_REGISTER: register } = settings('SCAN_LOGIN_REGISTER');
  if (register !== 'ask' && register !== 'auto') throw badSetting('SCAN_LOGIN_REGISTER', 'must be ask or auto');
  const sessions = await loadSessions();
  const load = once(loadOfficial);
  const learn = (person: Person) => learnUnionId({ log: sessions.log, load }, person);
  return { ...sessions, register, learn } as const;
}

/** For browsers that leave for the consent page. */
export async function loadAuthorize() {
  return {
    ...runtime,
    tokens: await loadSessionTokens(),
    appId: settings('OFFICIAL_APP_ID').OFFICIAL_APP_ID,
    openBaseUrl: addressSetting('WECHAT_OPEN_BASE_URL'),
    publicBaseUrl: addressSetting('PUBLIC_BASE_URL'),
    allowedOrigins: loadAllowedOrigins(),
  };
}

/** For browsers that come back from it. */
export async function loadCallback() {
  const publicBaseUrl = addressSetting('PUBLIC_BASE_URL');
  const sessions = await loadSessions();
  const app = await loadApp('OFFICIAL');
  const limit = rateLimit(sessions, 'oauth-callback', LIMITS.login);
  return { ...sessions, ...loadPlatform(), app, publicBaseUrl, limit };
}

/** For pages that use the JS-SDK: the ticket is got with the access token, and owned like it. */
export async function loadJssdk() {
  const { app, accessToken, ...platform } = await loadOfficial();
  const { appId } = app;
  const jsapiTicket = jsapiTicketOwner({ ...platform, app, accessToken });
  const limit = rateLimit(platform, 'jssdk-config', LIMITS.pages);
  return { ...platform, appId, jsapiTicket, allowedOrigins: loadAllowedOrigins(), limit };
}

/** Every token of the apps that are set up. @throws NOT_CONFIGURED when no app is */
export async function loadTokenOwners() {
  const names = (['MINIAPP', 'OFFICIAL'] as const).filter((name) => variable(`${name}_APP_ID`));
  if (names.length === 0) settings('MINIAPP_APP_ID');
  return { ...runtime, owners: (await Promise.all(names.map(loadOwners))).flat() };
}

/** An app whose secret is missing keeps no other app waiting: its token is one that cannot be had. */
async function loadOwners(name: WechatApp['settings']): Promise<RefreshedToken[]> {
  try {
    const app = await loadAppWithToken(name);
    return name === 'OFFICIAL' ? [app.accessToken, jsapiTicketOwner(app)] : [app.accessToken];
  } catch (error) {
    if (!isAppError(error, 'NOT_CONFIGURED')) throw error;
    const { [`${name}_APP_ID` as const]: appId } = settings(`${name}_APP_ID`);
    const fail = () => Promise.reject(error);
    return [{ appId, kind: 'access_token', ask: fail, get: fail }];
  }
}

/** For pushes of the official account. */
export async function loadOfficialPushes() {
  const pushKeys = await loadPushKeys();
  const { SITE_NAME: siteName } = settings('SITE_NAME');
  return { ...(await loadTable()), appId: pushKeys.appId, pushKeys, replies: replies(siteName) };
}

/** For the changes of the table that others are to hear of. */
export async function loadEventBus() {
  return { ...runtime, put: openBus(settings('EVENT_BUS_NAME').EVENT_BUS_NAME) };
}

const MINUTE_S = 60;
const DAY_S = 86_400;

/** Far above what people do. WeChat grants an app 100 000 QR codes a day: so many may nobody use up, all together least. */
const LIMITS = {
  login: [{ windowS: MINUTE_S, perAddress: 300, perApp: 12_000 }],
  qrLogin: [
    { windowS: MINUTE_S, perAddress: 200, perApp: 3_000 },
    { windowS: DAY_S, perAddress: 10_000, perApp: 90_000 },
  ],
  pages: [{ windowS: MINUTE_S, perAddress: 600, perApp: 12_000 }],
};

let opened: Table | undefined;

/** One client for all parts of one function. */
function tableOf(name: string): Table {
  if (opened?.name !== name) opened = openTable(name);
  return opened;
}

async function loadSessionTokens() {
  return sessionTokens((await secrets('JWT_SIGNING_KEYS')).JWT_SIGNING_KEYS, runtime);
}

function loadPlatform() {
  return { ...runtime, send: createSend(runtime), apiBaseUrl: addressSetting('WECHAT_API_BASE_URL') };
}

function loadAllowedOrigins(): string[] {
  return originsOf(settings('ALLOWED_ORIGINS').ALLOWED_ORIGINS);
}

async function loadAppWithToken(name: WechatApp['settings']) {
  const [stored, app, platform] = [await loadTable(), await loadApp(name), loadPlatform()];
  const accessToken = tokenOwner(
    { ...platform, tokens: platformTokens(stored.table, app.appId, 'access_token') },
    { appId: app.appId, kind: 'access_token', ask: () => fetchStableToken(platform, app) },
  );
  return { ...stored, ...platform, app, accessToken };
}

function jsapiTicketOwner({ app, accessToken, ...platform }: Awaited<ReturnType<typeof loadAppWithToken>>): TokenOwner {
  const ask = () => accessToken.withToken((token) => fetchJsapiTicket(platform, app, token));
  const tokens = platformTokens(platform.table, app.appId, 'jsapi_ticket');
  return tokenOwner({ ...platform, tokens }, { appId: app.appId, kind: 'jsapi_ticket', ask });
}

async function loadApp(name: WechatApp['settings']): Promise<WechatApp> {
  const { [`${name}_APP_ID` as const]: appId } = settings(`${name}_APP_ID`);
  const { [`${name}_APP_SECRET` as const]: appSecret } = await secrets(`${name}_APP_SECRET`);
  return { appId, appSecret, settings: name };
}
