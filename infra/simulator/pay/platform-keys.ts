import { createPrivateKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import forge from 'node-forge';
import type { PaySettings } from '../settings.ts';

/** A private key of the platform, and its id in `Wechatpay-Serial`. */
export interface PlatformKey {
  id: string;
  key: KeyObject;
}

interface PlatformCertificate extends PlatformKey {
  pem: string;
  effectiveAt: number;
  expiresAt: number;
}

const lifetimeMs = 5 * 365 * 86_400_000;

/**
 * The signing keys of the platform: the WeChat Pay public key, platform certificates, or both.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013053249
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013053420
 */
export class PlatformKeys {
  readonly #publicKey: PlatformKey | undefined;
  /** Oldest first. */
  readonly certificates: PlatformCertificate[] = [];

  /** Without a public key id the merchant is in certificate mode and gets a certificate. */
  constructor({ platformKeyId, platformPrivateKey }: PaySettings) {
    if (platformKeyId) this.#publicKey = { id: platformKeyId, key: createPrivateKey(platformPrivateKey) };
    else this.rotate();
  }

  /**
   * Adds a certificate that signs from now on; older certificates stay valid. WeChat Pay lists a new certificate
   * for some time before its use; the simulator does not wait.
   * @param leadingZeros whether the serial number begins with a zero byte
   * @see https://pay.weixin.qq.com/doc/v3/merchant/4012068829
   */
  rotate({ leadingZeros = false } = {}): void {
    this.certificates.push(newCertificate(leadingZeros));
  }

  /** The key that signs notifications. */
  get newest(): PlatformKey {
    const key = this.certificates.at(-1) ?? this.#publicKey;
    if (!key) throw new Error('a merchant without any key');
    return key;
  }

  /** Returns the private key of a serial, with which a merchant encrypted a field; undefined for an unknown serial. */
  decryptionKeyFor(serial: string): KeyObject | undefined {
    return [this.#publicKey, ...this.certificates].find((one) => one !== undefined && one.id === serial)?.key;
  }

  /**
   * Returns the key that signs the answer to a request with this `Wechatpay-Serial`; undefined for an unknown serial.
   * @see https://pay.weixin.qq.com/doc/v3/merchant/4012154180
   */
  signingKeyFor(serial: string | undefined): PlatformKey | undefined {
    if (this.#publicKey && serial === this.#publicKey.id) return this.#publicKey;
    const known = serial === undefined || this.certificates.some(({ id }) => id === serial);
    return known ? this.newest : undefined;
  }
}

/** Makes a self-signed certificate, valid in real time: receivers check it with their own clock. */
function newCertificate(leadingZeros: boolean): PlatformCertificate {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forge.pki.publicKeyFromPem(publicKey);
  const serial = newSerial(leadingZeros);
  // X.509 omits leading zero bytes of a number.
  certificate.serialNumber = serial.replace(/^00/, '');
  // X.509 times have no milliseconds.
  const effectiveAt = Math.floor(Date.now() / 1000) * 1000;
  const expiresAt = effectiveAt + lifetimeMs;
  certificate.validity.notBefore = new Date(effectiveAt);
  certificate.validity.notAfter = new Date(expiresAt);
  const name = [
    { name: 'commonName', value: 'Tenpay.com sign' },
    { name: 'organizationName', value: 'Tenpay.com' },
  ];
  certificate.setSubject(name);
  certificate.setIssuer(name);
  certificate.sign(forge.pki.privateKeyFromPem(privateKey), forge.md.sha256.create());
  return {
    id: serial.toUpperCase(),
    key: createPrivateKey(privateKey),
    pem: forge.pki.certificateToPem(certificate).replaceAll('\r\n', '\n'),
    effectiveAt,
    expiresAt,
  };
}

/** 20 bytes; the fixed bytes keep the number positive and the length constant. */
function newSerial(leadingZeros: boolean): string {
  return leadingZeros ? `005d${randomBytes(18).toString('hex')}` : `5d${randomBytes(19).toString('hex')}`;
}
