// The phone of a buyer, encrypted by a second implementation of RSA-OAEP.
import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import forge from 'node-forge';
import { describe, expect, it } from 'vitest';
import { openPayerPhone } from '../../lib/wechat-pay/v3/payer-phone.ts';

const pair = () =>
  generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
const merchant = pair();
const key = createPrivateKey(merchant.privateKey);

const sealWith = (hash: forge.md.MessageDigest, publicKey = merchant.publicKey) =>
  forge.util.encode64(
    forge.pki.publicKeyFromPem(publicKey).encrypt('13580006666', 'RSA-OAEP', { md: hash, mgf1: { md: hash } }),
  );

describe('openPayerPhone', () => {
  it('opens a phone that node-forge encrypted with RSA-OAEP and SHA-1', () => {
    expect(openPayerPhone(key, sealWith(forge.md.sha1.create()))).toBe('13580006666');
  });

  it.each([
    ['another hash', sealWith(forge.md.sha256.create())],
    ['another key', sealWith(forge.md.sha1.create(), pair().publicKey)],
    ['damaged base64', sealWith(forge.md.sha1.create()).slice(4)],
    ['an empty text', ''],
  ])('rejects a phone with %s, and names the setting without quoting the text', (_, sealed) => {
    expect(() => openPayerPhone(key, sealed)).toThrow('PAY_MCH_PRIVATE_KEY does not open the phone of the buyer');
  });
});
