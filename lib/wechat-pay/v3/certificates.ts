import { X509Certificate } from 'node:crypto';
import * as v from 'valibot';
import { AppError, isAppError } from '../../core/errors.ts';
import type { Runtime } from '../../core/runtime.ts';
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

type CertificateDeps = SigningDeps & Pick<Runtime, 'log'> & { apiV3Keys: string[]; platformKeys: PlatformKeys };

const answerSchema = v.object({
  data: v.array(v.object({ serial_no: v.string(), encrypt_certificate: sealedResource })),
});

/**
 * Fetches the platform certificates of the merchant. Returns an empty list for a merchant that has only the public key.
 * Decryption with our API v3 key authenticates the certificates. The signature of the response is verified afterwards,
 * because the list itself can contain the signing certificate. An entry that cannot be read is left out, so that one
 * damaged certificate does not disable the others.
 * @throws NOT_CONFIGURED when no API v3 key decrypts any certificate
 * @throws WECHAT_UNAVAILABLE when the response is not a valid, signed list; the errors of sendSigned except NOT_FOUND
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012551764
 */
export async function fetchCertificates(deps: CertificateDeps): Promise<PlatformCertificate[]> {
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
  const certificates = readCertificates(deps, parsed.output.data);
  const listedKeys = new Map(certificates.map(({ serial, certificate }) => [serial, certificate.publicKey]));
  const platformKeys: PlatformKeys = async (serial) => listedKeys.get(serial) ?? deps.platformKeys(serial);
  await assertSigned({ ...deps, platformKeys }, answer);
  return certificates.map(({ serial, pem, certificate }) => ({
    serial,
    pem,
    expiresAtMs: Date.parse(certificate.validTo),
  }));
}

/** Reads the entries of the list. @throws the error of the last entry when no entry can be read */
function readCertificates({ apiV3Keys, log }: CertificateDeps, list: v.InferOutput<typeof answerSchema>['data']) {
  let failure: unknown;
  const certificates = list.flatMap(({ serial_no: serial, encrypt_certificate: sealed }) => {
    try {
      return [readCertificate(serial, openResource(apiV3Keys, sealed))];
    } catch (error) {
      failure = error;
      log.warn('certificate.unreadable', { serial, error });
      return [];
    }
  });
  if (certificates.length === 0 && failure !== undefined) throw failure;
  return certificates;
}

/** `serial` stays as WeChat Pay writes it, because `Wechatpay-Serial` has the same text. */
function readCertificate(serial: string, pem: string) {
  const certificate = parseCertificate(pem);
  if (certificate && isSameSerial(certificate.serialNumber, serial)) return { serial, pem, certificate };
  throw new AppError(
    'WECHAT_UNAVAILABLE',
    'A platform certificate is damaged, or has another serial number than its entry in the list',
  );
}

function parseCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

/** Compares two serial numbers in hex as numbers: Node omits leading zero bytes, which WeChat Pay writes. */
function isSameSerial(one: string, other: string): boolean {
  const digits = (serial: string) => serial.toUpperCase().replace(/^0+/, '');
  return digits(one) === digits(other);
}
