import { X509Certificate } from 'node:crypto';
import * as v from 'valibot';
import { AppError, isAppError } from '../../core/errors.ts';
import { assertSigned, sendSigned, type SigningDeps } from './client.ts';
import { sendToEitherHost } from '../retry.ts';
import type { PlatformKeys } from './verify-signature.ts';
import { openResource, sealedResource } from './resource.ts';

/** A platform certificate. `serial` is the value of `Wechatpay-Serial`. Times are epoch ms. */
export interface PlatformCertificate {
  serial: string;
  pem: string;
  expiresAtMs: number;
}

const answerSchema = v.object({
  data: v.array(v.object({ serial_no: v.string(), encrypt_certificate: sealedResource })),
});

/**
 * Fetches the platform certificates of the merchant. Returns an empty list for a merchant that has only the public key.
 * Decryption with our API v3 key authenticates the certificates. The signature of the response is verified afterwards,
 * because the list itself can contain the signing certificate.
 * @throws FORBIDDEN when no API v3 key decrypts the certificates
 * @throws WECHAT_UNAVAILABLE when the response is not a valid, signed list; the errors of sendSigned except NOT_FOUND
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012551764
 */
export async function fetchCertificates(
  deps: SigningDeps & { apiV3Keys: string[]; platformKeys: PlatformKeys },
): Promise<PlatformCertificate[]> {
  let answer;
  try {
    answer = await sendToEitherHost(deps.payBaseUrl, (payBaseUrl) =>
      sendSigned({ ...deps, payBaseUrl }, { method: 'GET', path: '/v3/certificates' }),
    );
  } catch (error) {
    if (isAppError(error, 'NOT_FOUND')) return [];
    throw error;
  }
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), answerSchema), answer.body.toString('utf8'));
  if (!parsed.success) throw new AppError('WECHAT_UNAVAILABLE', 'WeChat Pay returned no valid list of certificates');
  const certificates = parsed.output.data.map(({ serial_no, encrypt_certificate }) =>
    readCertificate(serial_no, openResource(deps.apiV3Keys, encrypt_certificate)),
  );
  const listedKeys = new Map(certificates.map(({ serial, certificate }) => [serial, certificate.publicKey]));
  const platformKeys: PlatformKeys = async (serial) => listedKeys.get(serial) ?? deps.platformKeys(serial);
  await assertSigned({ ...deps, platformKeys }, answer);
  return certificates.map(({ serial, pem, certificate }) => ({
    serial,
    pem,
    expiresAtMs: Date.parse(certificate.validTo),
  }));
}

function readCertificate(serial: string, pem: string) {
  const certificate = new X509Certificate(pem);
  if (certificate.serialNumber.toUpperCase() === serial.toUpperCase()) return { serial, pem, certificate };
  throw new AppError(
    'WECHAT_UNAVAILABLE',
    'A platform certificate has another serial number than its entry in the list',
  );
}
