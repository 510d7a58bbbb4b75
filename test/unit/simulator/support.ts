import { createDecipheriv, generateKeyPairSync, randomUUID, sign, verify } from 'node:crypto';
import { once } from 'node:events';
import { createServer, request } from 'node:http';
import type { IncomingHttpHeaders, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startSimulator } from '../../../infra/simulator/simulator.ts';
import type { Simulator, SimulatorSettings } from '../../../infra/simulator/simulator.ts';

const newKeys = () =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });

export const merchantKeys = newKeys();
export const platformKeys = newKeys();

export const settings: SimulatorSettings = {
  port: 0,
  miniapp: { appId: 'wx1111111111111111', appSecret: 'miniapp-secret' },
  official: {
    appId: 'wx2222222222222222',
    appSecret: 'official-secret',
    token: 'AAAAA',
    callbackUrl: '',
    originalId: 'gh_7f083739789a',
  },
  pay: {
    mchId: '1900007291',
    certSerial: '408B07E79B8269FEC3D5D3E6AB8ED163A6A380DB',
    merchantPublicKey: merchantKeys.publicKey,
    apiV3Key: '0123456789abcdef0123456789ABCDEF',
    apiV2Key: '192006250b4c09247ec02edce69f6a2d',
    platformKeyId: 'PUB_KEY_ID_0119000072912025110100000000000001',
    platformPrivateKey: platformKeys.privateKey,
  },
};

export interface Person {
  id: string;
  openIds: { miniapp: string; official: string };
  unionId: string;
}

/** One request to the simulator, the answer parsed if it is JSON. */
export async function call(simulator: Simulator, method: string, path: string, body?: unknown) {
  const response = await fetch(simulator.url + path, {
    method,
    ...(body !== undefined && { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });
  const text = await response.text();
  return { status: response.status, type: response.headers.get('content-type') ?? '', json: tryParse(text), text };
}

export const start = (): Promise<Simulator> => startSimulator(settings);

export async function newPerson(simulator: Simulator, about: object = {}): Promise<Person> {
  return (await call(simulator, 'POST', '/_phone/users', about)).json;
}

export async function usePhone(simulator: Simulator, person: Person, action: string, body: object = {}) {
  return call(simulator, 'POST', `/_phone/users/${person.id}/${action}`, body);
}

export const officialToken = (simulator: Simulator): Promise<string> => appToken(simulator, 'official');

export async function appToken(simulator: Simulator, app: 'miniapp' | 'official'): Promise<string> {
  const { appId, appSecret } = settings[app];
  const body = { grant_type: 'client_credential', appid: appId, secret: appSecret };
  return (await call(simulator, 'POST', '/cgi-bin/stable_token', body)).json.access_token;
}

/** A call of a path under api.weixin.qq.com with the access token of an app: POST if there is a body. */
export async function apiCall(
  simulator: Simulator,
  app: 'miniapp' | 'official',
  path: string,
  { body, query = {} }: { body?: unknown; query?: Record<string, string> } = {},
) {
  const parameters = new URLSearchParams({ access_token: await appToken(simulator, app), ...query });
  return call(simulator, body === undefined ? 'GET' : 'POST', `${path}?${parameters}`, body);
}

/** The session that the person's newest login gives. */
export async function logIn(simulator: Simulator, person: Person, how: object = {}) {
  const { code } = (await usePhone(simulator, person, 'login-code', how)).json;
  const { appId: appid, appSecret: secret } = settings.miniapp;
  const query = new URLSearchParams({ appid, secret, js_code: code, grant_type: 'authorization_code' });
  return (await call(simulator, 'GET', `/sns/jscode2session?${query}`)).json;
}

export async function createQr(simulator: Simulator, scene: string, expireSeconds = 300) {
  const body = {
    expire_seconds: expireSeconds,
    action_name: 'QR_STR_SCENE',
    action_info: { scene: { scene_str: scene } },
  };
  const token = await officialToken(simulator);
  return (await call(simulator, 'POST', `/cgi-bin/qrcode/create?access_token=${token}`, body)).json;
}

export interface Received {
  at: number;
  url: URL;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface Receiver {
  url: string;
  received: Received[];
  /** What to answer to the n-th delivery (from 0); null = never answer. */
  answer: (index: number) => { status: number; body?: string } | null;
  close(): void;
}

/** Our side of pushes and notifications: keeps what arrives, answers as told. */
export async function startReceiver(simulator: Simulator): Promise<Receiver> {
  const server: Server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const url = new URL(incoming.url ?? '/', 'http://localhost');
      const body = Buffer.concat(chunks).toString();
      receiver.received.push({ at: simulator.now(), url, headers: incoming.headers, body });
      const answer = receiver.answer(receiver.received.length - 1);
      if (answer) response.writeHead(answer.status).end(answer.body ?? '');
    });
  });
  const receiver: Receiver = {
    url: '',
    received: [],
    answer: () => ({ status: 200, body: '' }),
    close: () => void server.close().closeAllConnections(),
  };
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  receiver.url = `http://localhost:${(server.address() as AddressInfo).port}/hook`;
  return receiver;
}

export interface PayCall {
  method?: string;
  path: string;
  body?: object | string;
  /** Changes to the request after it was signed correctly. */
  change?: (headers: Record<string, string>) => Record<string, string>;
  timestamp?: number;
  nonce?: string;
  privateKey?: string;
  mchId?: string;
  serial?: string;
}

/** One correctly signed pay v3 request, unless the options say otherwise. */
export async function payCall(simulator: Simulator, options: PayCall) {
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
    'Content-Type': 'application/json',
    Authorization: `WECHATPAY2-SHA256-RSA2048 ${authorization.join(',')}`,
  };
  return rawCall(simulator.url + path, method, options.change?.(headers) ?? headers, body);
}

/** Node's plain client: sends exactly these headers, which fetch would not. */
export async function rawCall(url: string, method: string, headers: Record<string, string>, body: string) {
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

/** Checks `Wechatpay-*` headers over a body with the platform's public key. */
export function platformSigned(headers: IncomingHttpHeaders, body: string): boolean {
  const message = `${headers['wechatpay-timestamp']}\n${headers['wechatpay-nonce']}\n${body}\n`;
  const signature = Buffer.from(String(headers['wechatpay-signature']), 'base64');
  return verify('RSA-SHA256', Buffer.from(message), platformKeys.publicKey, signature);
}

/** Opens the envelope of a notification (pay 4.3). */
export function openEnvelope(body: string) {
  const envelope = JSON.parse(body);
  const { ciphertext, nonce, associated_data: aad } = envelope.resource;
  const bytes = Buffer.from(ciphertext, 'base64');
  const decipher = createDecipheriv('aes-256-gcm', Buffer.from(settings.pay.apiV3Key), Buffer.from(nonce));
  decipher.setAAD(Buffer.from(aad));
  decipher.setAuthTag(bytes.subarray(-16));
  const plain = Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]);
  return { envelope, transaction: JSON.parse(plain.toString()) };
}

export const jsapi = '/v3/pay/transactions/jsapi';

/** A create body that obeys every rule. */
export function orderBody(person: Person, more: object = {}) {
  return {
    appid: settings.miniapp.appId,
    mchid: settings.pay.mchId,
    description: '一杯咖啡',
    out_trade_no: `T${randomUUID().slice(0, 18)}`,
    notify_url: 'https://example.com/pay-notify',
    amount: { total: 1800, currency: 'CNY' },
    payer: { openid: person.openIds.miniapp },
    ...more,
  };
}

function tryParse(text: string) {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
