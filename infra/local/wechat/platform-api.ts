import QRCode from 'qrcode';
import type { Clock } from './clock.ts';
import { isRecord, jsonAnswer, parseJson } from './http.ts';
import type { Answer, Call } from './http.ts';
import type { JsapiTickets } from './jsapi-tickets.ts';
import type { LoginCodes } from './login-codes.ts';
import { PlatformError, refusal } from './platform-error.ts';
import type { QrCodes } from './qr-codes.ts';
import { createDailyQuota } from './quota.ts';
import type { SimulatorSettings } from './settings.ts';
import type { Tokens } from './tokens.ts';

export interface PlatformWorld {
  settings: SimulatorSettings;
  clock: Clock;
  tokens: Tokens;
  tickets: JsapiTickets;
  qrCodes: QrCodes;
  loginCodes: LoginCodes;
}

type Route = (call: Call) => Answer | Promise<Answer>;

// code2session answers JSON under this type in the field: clients that trust the header break.
const snsType = 'text/plain';
const cgiType = 'application/json; encoding=utf-8';

/** Whether a path belongs to api.weixin.qq.com or mp.weixin.qq.com. */
export function isPlatformPath(path: string): boolean {
  return /^\/(cgi-bin|sns|wxa)\//.test(path);
}

/** The hosts api.weixin.qq.com and mp.weixin.qq.com (platform 1.1, 2, 4, 7.1). */
export function createPlatformApi(world: PlatformWorld): Route {
  const qrDaily = createDailyQuota(100_000);

  const routes: Record<string, Route> = {
    '/sns/jscode2session': (call) => code2Session(world, call),
    '/cgi-bin/token': (call) => {
      if (call.method !== 'GET') throw new PlatformError(43001);
      const appId = checkClient(world.settings, Object.fromEntries(call.query));
      return jsonAnswer(200, world.tokens.mintBasic(appId), cgiType);
    },
    '/cgi-bin/stable_token': (call) => {
      const body = postedJson(call);
      const appId = checkClient(world.settings, body);
      const forced = readForceRefresh(body.force_refresh);
      return jsonAnswer(200, forced ? world.tokens.forceStable(appId) : world.tokens.stable(appId), cgiType);
    },
    '/cgi-bin/qrcode/create': (call) => {
      const { appId } = world.settings.official;
      if (call.method !== 'POST') throw new PlatformError(43002);
      world.tokens.check(call.query.get('access_token'), appId);
      const answer = world.qrCodes.create(postedJson(call));
      if (!qrDaily(appId, world.clock.now())) throw new PlatformError(45009);
      return jsonAnswer(200, answer, cgiType);
    },
    '/cgi-bin/ticket/getticket': (call) => {
      const { appId } = world.settings.official;
      if (call.method !== 'GET') throw new PlatformError(43001);
      world.tokens.check(call.query.get('access_token'), appId);
      if (call.query.get('type') !== 'jsapi') throw new PlatformError(40097);
      return jsonAnswer(
        200,
        { errcode: 0, errmsg: 'ok', ticket: world.tickets.current(appId), expires_in: 7_200 },
        cgiType,
      );
    },
    '/cgi-bin/showqrcode': (call) => showQrCode(world.qrCodes, call),
  };

  return async (call) => {
    try {
      const route = routes[call.path];
      if (!route) throw new PlatformError(40066);
      return await route(call);
    } catch (error) {
      if (error instanceof PlatformError) return refusal(error, call.path.startsWith('/sns/') ? snsType : cgiType);
      throw error;
    }
  };
}

function code2Session({ settings, loginCodes }: PlatformWorld, { method, query }: Call): Answer {
  // The platform reads the query only, so a POST looks empty to it.
  if (method !== 'GET' || !query.get('appid')) throw new PlatformError(41002);
  if (!query.get('secret')) throw new PlatformError(41004);
  const code = query.get('js_code');
  if (!code) throw new PlatformError(41008);
  if (query.get('grant_type') !== 'authorization_code') throw new PlatformError(40002);
  if (query.get('appid') !== settings.miniapp.appId) throw new PlatformError(40013);
  if (query.get('secret') !== settings.miniapp.appSecret) throw new PlatformError(40125);
  const { openIds, sessionKey, unionId } = loginCodes.redeem(code);
  return jsonAnswer(200, { openid: openIds.miniapp, session_key: sessionKey, unionid: unionId }, snsType);
}

/** Checks the credentials of both token calls and answers the app id. */
function checkClient({ miniapp, official }: SimulatorSettings, fields: Record<string, unknown>): string {
  const { grant_type: grantType, appid, secret } = fields;
  if (grantType !== 'client_credential') throw new PlatformError(40002);
  if (!appid) throw new PlatformError(41002);
  if (!secret) throw new PlatformError(41004);
  const app = [miniapp, official].find(({ appId }) => appId === appid);
  if (!app) throw new PlatformError(40013);
  if (secret === app.appSecret) return app.appId;
  const ofOtherApp = secret === miniapp.appSecret || secret === official.appSecret;
  throw new PlatformError(ofOtherApp ? 40001 : 40125);
}

function readForceRefresh(value: unknown): boolean {
  if (value !== undefined && typeof value !== 'boolean') throw new PlatformError(47001);
  return value === true;
}

function postedJson(call: Call): Record<string, unknown> {
  if (call.method !== 'POST') throw new PlatformError(43002);
  if (call.body.length === 0) throw new PlatformError(44002);
  const body = parseJson(call.body);
  if (!isRecord(body)) throw new PlatformError(47001);
  return body;
}

async function showQrCode(qrCodes: QrCodes, { query }: Call): Promise<Answer> {
  const code = qrCodes.byTicket(query.get('ticket') ?? '');
  if (!code) return { status: 404, body: '' };
  const body = await QRCode.toBuffer(code.url, { width: 430 });
  return { status: 200, headers: { 'Content-Type': 'image/png' }, body };
}
