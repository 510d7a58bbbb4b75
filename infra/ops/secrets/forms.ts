import type { X509Certificate } from 'node:crypto';
import { badSetting, type SecretName } from '../../../lib/core/config.ts';
import {
  bareText,
  readApiKey,
  readCertSerial,
  readMerchantCertificate,
  readMerchantKey,
  readPlatformKey,
} from '../../../lib/wechat-pay/key-text.ts';
import { readMessageKey } from '../../../lib/wechat/message-cipher.ts';
import { checkSigningKeys, createSigningKeys } from './signing-keys.ts';

/** The parts of the backend that need secrets. */
export type Part = 'sessions' | 'mini-program' | 'official account' | 'WeChat Pay' | 'virtual payment' | 'CloudFront';

interface SecretForm {
  part: Part;
  /** The prompt, in the words of WeChat's consoles. */
  hint: string;
  /** Returns the value to store. @throws NOT_CONFIGURED with the reason; the message never quotes the value */
  read(text: string): string | Promise<string>;
}

/** The required format of each secret, in the order of the prompts. */
export const FORMS: Record<SecretName, SecretForm> = {
  JWT_SIGNING_KEYS: {
    part: 'sessions',
    hint: 'private JWK Set, or the word "new"',
    read: (text) => (text === 'new' ? createSigningKeys() : checkSigningKeys(text)),
  },
  MINIAPP_APP_SECRET: { part: 'mini-program', hint: 'AppSecret', read: appSecret('MINIAPP_APP_SECRET') },
  MINIAPP_TOKEN: { part: 'mini-program', hint: 'Token of the message push', read: pushToken('MINIAPP_TOKEN') },
  MINIAPP_AES_KEY: { part: 'mini-program', hint: 'EncodingAESKey', read: aesKey('MINIAPP_AES_KEY') },
  MINIAPP_AES_KEY_PREVIOUS: {
    part: 'mini-program',
    hint: 'the previous EncodingAESKey',
    read: aesKey('MINIAPP_AES_KEY_PREVIOUS'),
  },
  OFFICIAL_APP_SECRET: { part: 'official account', hint: 'AppSecret', read: appSecret('OFFICIAL_APP_SECRET') },
  OFFICIAL_TOKEN: {
    part: 'official account',
    hint: 'Token of the message push',
    read: pushToken('OFFICIAL_TOKEN'),
  },
  OFFICIAL_AES_KEY: { part: 'official account', hint: 'EncodingAESKey', read: aesKey('OFFICIAL_AES_KEY') },
  OFFICIAL_AES_KEY_PREVIOUS: {
    part: 'official account',
    hint: 'the previous EncodingAESKey',
    read: aesKey('OFFICIAL_AES_KEY_PREVIOUS'),
  },
  PAY_MCH_PRIVATE_KEY: {
    part: 'WeChat Pay',
    hint: 'merchant key: @apiclient_key.pem, or pasted',
    read: (text) => readMerchantKey(text).export({ type: 'pkcs8', format: 'pem' }).toString().trim(),
  },
  PAY_MCH_CERT_SERIAL: {
    part: 'WeChat Pay',
    hint: 'its certificate: @apiclient_cert.pem, or the serial number',
    read: (text) => {
      merchantCertificate(text);
      return readCertSerial(text);
    },
  },
  PAY_API_V3_KEY: { part: 'WeChat Pay', hint: 'APIv3 key', read: payKey('PAY_API_V3_KEY') },
  PAY_API_V3_KEY_PREVIOUS: {
    part: 'WeChat Pay',
    hint: 'the previous APIv3 key',
    read: payKey('PAY_API_V3_KEY_PREVIOUS'),
  },
  PAY_API_V2_KEY: { part: 'WeChat Pay', hint: 'API key of version 2', read: payKey('PAY_API_V2_KEY') },
  PAY_PUBLIC_KEY_ID: {
    part: 'WeChat Pay',
    hint: 'id of the WeChat Pay public key',
    read: (text) => publicKeyId(bareText(text)),
  },
  PAY_PUBLIC_KEY: {
    part: 'WeChat Pay',
    hint: 'WeChat Pay public key: @pub_key.pem, or pasted',
    read: (text) => readPlatformKey(text).export({ type: 'spki', format: 'pem' }).toString().trim(),
  },
  VIRTUAL_PAY_APP_KEY: {
    part: 'virtual payment',
    hint: 'AppKey of the environment VIRTUAL_PAY_ENV',
    read: shaped('VIRTUAL_PAY_APP_KEY', /^[\x21-\x7e]{8,128}$/, 'must be the AppKey of the console, without spaces'),
  },
  ORIGIN_SECRET: {
    part: 'CloudFront',
    hint: 'value of the header X-Origin-Secret',
    read: shaped('ORIGIN_SECRET', /^[\x21-\x7e]{32,128}$/, 'must be 32 to 128 characters of ASCII, without spaces'),
  },
};

/** Returns the certificate in the text; undefined for a serial number. @throws NOT_CONFIGURED for an expired one */
export function merchantCertificate(text: string): X509Certificate | undefined {
  const certificate = readMerchantCertificate(text);
  if (certificate && certificate.validToDate.getTime() < Date.now())
    throw badSetting('PAY_MCH_CERT_SERIAL', 'is of a certificate that has expired');
  return certificate;
}

const publicKeyId = shaped(
  'PAY_PUBLIC_KEY_ID',
  /^PUB_KEY_ID_[0-9A-Za-z]{16,}$/,
  'must be PUB_KEY_ID_ and a long number, as the merchant platform shows it',
);

function appSecret(name: SecretName) {
  return shaped(name, /^[0-9a-f]{32}$/i, 'must be 32 hex digits');
}

function pushToken(name: SecretName) {
  return shaped(name, /^[A-Za-z0-9]{3,32}$/, 'must be 3 to 32 letters and digits');
}

function aesKey(name: SecretName) {
  return (text: string) => {
    if (readMessageKey(text)) return text;
    throw badSetting(name, 'must be the EncodingAESKey of the console: 43 letters and digits');
  };
}

function payKey(name: SecretName) {
  return (text: string) => readApiKey(name, text);
}

function shaped(name: SecretName, shape: RegExp, reason: string) {
  return (text: string) => {
    if (shape.test(text)) return text;
    throw badSetting(name, reason);
  };
}
