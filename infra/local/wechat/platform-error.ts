import { randomBytes } from 'node:crypto';
import { jsonAnswer } from './http.ts';
import type { Answer } from './http.ts';

const messages = {
  40001: 'invalid credential, access_token is invalid or not latest',
  40002: 'invalid grant_type',
  40013: 'invalid appid',
  40014: 'invalid access_token',
  40029: 'invalid code',
  40052: 'invalid action name',
  40053: 'invalid action info',
  40066: 'invalid url',
  40097: 'invalid args',
  40125: 'invalid appsecret',
  40163: 'code been used',
  41001: 'access_token missing',
  41002: 'appid missing',
  41004: 'appsecret missing',
  41008: 'missing code',
  42001: 'access_token expired',
  43001: 'require GET method',
  43002: 'require POST method',
  44002: 'empty post data',
  45009: 'reach max api daily quota limit',
  45011: 'api minute-quota reach limit, must slower, retry next minute',
  47001: 'data format error',
} as const;

export type Errcode = keyof typeof messages;

/** A refusal by the platform (platform 12): HTTP 200 with an errcode. */
export class PlatformError extends Error {
  readonly errcode: Errcode;

  constructor(errcode: Errcode) {
    super(messages[errcode]);
    this.errcode = errcode;
  }
}

/** Renders a refusal with the trace suffix that real answers carry. */
export function refusal(error: PlatformError, contentType?: string): Answer {
  const trace = [Math.floor(Date.now() / 1000).toString(16), hex(), hex()].join('-');
  const body = { errcode: error.errcode, errmsg: `${error.message}, rid: ${trace}` };
  return { ...jsonAnswer(200, body, contentType), code: error.errcode };
}

function hex(): string {
  return randomBytes(4).toString('hex');
}
