// The bill API of WeChat Pay and the bucket of the reports. It shares no signing code with lib/.
// See https://pay.weixin.qq.com/doc/v3/merchant/4013071227
// See https://pay.weixin.qq.com/doc/v3/merchant/4013071238
// See https://pay.weixin.qq.com/doc/v2/merchant/4011935219
import { createHash, createHmac, generateKeyPairSync, randomBytes, sign, verify } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { LOCAL_AWS } from '../../infra/service/table.ts';
import { APP_ID, MCH_ID } from './bill-files.ts';

const KEY_ID = 'PUB_KEY_ID_0000000000000000000000000000000001';
const API_V2_KEY = '0123456789abcdef0123456789abcdef';
const CERT_SERIAL = '408B07E79B8269FEC3D5D3E6AB8ED163A6A380DB';

/** The content of an answer: the text of a bill, the bytes of its file, or the code with which WeChat declines. */
export type Offered = { text: string; sha1?: string } | { bytes: Buffer; sha1?: string } | { decline: string };

const rsaPair = () =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });

export async function startBillServer() {
  const [merchant, platform] = [rsaPair(), rsaPair()];
  /** Answers by kind of bill, in order; the last one repeats. */
  const offers: Record<'trade' | 'fundFlow' | 'v2', Offered[]> = { trade: [], fundFlow: [], v2: [] };
  const reports = new Map<string, string>();
  const calls: { method: string; url: string; body: string }[] = [];
  const tokens = new Map<string, Buffer>();
  const state = { downloadHost: '', breakOffAfter: Infinity, stallAfter: Infinity };
  const server = createServer((request, response) => void answer(request, response));
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(request);
    const call = { method: request.method!, url: request.url!, body: body.toString() };
    calls.push(call);
    const { pathname } = new URL(call.url, url);
    if (call.method === 'PUT') {
      reports.set(pathname, call.body);
      response.writeHead(200).end();
      return;
    }
    if (pathname === '/pay/downloadbill') return answerV2(response, call.body);
    if (!isSigned(request, call)) return sendError(response, 401, 'SIGN_ERROR');
    if (pathname === '/v3/bill/tradebill') return offer(response, next('trade'));
    if (pathname === '/v3/bill/fundflowbill') return offer(response, next('fundFlow'));
    const file = tokens.get(call.url);
    if (!file) return sendError(response, 400, 'INVALID_REQUEST');
    tokens.delete(call.url);
    return send(response, file);
  }

  const next = (kind: keyof typeof offers): Offered => {
    const list = offers[kind];
    return (
      (list.length > 1 ? list.shift() : list[0]) ?? { decline: kind === 'v2' ? 'No Bill Exist' : 'NO_STATEMENT_EXIST' }
    );
  };

  function offer(response: ServerResponse, offered: Offered): void {
    if ('decline' in offered) return sendError(response, 400, offered.decline);
    const { bytes, sha1 } = fileOf(offered);
    const path = `/v3/billdownload/file?token=${randomBytes(24).toString('base64url')}`;
    tokens.set(path, bytes);
    const answered = { hash_type: 'SHA1', hash_value: sha1, download_url: (state.downloadHost || url) + path };
    const text = JSON.stringify(answered);
    const [timestamp, nonce] = [String(Math.floor(Date.now() / 1_000)), randomBytes(16).toString('hex')];
    const signed = sign('RSA-SHA256', Buffer.from(`${timestamp}\n${nonce}\n${text}\n`), platform.privateKey);
    response
      .writeHead(200, {
        'content-type': 'application/json',
        'wechatpay-timestamp': timestamp,
        'wechatpay-nonce': nonce,
        'wechatpay-signature': signed.toString('base64'),
        'wechatpay-serial': KEY_ID,
      })
      .end(text);
  }

  function answerV2(response: ServerResponse, xml: string): void {
    const offered = isSignedV2(xml) ? next('v2') : { decline: '签名错误' };
    if (!('decline' in offered)) return send(response, fileOf(offered).bytes);
    const text = `<xml><return_code><![CDATA[FAIL]]></return_code>\n<return_msg><![CDATA[${offered.decline}]]></return_msg>\n</xml>`;
    response.writeHead(200, { 'content-type': 'text/plain' }).end(text);
  }

  function send(response: ServerResponse, file: Buffer): void {
    const { breakOffAfter, stallAfter } = state;
    response.writeHead(200, { 'content-length': file.length });
    if (stallAfter < file.length) response.write(file.subarray(0, stallAfter));
    else if (breakOffAfter < file.length) response.write(file.subarray(0, breakOffAfter), () => response.destroy());
    else response.end(file);
  }

  function isSigned({ headers }: IncomingMessage, { method, url: path, body }: (typeof calls)[number]): boolean {
    const given = String(headers.authorization).replace('WECHATPAY2-SHA256-RSA2048 ', '');
    const fields = Object.fromEntries([...given.matchAll(/(\w+)="([^"]*)"/g)].map(([, name, value]) => [name, value]));
    const { mchid, serial_no, timestamp, nonce_str, signature = '' } = fields as Record<string, string>;
    const text = `${method}\n${path}\n${timestamp}\n${nonce_str}\n${body}\n`;
    const isMerchant = mchid === MCH_ID && serial_no === CERT_SERIAL && headers['user-agent'] !== undefined;
    return isMerchant && verify('RSA-SHA256', Buffer.from(text), merchant.publicKey, Buffer.from(signature, 'base64'));
  }

  return {
    url,
    offers,
    reports,
    calls,
    state,
    keys: { merchantPem: merchant.privateKey, platformPem: platform.publicKey },
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

export type BillServer = Awaited<ReturnType<typeof startBillServer>>;

/** The settings of `pay-bills` for one API, apart from the table; those of the other API are missing. */
export function billSettings({ url, keys }: BillServer, api: 'v3' | 'v2'): Record<string, string> {
  return {
    ...LOCAL_AWS,
    AWS_ENDPOINT_URL_S3: url,
    BILL_REPORTS_BUCKET: 'reports',
    WECHAT_PAY_BASE_URL: url,
    PAY_MCH_ID: MCH_ID,
    PAY_API: api,
    ...(api === 'v3'
      ? {
          PAY_MCH_CERT_SERIAL: CERT_SERIAL,
          PAY_MCH_PRIVATE_KEY: keys.merchantPem,
          PAY_PUBLIC_KEY_ID: KEY_ID,
          PAY_PUBLIC_KEY: keys.platformPem,
        }
      : { PAY_API_V2_KEY: API_V2_KEY, OFFICIAL_APP_ID: APP_ID }),
  };
}

function fileOf(offered: Exclude<Offered, { decline: string }>): { bytes: Buffer; sha1: string } {
  const content = 'text' in offered ? Buffer.from(offered.text) : offered.bytes;
  const { sha1 = createHash('sha1').update(content).digest('hex') } = offered;
  return { bytes: 'text' in offered ? gzipSync(content) : content, sha1 };
}

/**
 * Verifies the signature of API v2: the fields sorted by name, then the key.
 * @see https://pay.weixin.qq.com/doc/v2/merchant/4011985891
 */
function isSignedV2(xml: string): boolean {
  const pairs = [...xml.matchAll(/<(\w+)><!\[CDATA\[(.*?)\]\]>/g)].map(([, name, value]) => [name, value] as const);
  const { sign: given, ...fields } = Object.fromEntries(pairs);
  const names = Object.keys(fields).toSorted();
  const text = [...names.map((name) => `${name}=${fields[name]}`), `key=${API_V2_KEY}`].join('&');
  return given === createHmac('sha256', API_V2_KEY).update(text).digest('hex').toUpperCase();
}

function sendError(response: ServerResponse, status: number, code: string): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify({ code, message: code }));
}
