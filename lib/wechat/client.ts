import { AppError } from '../errors.ts';
import type { Runtime } from '../runtime.ts';
import { platformError, PlatformError } from './platform-error.ts';

/** One WeChat app of ours. `settings` is the first part of its settings' names: MINIAPP or OFFICIAL. */
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
}

export type PlatformAnswer = Record<string, unknown>;
export type PlatformDeps = Pick<Runtime, 'send' | 'sleep'> & { apiBaseUrl: string };

const TIMEOUT_MS = 3_000;
const BUSY = -1;
const BUSY_PAUSE_MS = 300;

/**
 * Calls api.weixin.qq.com and judges the answer by `errcode` alone (platform 0.2): the HTTP status and the content
 * type say nothing. "System busy" is asked once more; nothing else is, because most codes are single use.
 * @throws what platformError makes of the errcode; WECHAT_TIMEOUT, WECHAT_UNAVAILABLE
 */
export async function callPlatform(deps: PlatformDeps, call: PlatformCall): Promise<PlatformAnswer> {
  const first = await sendOnce(deps, call);
  if (first['errcode'] !== BUSY) return judge(call.app, first);
  await deps.sleep(BUSY_PAUSE_MS);
  return judge(call.app, await sendOnce(deps, call));
}

/** A string that WeChat must have sent. @throws WECHAT_UNAVAILABLE */
export function requireString(answer: PlatformAnswer, field: string): string {
  const value = answer[field];
  if (typeof value === 'string' && value !== '') return value;
  throw new AppError('WECHAT_UNAVAILABLE', `WeChat's answer has no ${field}`);
}

/** A positive number that WeChat must have sent. @throws WECHAT_UNAVAILABLE */
export function requirePositive(answer: PlatformAnswer, field: string): number {
  const value = answer[field];
  if (typeof value === 'number' && value > 0) return value;
  throw new AppError('WECHAT_UNAVAILABLE', `WeChat's answer has no ${field}`);
}

async function sendOnce({ send, apiBaseUrl }: PlatformDeps, call: PlatformCall): Promise<PlatformAnswer> {
  const url = new URL(apiBaseUrl + call.path);
  url.search = new URLSearchParams(call.query).toString();
  const { status, body } = await send({
    method: call.method,
    url,
    timeoutMs: TIMEOUT_MS,
    ...(call.body && { headers: { 'content-type': 'application/json' }, body: JSON.stringify(call.body) }),
  });
  return parseAnswer(status, body.toString('utf8'));
}

function parseAnswer(status: number, text: string): PlatformAnswer {
  if (status < 500) {
    try {
      const answer: unknown = JSON.parse(text);
      if (typeof answer === 'object' && answer !== null && !Array.isArray(answer)) return answer as PlatformAnswer;
    } catch {
      // Not JSON: said below, for every shape that is not an object.
    }
  }
  throw new AppError('WECHAT_UNAVAILABLE', 'WeChat sent an answer that is not one', { detail: { status } });
}

function judge(app: WechatApp, answer: PlatformAnswer): PlatformAnswer {
  const errcode = answer['errcode'] ?? 0;
  if (errcode === 0) return answer;
  throw platformError(app.settings, new PlatformError(Number(errcode), String(answer['errmsg'] ?? '')));
}
