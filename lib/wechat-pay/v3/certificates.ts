import { X509Certificate } from 'node:crypto';
import * as v from 'valibot';
import { AppError, isAppError } from '../../core/errors.ts';
import { assertSigned, sendSigned, type SigningDeps } from './client.ts';
import type { PlatformKeys } from './verify-signature.ts';
import { openResource, sealedResource } from './resource.ts';

/** A platform certificate; `serial` is what `Wechatpay-Serial` says, times are epoch ms. */
export interface PlatformCertificate {
  serial: string;
  pem: string;
  expiresAtMs: number;
}

const answerSchema = v.object({
  data: v.array(v.object({ serial_no: v.string(), encrypt_certificate: sealedResource })),
});

/**
 * The platform certificates of the merchant (pay 1.5); none is the normal state of a merchant that has the public key
 * alone. That they open with our API v3 key is what authenticates them; the answer's signature is checked with them
 * then, because nobody could have known its key before.
 * @throws WECHAT_CONFIG, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT; FORBIDDEN when they do not open
 */
export async function fetchCertificates(
  deps: SigningDeps & { apiV3Keys: string[]; platformKeys: PlatformKeys },
): Promise<PlatformCertificate[]> {
  let answer;
  try {
    answer = await sendSigned(deps, { method: 'GET', path: '/v3/certificates' });
  } catch (error) {
    if (isAppError(error, 'NOT_FOUND')) return [];
    throw error;
  }
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), answerSchema), answer.body.toString('utf8'));
  if (!parsed.success) throw new AppError('WECHAT_UNAVAILABLE', 'WeChat Pay sent no list of certificates');
  const found = parsed.output.data.map(({ serial_no, encrypt_certificate }) =>
    readCertificate(serial_no, openResource(deps.apiV3Keys, encrypt_certificate)),
  );
  const listed = new Map(found.map(({ serial, certificate }) => [serial, certificate.publicKey]));
  const platformKeys: PlatformKeys = async (serial) => listed.get(serial) ?? deps.platformKeys(serial);
  await assertSigned({ ...deps, platformKeys }, answer);
  return found.map(({ serial, pem, certificate }) => ({ serial, pem, expiresAtMs: Date.parse(certificate.validTo) }));
}

function readCertificate(serial: string, pem: string) {
  const certificate = new X509Certificate(pem);
  if (certificate.serialNumber.toUpperCase() === serial.toUpperCase()) return { serial, pem, certificate };
  throw new AppError('WECHAT_UNAVAILABLE', 'A platform certificate has another serial number than the list says');
}
