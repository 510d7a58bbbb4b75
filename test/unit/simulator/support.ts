// Clients of the simulator: control calls, platform calls, and the merchant's side of API v3.
import { createDecipheriv, randomUUID, sign, verify } from 'node:crypto';
import type { KeyLike } from 'node:crypto';
import { once } from 'node:events';
import { request } from 'node:http';
import type { IncomingHttpHeaders } from 'node:http';
import type { Simulator } from '../../../infra/simulator/simulator.ts';
import { merchantKeys, platformKeys, settings } from './settings.ts';

/** The simulator under test. */
export type Target = Pick<Simulator, 'url'>;

export interface User {
  id: string;
  openIds: { miniapp: string; official: string };
  unionId: string;
}

/** Sends one request to the simulator; parses the answer if it is JSON. */
export async function call(simulator: Target, method: string, path: string, body?: unknown) {
  const response = await fetch(simulator.url + path, {
    method,
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, type: response.headers.get('content-type') ?? '', json: tryParse(text), text };
}

export async function newUser(simulator: Target, about: object = {}): Promise<User> {
  return (await call(simulator, 'POST', '/_phone/users', about)).json;
}

export async function phoneAction(simulator: Target, user: User, action: string, body: object = {}) {
  return call(simulator, 'POST', `/_phone/users/${user.id}/${action}`, body);
}

/** Reads a user as `GET /_phone/users/{id}` shows it. */
export async function showUser(simulator: Target, user: User) {
  return (await call(simulator, 'GET', `/_phone/users/${user.id}`)).json;
}

/** Returns the field that the message of a PARAM_ERROR names: `/amount/total` of `输入源“/body/amount/total”…`. */
export const fieldIn = ({ message }: { message: string }) => /“\/(?:body|query)(\/[^”]+)”/.exec(message)?.[1];

export const planFault = (simulator: Target, target: string, action: string, times?: number) =>
  call(simulator, 'POST', '/_faults', { target, action, times });

export const officialToken = (simulator: Target): Promise<string> => appToken(simulator, 'official');

export async function appToken(simulator: Target, app: 'miniapp' | 'official'): Promise<string> {
  const { appId, appSecret } = settings[app];
  const body = { grant_type: 'client_credential', appid: appId, secret: appSecret };
  return (await call(simulator, 'POST', '/cgi-bin/stable_token', body)).json.access_token;
}

/** Calls a path of api.weixin.qq.com with the access token of an app; POST if there is a body. */
export async function apiCall(
  simulator: Target,
  app: 'miniapp' | 'official',
  path: string,
  { body, query = {} }: { body?: unknown; query?: Record<string, string> } = {},
) {
  const parameters = new URLSearchParams({ access_token: await appToken(simulator, app), ...query });
  return call(simulator, body === undefined ? 'GET' : 'POST', `${path}?${parameters}`, body);
}

/** Logs a user in to the mini-program and returns the session. */
export async function logIn(simulator: Target, user: User, how: object = {}) {
  const { code } = (await phoneAction(simulator, user, 'login-code', how)).json;
  const { appId: appid, appSecret: secret } = settings.miniapp;
  const query = new URLSearchParams({ appid, secret, js_code: code, grant_type: 'authorization_code' });
  return (await call(simulator, 'GET', `/sns/jscode2session?${query}`)).json;
}

export async function createQr(simulator: Target, scene: string, expireSeconds = 300) {
  const body = {
    expire_seconds: expireSeconds,
    action_name: 'QR_STR_SCENE',
    action_info: { scene: { scene_str: scene } },
  };
  const token = await officialToken(simulator);
  return (await call(simulator, 'POST', `/cgi-bin/qrcode/create?access_token=${token}`, body)).json;
}

/** Uploads a temporary picture for the messages of an app, as a multipart form. */
export async function uploadMedia(
  simulator: Target,
  app: 'miniapp' | 'official',
  {
    type = 'image',
    field = 'media',
    bytes = Buffer.from('GIF89a'),
  }: { type?: string; field?: string; bytes?: Buffer } = {},
) {
  const form = new FormData();
  form.append(field, new Blob([new Uint8Array(bytes)]), 'picture.gif');
  const query = new URLSearchParams({ access_token: await appToken(simulator, app), type });
  const url = `${simulator.url}/cgi-bin/media/upload?${query}`;
  return (await (await fetch(url, { method: 'POST', body: form })).json()) as Record<string, unknown>;
}

export interface PayCall {
  method?: string;
  path: string;
  body?: object | string;
  /** A multipart form in place of the body; the signature then covers `body`. */
  form?: { type: string; bytes: Buffer };
  /** Changes to the request after it was signed correctly. */
  change?: (headers: Record<string, string>) => Record<string, string>;
  timestamp?: number;
  nonce?: string;
  privateKey?: string;
  mchId?: string;
  serial?: string;
}

/** Sends one API v3 request, correctly signed unless the options change it. */
export async function payCall(simulator: Target, options: PayCall) {
  const { method = 'POST', path, nonce = randomUUID().replaceAll('-', '') } = options;
  const { mchId = settings.pay.mchId, serial = settings.pay.certSerial } = options;
  const body = typeof options.body === 'object' ? JSON.stringify(options.body) : (options.body ?? '');
  const timestamp = options.timestamp ?? Math.floor(Date.now() / 1000);
  const message = `${method}\n${path}\n${timestamp}\n${nonce}\n${body}\n`;
  const signature = sign('RSA-SHA256', Buffer.from(message), options.privateKey ?? merchantKeys.privateKey);
  const pairs = {
    mchid: mchId,
    nonce_str: nonce,
    signature: signature.toString('base64'),
    timestamp,
    serial_no: serial,
  };
  const authorization = Object.entries(pairs).map(([key, value]) => `${key}="${value}"`);
  const headers = {
    Accept: 'application/json',
    'User-Agent': 'test',
    'Content-Type': options.form?.type ?? 'application/json',
    Authorization: `WECHATPAY2-SHA256-RSA2048 ${authorization.join(',')}`,
  };
  return rawCall(simulator.url + path, method, options.change?.(headers) ?? headers, options.form?.bytes ?? body);
}

/** Node's plain client: sends exactly these headers, which fetch would not. */
export async function rawCall(url: string, method: string, headers: Record<string, string>, body: string | Buffer) {
  const outgoing = request(url, { method, headers, agent: false });
  outgoing.end(body);
  const [incoming] = await once(outgoing, 'response');
  const text = Buffer.concat(await incoming.toArray()).toString();
  return {
    status: incoming.statusCode as number,
    headers: incoming.headers as Record<string, string>,
    text,
    json: tryParse(text),
  };
}

/** Checks `Wechatpay-*` headers over a body with a public key. */
export function signedBy(headers: IncomingHttpHeaders, body: string, publicKey: KeyLike): boolean {
  const message = `${headers['wechatpay-timestamp']}\n${headers['wechatpay-nonce']}\n${body}\n`;
  const signature = Buffer.from(String(headers['wechatpay-signature']), 'base64');
  return verify('RSA-SHA256', Buffer.from(message), publicKey, signature);
}

/** Checks `Wechatpay-*` headers over a body with the platform's public key. */
export const platformSigned = (headers: IncomingHttpHeaders, body: string): boolean =>
  signedBy(headers, body, platformKeys.publicKey);

/**
 * Decrypts a resource with the APIv3 key.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012071382
 */
export function decryptResource({ nonce = '', associated_data: aad = '', ciphertext = '' }: Record<string, string>) {
  const bytes = Buffer.from(ciphertext, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', Buffer.from(settings.pay.apiV3Key), Buffer.from(nonce));
  decipher.setAAD(Buffer.from(aad));
  decipher.setAuthTag(bytes.subarray(-16));
  return Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]).toString();
}

