import { createPrivateKey, createPublicKey, X509Certificate, type KeyObject } from 'node:crypto';
import { badSetting, type SecretName } from '../../../lib/core/config.ts';
import { readMessageKey } from '../../../lib/wechat/message-cipher.ts';
import { checkSigningKeys, createSigningKeys } from './signing-keys.ts';

/** The parts of the backend that need secrets. */
export type Part = 'sessions' | 'mini-program' | 'official account' | 'WeChat Pay' | 'CloudFront';

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
  OFFICIAL_APP_SECRET: { part: 'official account', hint: 'AppSecret', read: appSecret('OFFICIAL_APP_SECRET') },
  OFFICIAL_TOKEN: {
    part: 'official account',
    hint: 'Token of the message push',
    read: shaped('OFFICIAL_TOKEN', /^[A-Za-z0-9]{3,32}$/, 'must be 3 to 32 letters and digits'),
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
    read: (text) => merchantKey(text).export({ type: 'pkcs8', format: 'pem' }).toString().trim(),
  },
  PAY_MCH_CERT_SERIAL: {
    part: 'WeChat Pay',
    hint: 'its certificate: @apiclient_cert.pem, or the serial number',
    read: (text) => merchantCertificate(text)?.serialNumber.toUpperCase() ?? typedSerial(text),
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
    read: shaped(
      'PAY_PUBLIC_KEY_ID',
      /^PUB_KEY_ID_[0-9A-Za-z]{16,}$/,
      'must be PUB_KEY_ID_ and a long number, as the merchant platform shows it',
    ),
  },
  PAY_PUBLIC_KEY: {
    part: 'WeChat Pay',
    hint: 'WeChat Pay public key: @pub_key.pem, or pasted',
    read: (text) => platformKey(text).export({ type: 'spki', format: 'pem' }).toString().trim(),
  },
  ORIGIN_SECRET: {
    part: 'CloudFront',
    hint: 'value of the header X-Origin-Secret',
    read: shaped('ORIGIN_SECRET', /^[\x21-\x7e]{32,128}$/, 'must be 32 to 128 characters of ASCII, without spaces'),
  },
};

/** Reads the private key that signs for the merchant. @throws NOT_CONFIGURED */
function merchantKey(text: string): KeyObject {
  const name = 'PAY_MCH_PRIVATE_KEY';
  if (/BEGIN CERTIFICATE/.test(text)) throw badSetting(name, 'is a certificate; the key is apiclient_key.pem');
  if (/BEGIN PUBLIC KEY/.test(text)) throw badSetting(name, 'is a public key; the private one is apiclient_key.pem');
  if (/ENCRYPTED/.test(text)) throw badSetting(name, 'has a passphrase; give the key without one');
  return rsa2048(name, () => createPrivateKey(text));
}

/** Returns the certificate in the text; undefined when the text is no PEM. @throws NOT_CONFIGURED for an invalid or expired one */
export function merchantCertificate(text: string): X509Certificate | undefined {
  const name = 'PAY_MCH_CERT_SERIAL';
  if (!text.includes('-----BEGIN')) return undefined;
  let certificate;
  try {
    certificate = new X509Certificate(text);
  } catch (cause) {
    throw badSetting(name, 'must be apiclient_cert.pem or a serial number; this is not a certificate', cause);
  }
  if (certificate.validToDate.getTime() < Date.now()) throw badSetting(name, 'is of a certificate that has expired');
  return certificate;
}

/** Reads the public key of WeChat Pay's signatures. @throws NOT_CONFIGURED */
function platformKey(text: string): KeyObject {
  const name = 'PAY_PUBLIC_KEY';
  // Node would accept both and derive their public key.
  if (/BEGIN CERTIFICATE/.test(text)) throw badSetting(name, 'is a certificate; the key is pub_key.pem');
  if (/PRIVATE KEY/.test(text)) throw badSetting(name, 'is a private key; the public one of WeChat Pay is pub_key.pem');
  return rsa2048(name, () => createPublicKey(text));
}

function rsa2048(name: SecretName, create: () => KeyObject): KeyObject {
  let key;
  try {
    key = create();
  } catch (cause) {
    throw badSetting(name, 'is not a key in PEM form', cause);
  }
  if (key.asymmetricKeyType === 'rsa' && key.asymmetricKeyDetails?.modulusLength === 2_048) return key;
  throw badSetting(name, 'must be an RSA key of 2048 bits');
}

/** Reads a serial number as WeChat shows it: 20 bytes in hex. */
function typedSerial(text: string): string {
  if (/^[0-9a-f]{40}$/i.test(text)) return text.toUpperCase();
  throw badSetting('PAY_MCH_CERT_SERIAL', 'must be 40 hex digits; or answer @apiclient_cert.pem');
}

function appSecret(name: SecretName) {
  return shaped(name, /^[0-9a-f]{32}$/i, 'must be 32 hex digits');
}

function aesKey(name: SecretName) {
  return (text: string) => {
    if (readMessageKey(text)) return text;
    throw badSetting(name, 'must be the EncodingAESKey of the console: 43 letters and digits');
  };
}

function payKey(name: SecretName) {
  return shaped(name, /^[\x21-\x7e]{32}$/, 'must be exactly 32 bytes of ASCII, without spaces');
}

function shaped(name: SecretName, shape: RegExp, reason: string) {
  return (text: string) => {
    if (shape.test(text)) return text;
    throw badSetting(name, reason);
  };
}
