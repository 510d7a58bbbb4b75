// Keys as people paste them: TheNorthMemory/wechatpay-axios-plugin #13, wechatpay-apiv3/wechatpay-php #63, go-pay/gopay #136.
import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { readApiKey, readCertSerial, readMerchantKey, readPlatformKey } from '../../../../lib/wechat-pay/key-text.ts';
import { certificateOf, merchant, SERIAL, short, stranger } from '../../ops/keys.ts';

const privateKey = createPrivateKey(merchant.privateKey);
const publicKey = createPublicKey(merchant.publicKey);
const pkcs1 = privateKey.export({ type: 'pkcs1', format: 'pem' }).toString();
const publicPkcs1 = publicKey.export({ type: 'pkcs1', format: 'pem' }).toString();

/** The texts that people paste for a PEM file. */
const PASTED: [string, (pem: string) => string][] = [
  ['unchanged', (pem) => pem],
  ['with CRLF', (pem) => pem.replaceAll('\n', '\r\n')],
  ['with blanks around each line', (pem) => pem.replaceAll('\n', '  \n\t')],
  ['on one line', (pem) => pem.replaceAll('\n', '')],
  ['on one line with blanks', (pem) => pem.replaceAll('\n', ' ')],
  ['without any blank', (pem) => pem.replaceAll(/\s/g, '')],
  ['without BEGIN and END', (pem) => pem.replaceAll(/-----[^-]+-----/g, '')],
  ['without BEGIN and END, on one line', (pem) => pem.replaceAll(/-----[^-]+-----|\n/g, '')],
  ['with escaped line feeds', (pem) => pem.replaceAll('\n', String.raw`\n`)],
  ['with escaped CRLF', (pem) => pem.replaceAll('\n', String.raw`\r\n`)],
  ['with twice escaped line feeds', (pem) => pem.replaceAll('\n', String.raw`\\n`)],
  ['in quotes', (pem) => `"${pem.replaceAll('\n', String.raw`\n`)}"`],
  ['in single quotes', (pem) => ` '${pem}' `],
  ['without BEGIN and END, in quotes', (pem) => `"${pem.replaceAll(/-----[^-]+-----|\n/g, '')}"`],
  ['after the attributes of a key store', (pem) => `Bag Attributes\n    friendlyName: Tenpay\n${pem}`],
  ['after its certificate', (pem) => `${certificateOf(merchant)}\n${pem}`],
];

const thrownBy = (read: () => unknown): Error => {
  try {
    read();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
};

describe('readMerchantKey', () => {
  describe.each([
    ['PKCS#8', merchant.privateKey],
    ['PKCS#1', pkcs1],
  ])('of %s', (_, pem) => {
    it.each(PASTED)('reads a key that was pasted %s', (_how, paste) => {
      expect(readMerchantKey(paste(pem)).equals(privateKey)).toBe(true);
    });
  });

  it.each([
    ['is a certificate; the key is apiclient_key.pem', certificateOf(merchant)],
    ['is a certificate; the key is apiclient_key.pem', certificateOf(merchant).replaceAll(/-----[^-]+-----/g, '')],
    ['is a public key; the private one is apiclient_key.pem', merchant.publicKey],
    ['has a passphrase; give the key without one', encrypted(privateKey)],
    ['must be an RSA key of 2048 bits', short.privateKey],
    ['is not a key in PEM form', 'apiclient_key.pem'],
    ['is not a key in PEM form', merchant.privateKey.slice(0, 900)],
  ])('explains that the text %s', (why, text) => {
    const failure = thrownBy(() => readMerchantKey(text));
    expect(failure).toMatchObject({ code: 'NOT_CONFIGURED', message: `PAY_MCH_PRIVATE_KEY ${why}` });
  });
});

function encrypted(key: KeyObject): string {
  return key.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'p' }).toString();
}

describe('readPlatformKey', () => {
  describe.each([
    ['SPKI', merchant.publicKey],
    ['PKCS#1', publicPkcs1],
  ])('of %s', (_, pem) => {
    it.each(PASTED)('reads a key that was pasted %s', (_how, paste) => {
      expect(readPlatformKey(paste(pem)).equals(publicKey)).toBe(true);
    });
  });

  it.each([
    ['is a certificate; the key is pub_key.pem', certificateOf(stranger)],
    ['is a private key; the public one of WeChat Pay is pub_key.pem', merchant.privateKey],
    ['is not a key in PEM form', 'PUB_KEY_ID_0119000072912025110100000000000001'],
  ])('explains that the text %s', (why, text) => {
    expect(thrownBy(() => readPlatformKey(text))).toMatchObject({ message: `PAY_PUBLIC_KEY ${why}` });
  });
});

describe('readCertSerial', () => {
  it.each([
    ['as WeChat writes it', SERIAL],
    ['in lower case', SERIAL.toLowerCase()],
    ['with colons', SERIAL.replaceAll(/(..)(?=.)/g, '$1:')],
    ['with blanks', SERIAL.replaceAll(/(..)(?=.)/g, '$1 ')],
    ['in quotes', ` "${SERIAL}" `],
    ['as openssl prints it', `serial=${SERIAL}\n`],
    ['as a certificate', certificateOf(merchant)],
    ['as a certificate without BEGIN and END', certificateOf(merchant).replaceAll(/-----[^-]+-----/g, '')],
  ])('reads a serial number %s', (_, text) => {
    expect(readCertSerial(text)).toBe(SERIAL);
  });

  it('adds the leading zero bytes that X.509 omits', () => {
    expect(readCertSerial(SERIAL.slice(2))).toBe(`00${SERIAL.slice(2)}`);
  });

  it.each(['1234', 'wx1234', `${SERIAL}00`, merchant.privateKey])('rejects %j', (text) => {
    expect(thrownBy(() => readCertSerial(text))).toMatchObject({
      code: 'NOT_CONFIGURED',
      message: expect.stringMatching(/^PAY_MCH_CERT_SERIAL must be/),
    });
  });
});

describe('readApiKey', () => {
  const key = '0123456789abcdefABCDEF0123456789';

  it.each([key, ` ${key}\n`, `"${key}"`, `'${key}'`, `“${key}”`, `\uFEFF${key}`])('reads %j', (text) => {
    expect(readApiKey('PAY_API_V3_KEY', text)).toBe(key);
  });

  it.each([
    [key.slice(1), 'must be exactly 32 bytes; got 31'],
    [`${key}0`, 'must be exactly 32 bytes; got 33'],
    [`${key.slice(0, 29)}密`, 'must be ASCII without spaces'],
  ])('rejects %j: %s', (text, why) => {
    expect(thrownBy(() => readApiKey('PAY_API_V2_KEY', text))).toMatchObject({ message: `PAY_API_V2_KEY ${why}` });
  });
});
