import { isIP } from 'node:net';
import { AppError } from '../core/errors.ts';
import { WechatAnswerError } from '../core/wechat-words.ts';

/**
 * An error of WeChat, kept as the cause of an AppError for logs, operators and the token owner. Clients never receive it.
 */
export class PlatformError extends WechatAnswerError {
  override readonly name = 'PlatformError';
  readonly errcode: number;
  readonly ip: string | undefined;
  /** The key of the declined value in the data of a message, such as `thing1`. */
  readonly dataKey: string | undefined;

  constructor(errcode: number, errmsg: string) {
    super(`errcode ${errcode}`, errmsg);
    this.errcode = errcode;
    this.ip = addressIn(errmsg);
    this.dataKey = errmsg.match(/data\.(\w+)\.value/)?.[1];
  }
}

/**
 * Returns the IP address of an errmsg, which has one of the forms `invalid ip 1.2.3.4 ipv6 ::ffff:1.2.3.4, not in
 * whitelist` and `invalid ip 2408:8756::1, not in whitelist`. An IPv4 address counts before its IPv6 form.
 */
function addressIn(errmsg: string): string | undefined {
  const ipv4 = errmsg.match(/\b\d{1,3}(?:\.\d{1,3}){3}\b/)?.[0];
  return ipv4 ?? errmsg.match(/[\da-f:]{2,39}/gi)?.find((text) => isIP(text) === 6);
}

type Settings = 'MINIAPP' | 'OFFICIAL';

/**
 * Errcodes by the action that the user or the client must take. An errcode without an entry here or in CONFIG_HINTS
 * becomes WECHAT_UNAVAILABLE. Examples are wrong requests, token errors (for the token owner) and outcomes that one
 * call expects.
 * @see https://developers.weixin.qq.com/doc/oplatform/developers/errCode/errCode.html
 */
const USER_MUST_ACT = new Set([40029, 40030, 40163, 41008, 42002, 42003, 42007, 87007, 87009]);
const RISKY_USER = 40226;
const DAILY_QUOTA = 45009;
const RETRY_AFTER_S = 60;
const RETRY_AFTER_DAILY_S = 3_600;
const LIMITS = new Map([
  [DAILY_QUOTA, RETRY_AFTER_DAILY_S],
  [45011, RETRY_AFTER_S],
  [44990, RETRY_AFTER_S],
  [44991, RETRY_AFTER_S],
  [48006, RETRY_AFTER_DAILY_S],
]);

/**
 * Hints for the operator. `{APP}` stands for the prefix of the settings, `{IP}` for the IP address that WeChat reports.
 * @see https://developers.weixin.qq.com/doc/oplatform/developers/basic_func/ip_whitelist.html
 */
const CONFIG_HINTS: readonly [errcodes: number[], hint: string][] = [
  [[40013, 41002], 'WeChat rejected {APP}_APP_ID: it is unknown, or the code belongs to another app'],
  [[40125, 41004], 'WeChat rejected {APP}_APP_SECRET'],
  [[40243], '{APP}_APP_SECRET is frozen; unfreeze it in the WeChat console, which takes ten minutes'],
  [[40164, 45035, 61004], 'The IP address {IP} is not on the WeChat allowlist of {APP}_APP_ID'],
  [
    [89501, 89502, 89503, 89504, 89505],
    "The administrator of {APP}_APP_ID must confirm the IP address {IP} in WeChat's message",
  ],
  [[89506], 'The administrator of {APP}_APP_ID rejected the IP address {IP}; WeChat blocks it for 24 hours'],
  [[89507], 'The administrator of {APP}_APP_ID rejected the IP address {IP}; WeChat blocks it for an hour'],
  [[40037], '{APP}_APP_ID has no template with this id; copy the id from the console'],
  [[40165], 'The published mini-program has no such page, or {APP}_APP_ID may not open it'],
  [
    [41030],
    'The released mini-program of {APP}_APP_ID has no such page. For login codes check MINIAPP_LOGIN_PAGE; before the ' +
      'release set MINIAPP_ENV_VERSION to trial',
  ],
  [
    [43107, 43116],
    'WeChat has banned this template or this kind of message for {APP}_APP_ID; read the notices in the console',
  ],
  [
    [48001, 50001],
    '{APP}_APP_ID lacks the permission for this call; check verification and permissions in the console',
  ],
  [[48004], 'WeChat has banned {APP}_APP_ID from this call; read the notices in the console'],
  [[48017], 'WeChat has retired the IP address of its host; refresh DNS and hosts files'],
  [[50002, 50004, 50007], '{APP}_APP_ID is limited or frozen; read the notices in the console'],
];

/** Converts an errcode to an AppError. The message names the wrong setting, or the IP address that is not allowed. */
export function platformError(settings: Settings, cause: PlatformError): AppError {
  const { errcode, ip = 'of this server' } = cause;
  const hint = CONFIG_HINTS.find(([errcodes]) => errcodes.includes(errcode))?.[1];
  if (hint) {
    return new AppError('WECHAT_CONFIG', hint.replaceAll('{APP}', settings).replaceAll('{IP}', ip), { cause });
  }
  const retryAfterSeconds = LIMITS.get(errcode);
  if (retryAfterSeconds) {
    return new AppError('RATE_LIMITED', 'WeChat limits these calls; retry later', { retryAfterSeconds, cause });
  }
  if (USER_MUST_ACT.has(errcode)) {
    const message = 'This code is unknown, used or expired; request a new one from WeChat';
    return new AppError('WECHAT_CODE_INVALID', message, { cause });
  }
  if (errcode === RISKY_USER) {
    return new AppError('WECHAT_USER_BLOCKED', 'WeChat has blocked this user as a risk', { cause });
  }
  return new AppError('WECHAT_UNAVAILABLE', 'WeChat could not process the request', { cause });
}

/** Returns the errcode of an error from WeChat; undefined for other errors. */
export function errcodeOf(error: unknown): number | undefined {
  return error instanceof AppError && error.cause instanceof PlatformError ? error.cause.errcode : undefined;
}

/** Returns the error for errcode 40001 of a token call: a wrong secret. In other calls 40001 is a stale token. */
export function wrongSecretError(settings: Settings, cause: unknown): AppError {
  return new AppError('WECHAT_CONFIG', `WeChat rejected ${settings}_APP_SECRET`, { cause });
}
