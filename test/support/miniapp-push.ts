// Pushes of the mini-program as WeChat sends them, sealed by an independent implementation of the cipher.
import { createHash } from 'node:crypto';
import * as wecom from '@wecom/crypto';
import { buildFunctionUrlEvent } from '../../infra/local/function-url-event.ts';
import type { Mode } from './official-world.ts';
import { ids } from './world.ts';

export type Format = 'json' | 'xml';
export type Fields = { [name: string]: string | number | bigint | Fields | Fields[] };

const ORIGINAL_ID = 'gh_97417a04a28d';
export const OPEN_ID = 'o9AgO5Kd5ggOC-bXrbNODIiE3bGY';
export const PREVIOUS_KEY = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefg';
const { appId, token, aesKey } = ids.miniapp;

export const nowS = () => Math.floor(Date.now() / 1_000);

/** Returns the text of a push. A bigint becomes a bare number of JSON. */
export function pushText(format: Format, fields: Fields): string {
  const head = { ToUserName: ORIGINAL_ID, FromUserName: OPEN_ID, CreateTime: nowS() };
  return format === 'json' ? toJson({ ...head, ...fields }) : `<xml>${toXml({ ...head, ...fields })}</xml>`;
}

function toJson(fields: Fields): string {
  const marked = JSON.stringify(fields, (_, value: unknown) => (typeof value === 'bigint' ? `bigint:${value}` : value));
  return marked.replaceAll(/"bigint:(\d+)"/g, '$1');
}

function toXml(fields: Fields): string {
  return Object.entries(fields)
    .flatMap(([name, value]) =>
      [value].flat().map((one) => `<${name}>${typeof one === 'object' ? toXml(one) : textOf(one)}</${name}>`),
    )
    .join('');
}

function textOf(value: string | number | bigint): string {
  return typeof value === 'string' ? `<![CDATA[${value}]]>` : String(value);
}

interface Sealing {
  mode?: Mode;
  format?: Format;
  /** The app in the ciphertext. */
  app?: string;
  key?: string;
  signedWith?: string;
  skewS?: number;
  nonce?: string;
}

/** Returns a request with the text of a push, as a console in this mode and format sends it. */
export function pushRequest(text: string, sealing: Sealing = {}): { rawQueryString: string; body: string } {
  const { mode = 'secure', format = text.startsWith('{') ? 'json' : 'xml', app = appId, key = aesKey } = sealing;
  if (mode === 'plain') return { rawQueryString: signedQuery([], sealing), body: text };
  const encrypted = wecom.encrypt(key, text, app);
  return {
    rawQueryString: signedQuery([encrypted], sealing),
    body: envelope(encrypted, format, mode === 'secure' ? '' : text),
  };
}

/** Returns the body with a ciphertext. In compatible mode the elements of the plain text precede it. */
export function envelope(encrypted: string, format: Format, plain = ''): string {
  if (format === 'json')
    return plain
      ? `${plain.slice(0, -1)},"Encrypt":"${encrypted}"}`
      : JSON.stringify({ ToUserName: ORIGINAL_ID, Encrypt: encrypted });
  const elements = plain ? plain.slice('<xml>'.length, -'</xml>'.length) : `<ToUserName>${ORIGINAL_ID}</ToUserName>`;
  return `<xml>${elements}<Encrypt><![CDATA[${encrypted}]]></Encrypt></xml>`;
}

/** Returns a signed query. `encrypted` is the part that msg_signature covers too. */
export function signedQuery(
  encrypted: string[],
  { signedWith = token, skewS = 0, nonce = '415670741' }: Sealing = {},
): string {
  const timestamp = String(nowS() + skewS);
  const signature = sha1(signedWith, timestamp, nonce);
  const query = new URLSearchParams({ signature, timestamp, nonce, openid: OPEN_ID });
  for (const text of encrypted) {
    query.set('encrypt_type', 'aes');
    query.set('msg_signature', sha1(signedWith, timestamp, nonce, text));
  }
  return String(query);
}

export function sha1(...parts: string[]): string {
  return createHash('sha1').update(parts.toSorted().join('')).digest('hex');
}

/** Returns the event of a function URL. */
export function functionUrlEvent({ rawQueryString, body }: { rawQueryString: string; body: string }, method = 'POST') {
  return buildFunctionUrlEvent({
    method,
    target: `/?${rawQueryString}`,
    rawHeaders: [],
    body: Buffer.from(body),
    sourceIp: '127.0.0.1',
    port: 443,
    now: new Date(),
    requestId: 'request',
  });
}
