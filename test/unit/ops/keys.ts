// Keys as the merchant platform hands them out: a key, its certificate, and those that look like them.
import { generateKeyPairSync } from 'node:crypto';
import forge from 'node-forge';

const pair = (modulusLength = 2_048) =>
  generateKeyPairSync('rsa', {
    modulusLength,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });

export const merchant = pair();
export const stranger = pair();
export const short = pair(1_024);
export const SERIAL = '5DEA10EF55877E3CF6C33255C2E7DEFFF7E427EC';

/** A certificate of this key that ends in so many days. */
export function certificateOf({ publicKey, privateKey }: typeof merchant, endsInDays = 365): string {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey);
  certificate.serialNumber = SERIAL.toLowerCase();
  certificate.validity.notBefore = new Date(Date.now() - 400 * 86_400_000);
  certificate.validity.notAfter = new Date(Date.now() + endsInDays * 86_400_000);
  certificate.setSubject([{ name: 'commonName', value: '1900000001' }]);
  certificate.setIssuer([{ name: 'commonName', value: 'Tenpay.com Root CA' }]);
  certificate.sign(forge.pki.privateKeyFromPem(privateKey), forge.md.sha256.create());
  return forge.pki.certificateToPem(certificate).replaceAll('\r\n', '\n').trim();
}