/** Opens the envelope of a notification. */
export function openEnvelope(body: string) {
  const envelope = JSON.parse(body);
  return { envelope, transaction: JSON.parse(decryptResource(envelope.resource)) };
}

export const jsapi = '/v3/pay/transactions/jsapi';

/** A valid body of a JSAPI create call. */
export function orderBody(user: User, more: object = {}) {
  return {
    appid: settings.miniapp.appId,
    mchid: settings.pay.mchId,
    description: '一杯咖啡',
    out_trade_no: `T${randomUUID().slice(0, 18)}`,
    notify_url: 'https://example.com/pay-notify',
    amount: { total: 1800, currency: 'CNY' },
    payer: { openid: user.openIds.miniapp },
    ...more,
  };
}

/** Creates a JSAPI order and pays it. */
export async function payOrder(simulator: Target, user: User, more: object = {}) {
  const body = orderBody(user, more);
  const { prepay_id: prepayId } = (await payCall(simulator, { path: jsapi, body })).json;
  const { transactionId, notify } = (await phoneAction(simulator, user, 'pay', { prepayId })).json;
  return { outTradeNo: body.out_trade_no, transactionId, notify };
}

/** Queries an order by its number through API v3. */
export const queryOrder = (simulator: Target, outTradeNo: string) =>
  payCall(simulator, {
    method: 'GET',
    path: `/v3/pay/transactions/out-trade-no/${outTradeNo}?mchid=${settings.pay.mchId}`,
  });

function tryParse(text: string) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
