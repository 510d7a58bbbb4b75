import { AppError } from '../core/errors.ts';
import type { Runtime } from '../core/runtime.ts';
import { parsePlatformJson } from './json.ts';
import { platformError, PlatformError } from './platform-error.ts';

/** One of our WeChat apps. `settings` is the prefix of the names of its settings. */
export interface WechatApp {
  appId: string;
  appSecret: string;
  settings: 'MINIAPP' | 'OFFICIAL';
}

export interface PlatformCall {
  app: WechatApp;
  method: 'GET' | 'POST';
  path: string;
  query?: Record<string, string>;
  body?: Record<string, unknown>;
  /** False for a call that must not take effect twice: "system busy" leaves its outcome open. Default: true. */
  retryBusy?: boolean;
}

export type PlatformAnswer = Record<string, unknown>;
export type PlatformDeps = Pick<Runtime, 'send' | 'sleep'> & { apiBaseUrl: string };

const TIMEOUT_MS = 3_000;
const BUSY = -1;
const BUSY_PAUSE_MS = 300;

/**
 * Calls api.weixin.qq.com and decides by `errcode`, because HTTP status and content type are not reliable. Only a
 * status of 500 or above is an error by itself. Retries only "system busy", and only once, because most codes are
 * single use.
 * @throws the error of platformError for an errcode; WECHAT_TIMEOUT, WECHAT_UNAVAILABLE
 * @see https://developers.weixin.qq.com/doc/oplatform/developers/dev/guide.html
 */
export async function callPlatform(deps: PlatformDeps, call: PlatformCall): Promise<PlatformAnswer> {
  return parseAnswer(await callForBytes(deps, call, (bytes) => parseAnswer(bytes)['errcode']));
}

/**
 * Calls an API that returns an image on success and JSON on failure.
 * @throws as callPlatform
 */
export async function callPlatformForImage(deps: PlatformDeps, call: PlatformCall): Promise<Image> {
  const bytes = await callForBytes(deps, call, (answer) => (imageType(answer) ? 0 : parseAnswer(answer)['errcode']));
  const type = imageType(bytes);
  if (type) return { type, bytes };
  throw new AppError('WECHAT_UNAVAILABLE', 'The response of WeChat contains no image');
}

export interface Image {
  type: 'image/jpeg' | 'image/png';
  bytes: Buffer;
}

/**
 * Returns a mandatory string field.
 * @throws WECHAT_UNAVAILABLE when the field is missing or empty
 */
export function requireString(answer: PlatformAnswer, field: string): string {
  const value = answer[field];
  if (typeof value === 'string' && value !== '') return value;
  throw new AppError('WECHAT_UNAVAILABLE', `The response of WeChat has no ${field}`);
}

/** Returns an optional string field; undefined when it is missing or empty. */
export function optionalString(answer: PlatformAnswer, field: string): string | undefined {
  const value = answer[field];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/**
 * Returns a mandatory positive number.
 * @throws WECHAT_UNAVAILABLE when the field is missing or not a positive number
 */
export function requirePositive(answer: PlatformAnswer, field: string): number {
  const value = answer[field];
  if (typeof value === 'number' && value > 0) return value;
  throw new AppError('WECHAT_UNAVAILABLE', `The response of WeChat has no ${field}`);
}

async function callForBytes(
  deps: PlatformDeps,
  call: PlatformCall,
  errcodeIn: (bytes: Buffer) => unknown,
): Promise<Buffer> {
  let bytes = await sendOnce(deps, call);
  if (errcodeIn(bytes) === BUSY && call.retryBusy !== false) {
    await deps.sleep(BUSY_PAUSE_MS);
    bytes = await sendOnce(deps, call);
  }
  const errcode = Number(errcodeIn(bytes) ?? 0);
  if (errcode === 0) return bytes;
  throw platformError(call.app.settings, new PlatformError(errcode, String(parseAnswer(bytes)['errmsg'] ?? '')));
}

async function sendOnce({ send, apiBaseUrl }: PlatformDeps, call: PlatformCall): Promise<Buffer> {
  const url = new URL(apiBaseUrl + call.path);
  url.search = new URLSearchParams(call.query).toString();
  const { status, body } = await send({
    method: call.method,
    url,
    timeoutMs: TIMEOUT_MS,
    ...(call.body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(call.body) }),
  });
  if (status < 500) return body;
  throw new AppError('WECHAT_UNAVAILABLE', 'WeChat answered with a server error', { detail: { status } });
}

function parseAnswer(bytes: Buffer): PlatformAnswer {
  try {
    const answer = parsePlatformJson(bytes.toString('utf8'));
    if (typeof answer === 'object' && answer !== null && !Array.isArray(answer)) return answer as PlatformAnswer;
  } catch {
    // Invalid JSON gets the same error as JSON that is no object.
  }
  throw new AppError('WECHAT_UNAVAILABLE', 'The response of WeChat is not a JSON object');
}

/** Detects the image type by the first bytes, because the content type is not reliable. */
function imageType(bytes: Buffer): Image['type'] | undefined {
  if (bytes.subarray(0, 3).equals(Buffer.from([0xff, 0xd8, 0xff]))) return 'image/jpeg';
  if (bytes.subarray(0, 4).equals(Buffer.from([0x89, 0x50, 0x4e, 0x47]))) return 'image/png';
  return undefined;
}
