import { sign, verify } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Call } from '../../http.ts';
import { alphanumeric } from '../../random.ts';
import type { PaySettings } from '../../settings.ts';
import { PayError } from '../error.ts';
import type { PlatformKey, PlatformKeys } from '../platform-keys.ts';

interface Merchant {
  settings: PaySettings;
  merchantKey: KeyObject;
  keys: PlatformKeys;
}

interface Authorization {
  mchid: string;
  nonce: string;
  signature: string;
  timestamp: string;
  serial: string;
}

const scheme = 'WECHATPAY2-SHA256-RSA2048';
const toleranceMs = 300_000;

/**
 * Signs a body with `Wechatpay-*` headers, with the current real time and a new nonce.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013053249
 */
export function signedHeaders(body: string, { id, key }: PlatformKey): Record<string, string> {
  const timestamp = String(Math.floor(Date.now() / 1000));
  const nonce = alphanumeric(32);
  const message = `${timestamp}\n${nonce}\n${body}\n`;
  return {
    'Wechatpay-Timestamp': timestamp,
    'Wechatpay-Nonce': nonce,
    'Wechatpay-Signature': sign('RSA-SHA256', Buffer.from(message), key).toString('base64'),
    'Wechatpay-Serial': id,
    'Wechatpay-Signature-Type': scheme,
  };
}

/**
 * Checks headers and signature of a merchant's request, in the platform's order.
 * @param signedBody the bytes that the signature covers
 * @returns the key that signs the answer
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012365342
 */
export function checkRequest(
  call: Call,
  { settings, merchantKey, keys }: Merchant,
  signedBody: Buffer = call.body,
): PlatformKey {
  const { accept, 'user-agent': userAgent, 'wechatpay-serial': platformSerial } = call.headers;
  if (!accept || !userAgent) throw new PayError(400, 'INVALID_REQUEST', 'Http头缺少Accept或User-Agent');
  if (!/application\/json|\*\/\*/.test(accept)) {
    throw new PayError(400, 'INVALID_REQUEST', 'Http头Accept必须为application/json');
  }
  const authorization = parseAuthorization(call);
  if (authorization.mchid !== settings.mchId) throw new PayError(400, 'MCH_NOT_EXISTS', '商户号不存在');
  if (authorization.serial !== settings.certSerial) {
    throw signError('商户证书序列号有误。请使用签名私钥匹配的证书序列号');
  }
  if (Math.abs(Date.now() - Number(authorization.timestamp) * 1000) > toleranceMs) {
    throw signError('Http头Authorization中的timestamp与发起请求的时间不得超过5分钟');
  }
  checkSignature({ ...call, body: signedBody }, authorization, merchantKey);
  const key = keys.signingKeyFor(platformSerial === undefined ? undefined : String(platformSerial));
  if (!key) throw new PayError(400, 'PARAM_ERROR', '平台证书序列号Wechatpay-Serial错误');
  return key;
}

function parseAuthorization({ headers, path }: Call): Authorization {
  const header = headers.authorization ?? '';
  const pair = '[a-z_]+="[^"]*"';
  const shape = new RegExp(`^${scheme} ${pair}(?:,${pair}){4}$`);
  const found = new Map([...header.matchAll(/([a-z_]+)="([^"]*)"/g)].map(([, key, value]) => [key, value ?? '']));
  const { mchid, nonce_str: nonce, signature, timestamp, serial_no: serial } = Object.fromEntries(found);
  if (!shape.test(header) || !mchid || !nonce || nonce.length > 32 || !signature || !timestamp || !serial) {
    throw signError(
      path.startsWith('/v3/pay/transactions/')
        ? '签名信息错误，验签失败'
        : 'Http头Authorization值格式错误，请参考《微信支付商户REST API签名规则》',
    );
  }
  if (!/^\d+$/.test(timestamp)) throw signError('Http头Authorization中的timestamp与发起请求的时间不得超过5分钟');
  return { mchid, nonce, signature, timestamp, serial };
}

function checkSignature(call: Call, { timestamp, nonce, signature }: Authorization, merchantKey: KeyObject): void {
  const head = `${call.method}\n${call.target}\n${timestamp}\n${nonce}\n`;
  const message = Buffer.concat([Buffer.from(head), call.body, Buffer.from('\n')]);
  const wellFormed = /^[A-Za-z0-9+/]+={0,2}$/.test(signature);
  if (wellFormed && verify('RSA-SHA256', message, merchantKey, Buffer.from(signature, 'base64'))) return;
  // The real answer contains the checked text too.
  throw signError('签名错误，请检查后再试', {
    field: 'signature',
    location: 'authorization',
    detail: { issue: 'sign not match' },
    sign_information: {
      method: call.method,
      url: call.target,
      truncated_sign_message: message.toString().slice(0, 512),
      sign_message_length: message.length,
    },
  });
}

function signError(message: string, detail?: object): PayError {
  return new PayError(401, 'SIGN_ERROR', message, detail);
}
