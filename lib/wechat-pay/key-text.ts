import { createPrivateKey, createPublicKey, X509Certificate, type KeyObject } from 'node:crypto';
import { badSetting, type SecretName } from '../core/config.ts';

/**
 * Reads the private key that signs for the merchant, as people paste it: on one line, without the lines BEGIN and END,
 * with escaped line ends, or in quotes. Both PKCS#8 and PKCS#1 are valid.
 * @throws NOT_CONFIGURED with what the text is instead; the message never quotes the text
 */
export function readMerchantKey(text: string): KeyObject {
  const name = 'PAY_MCH_PRIVATE_KEY';
  const key = firstOf(text, privateKeyOf);
  if (key) return requireRsa2048(name, key);
  if (text.includes('ENCRYPTED')) throw badSetting(name, 'has a passphrase; give the key without one');
  if (firstOf(text, certificateOf)) throw badSetting(name, 'is a certificate; the key is apiclient_key.pem');
  if (firstOf(text, publicKeyOf)) throw badSetting(name, 'is a public key; the private one is apiclient_key.pem');
  throw badSetting(name, 'is not a key in PEM form');
}

/**
 * Reads the public key of WeChat Pay, in the same forms as the merchant key.
 * @throws NOT_CONFIGURED with what the text is instead
 */
export function readPlatformKey(text: string): KeyObject {
  const name = 'PAY_PUBLIC_KEY';
  // Node would derive the public key of a private key.
  if (firstOf(text, privateKeyOf))
    throw badSetting(name, 'is a private key; the public one of WeChat Pay is pub_key.pem');
  const key = firstOf(text, publicKeyOf);
  if (key) return requireRsa2048(name, key);
  if (firstOf(text, certificateOf)) throw badSetting(name, 'is a certificate; the key is pub_key.pem');
  throw badSetting(name, 'is not a key in PEM form');
}

/**
 * Returns the merchant certificate in the text, or undefined for another text, such as a serial number.
 * @throws NOT_CONFIGURED for PEM text without a certificate
 */
export function readMerchantCertificate(text: string): X509Certificate | undefined {
  const certificate = firstOf(text, certificateOf);
  if (certificate || !text.includes('BEGIN')) return certificate;
  throw badSetting('PAY_MCH_CERT_SERIAL', 'must be apiclient_cert.pem or a serial number; this is not a certificate');
}

/**
 * Reads the serial number of the merchant certificate: 20 bytes as 40 upper-case hex digits, as WeChat Pay writes them.
 * Accepts lower case, colons, blanks, and the certificate itself.
 * @throws NOT_CONFIGURED
 */
export function readCertSerial(text: string): string {
  const shown =
    readMerchantCertificate(text)?.serialNumber ?? bareText(text).replace(/^serial\s*(number)?\s*[:=]/i, '');
  const digits = shown.replaceAll(/[\s:]/g, '').toUpperCase();
  // X.509 omits leading zero bytes.
  if (/^(?:[\dA-F]{2}){18,20}$/.test(digits)) return digits.padStart(40, '0');
  throw badSetting('PAY_MCH_CERT_SERIAL', 'must be 40 hex digits; or answer @apiclient_cert.pem');
}

/**
 * Reads an API key. WeChat Pay uses the text itself as the key and never decodes hex.
 * @throws NOT_CONFIGURED unless the key is 32 bytes of printable ASCII
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012072195
 */
export function readApiKey(name: SecretName, text: string): string {
  const key = bareText(text);
  if (/^[\x21-\x7E]{32}$/.test(key)) return key;
  const length = Buffer.byteLength(key);
  const reason = length === 32 ? 'must be ASCII without spaces' : `must be exactly 32 bytes; got ${length}`;
  throw badSetting(name, reason);
}

/** Removes blanks and quotes around a text. */
export function bareText(text: string): string {
  return text.replaceAll(/^[\s"'`“”]+|[\s"'`“”]+$/g, '');
}

/** Applies a reader to each PEM block, or to the whole text without the lines BEGIN and END. */
function firstOf<Value>(text: string, read: (der: Buffer) => Value): Value | undefined {
  const lines = text.replaceAll(/\\+[rn]/g, '\n');
  const blocks = [...lines.matchAll(/-BEGIN[^-]+-+([^-]+)-+END/g)].map(([, body = '']) => body);
  for (const body of blocks.length > 0 ? blocks : [bareText(lines)]) {
    const value = attemptOf(() => read(Buffer.from(body, 'base64')));
    if (value !== undefined) return value;
  }
  return undefined;
}

function privateKeyOf(key: Buffer): KeyObject | undefined {
  return (
    attemptOf(() => createPrivateKey({ key, format: 'der', type: 'pkcs8' })) ??
    attemptOf(() => createPrivateKey({ key, format: 'der', type: 'pkcs1' }))
  );
}

function publicKeyOf(key: Buffer): KeyObject | undefined {
  return (
    attemptOf(() => createPublicKey({ key, format: 'der', type: 'spki' })) ??
    attemptOf(() => createPublicKey({ key, format: 'der', type: 'pkcs1' }))
  );
}

function certificateOf(der: Buffer): X509Certificate {
  return new X509Certificate(der);
}

function attemptOf<Value>(read: () => Value): Value | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}

function requireRsa2048(name: SecretName, key: KeyObject): KeyObject {
  if (key.asymmetricKeyType === 'rsa' && key.asymmetricKeyDetails?.modulusLength === 2_048) return key;
  throw badSetting(name, 'must be an RSA key of 2048 bits');
}
