import { createPublicKey, randomBytes, X509Certificate, type KeyObject } from 'node:crypto';
import { addressSetting, badSetting, settings, variable } from '../../../lib/core/config.ts';
import { isAppError } from '../../../lib/core/errors.ts';
import { loadApiV2Key, loadApiV3Keys, loadMerchant, loadPublicKey } from '../../../lib/wechat-pay/credentials.ts';
import { payCodeOf } from '../../../lib/wechat-pay/errors.ts';
import { queryTransactionV2 } from '../../../lib/wechat-pay/v2/transaction.ts';
import { fetchCertificates, type PlatformCertificate } from '../../../lib/wechat-pay/v3/certificates.ts';
import { callPay } from '../../../lib/wechat-pay/v3/client.ts';
import { explainError, CommandError } from '../command.ts';
import { runCheck, type CheckOutcome, type CheckResult } from '../check-report.ts';
import { FORMS } from '../secrets/forms.ts';
import type { Target } from '../target.ts';
import { checkComplaintAddress } from './complaints.ts';
import { OUTSIDE } from './outside.ts';

/**
 * Checks the settings of WeChat Pay. Its responses prove the keys.
 * @param fix registers the address of complaints
 */
export async function checkPay(target: Pick<Target, 'standIns'>, { fix }: { fix: boolean }): Promise<CheckResult[]> {
  const certificates = openCertificates();
  certificates.catch(() => undefined);
  return Promise.all([
    runCheck('merchant', () => `${settings('PAY_MCH_ID').PAY_MCH_ID}, new orders by API ${readApiName()}`),
    ...listNotifyUrls().map((name) => runCheck(name, () => judgeNotifyUrl(name, target))),
    ...(usesV3() ? checkV3(certificates) : [runCheck('API v3', () => NOT_USED)]),
    ...(usesV3() ? [runCheck('complaint address', async () => tryComplaints(target, { certificates, fix }))] : []),
    runCheck('PAY_API_V2_KEY', async () => (usesV2() ? tryV2() : { mark: '–', note: 'API v2 is not used' })),
  ]);
}

type NotifyUrl = 'PAY_NOTIFY_URL' | 'PAY_V2_NOTIFY_URL';

/** Returns the addresses in use: one for new orders, one for refunds, which go through API v3 for every order. */
function listNotifyUrls(): NotifyUrl[] {
  const ofOrders = settings('PAY_API').PAY_API === 'v2' ? 'PAY_V2_NOTIFY_URL' : 'PAY_NOTIFY_URL';
  return [...new Set<NotifyUrl>([ofOrders, ...(usesV3() ? ['PAY_NOTIFY_URL' as const] : [])])];
}

/**
 * Checks that the notification URL has the format that WeChat Pay requires.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791856
 */
export function judgeNotifyUrl(name: NotifyUrl, { standIns }: Pick<Target, 'standIns'>): string {
  const { [name]: url } = settings(name);
  const scheme = standIns ? /^https?:\/\// : /^https:\/\//;
  if (URL.canParse(url) && scheme.test(url) && !/[\s?#]/.test(url)) return url;
  throw badSetting(name, 'must be an https address without ? and #: WeChat Pay takes no other');
}

const NOT_USED: CheckOutcome = { mark: '–', note: 'not used; refunds need it, also those of orders by API v2' };

function checkV3(certificates: Promise<Opened>): Promise<CheckResult>[] {
  return [
    runCheck('PAY_MCH_PRIVATE_KEY', async () => {
      const { certSerial } = await loadMerchant();
      return `RSA 2048, certificate ${certSerial}`;
    }),
    runCheck('PAY_PUBLIC_KEY', async () => {
      const publicKey = await loadPublicKey();
      if (!publicKey) return { mark: '–', note: 'platform certificates in its place' };
      await FORMS.PAY_PUBLIC_KEY_ID.read(publicKey.id);
      const { privateKey } = await loadMerchant();
      if (!publicKey.key.equals(createPublicKey(privateKey))) return publicKey.id;
      throw badSetting('PAY_PUBLIC_KEY', "is the merchant's own; the one of WeChat Pay is pub_key.pem");
    }),
    runCheck('PAY_API_V3_KEY', async () => judgeKey(await loadApiV3Keys(), certificates)),
    runCheck('call of API v3', async () => tryV3((await certificates.catch(() => undefined))?.list ?? [])),
  ];
}

/**
 * Tries the key on the platform certificates. Without certificates (public key mode), only a notification proves the
 * key.
 */
async function judgeKey(keys: string[], opened: Promise<Opened>): Promise<string | CheckOutcome> {
  const before = keys.length > 1 ? '; the previous key is still stored' : '';
  try {
    const { list, by } = await opened;
    if (list.length === 0) {
      return { mark: '–', note: `32 bytes; WeChat Pay has no certificate to try it on${before}` };
    }
    if (by === 'previous') return { mark: '!', note: ONLY_PREVIOUS };
    const last = new Date(Math.max(...list.map(({ expiresAtMs }) => expiresAtMs))).toISOString().slice(0, 10);
    return `opens the platform certificates, the last of which ends ${last}${before}`;
  } catch (error) {
    if (isAppError(error, 'NOT_CONFIGURED')) throw error;
    return { mark: '!', note: `32 bytes; it could not be tried: ${explainError(error)}` };
  }
}

const ONLY_PREVIOUS =
  'only PAY_API_V3_KEY_PREVIOUS opens the platform certificates: set the new key in the merchant platform, or put the key that is set there';

/** The platform certificates, and the key that decrypts them. */
interface Opened {
  list: PlatformCertificate[];
  by: 'current' | 'previous';
}

/** Tries the current key alone first: the functions accept either key, which would hide a wrong current one. */
async function openCertificates(): Promise<Opened> {
  const [current, previous] = (await loadApiV3Keys()) as [string, string?];
  try {
    return { list: await readCertificates(current), by: 'current' };
  } catch (error) {
    if (!previous || !isAppError(error, 'NOT_CONFIGURED')) throw error;
    return { list: await readCertificates(previous), by: 'previous' };
  }
}

/** Decrypts every certificate with this key. */
async function readCertificates(apiV3Key: string): Promise<PlatformCertificate[]> {
  const deps = await loadSigning();
  const platformKeys = await loadTrustedKeys([]);
  return fetchCertificates({ ...deps, apiV3Keys: [apiV3Key], platformKeys });
}

/** Calls POST /v3/security/echo. A response proves our signature; its own signature proves that we hold WeChat's key. */
async function tryV3(certificates: PlatformCertificate[]): Promise<string> {
  const deps = await loadV3(certificates);
  const message = randomBytes(8).toString('hex');
  const call = { method: 'POST' as const, path: '/v3/security/echo', body: { echo_message: message } };
  const answer = await callPay(deps, call).catch((error: unknown) => {
    const isForged = error instanceof Error && isAppError(error.cause, 'FORBIDDEN');
    if (isForged) throw badSetting('PAY_PUBLIC_KEY', 'is not the key that WeChat Pay signs with', error);
    // The request itself is right, so WeChat Pay rejects the headers, which come from the settings.
    const isRejected = isAppError(error, 'INTERNAL') || isAppError(error, 'FORBIDDEN');
    throw isRejected
      ? new CommandError(`WeChat Pay rejects the call (${payCodeOf(error)}). Check ${IN_HEADERS}`, { cause: error })
      : error;
  });
  if (!answer.includes(message)) throw new CommandError('WeChat Pay does not return the message of the echo call');
  return `WeChat Pay accepts our signature, and signs with ${deps.platformKeyId}`;
}

async function tryComplaints(
  target: Pick<Target, 'standIns'>,
  { certificates, fix }: { certificates: Promise<Opened>; fix: boolean },
): Promise<string | CheckOutcome> {
  const url = judgeNotifyUrl('PAY_NOTIFY_URL', target);
  return checkComplaintAddress(await loadV3((await certificates.catch(() => undefined))?.list ?? []), { url, fix });
}

/** Loads the dependencies of a call, whose response WeChat Pay signs with the public key or the newest certificate. */
async function loadV3(certificates: PlatformCertificate[]) {
  const deps = await loadSigning();
  const newest = certificates.toSorted((a, b) => b.expiresAtMs - a.expiresAtMs)[0];
  const platformKeyId = deps.platformKeyId ?? newest?.serial;
  if (!platformKeyId)
    throw new CommandError('WeChat Pay has no platform certificate for this merchant: set PAY_PUBLIC_KEY');
  return { ...deps, platformKeyId, platformKeys: await loadTrustedKeys(certificates) };
}

const IN_HEADERS = 'PAY_MCH_ID, PAY_MCH_CERT_SERIAL with PAY_MCH_PRIVATE_KEY, and PAY_PUBLIC_KEY_ID';

/** Queries an order that does not exist. NOT_FOUND proves that WeChat Pay accepts our signature. */
async function tryV2(): Promise<string> {
  const appId = variable('MINIAPP_APP_ID') ?? settings('OFFICIAL_APP_ID').OFFICIAL_APP_ID;
  const { PAY_MCH_ID: mchId } = settings('PAY_MCH_ID');
  const deps = { ...OUTSIDE, payBaseUrl: addressSetting('WECHAT_PAY_BASE_URL'), mchId, apiV2Key: await loadApiV2Key() };
  try {
    await queryTransactionV2(deps, { appId, outTradeNo: `doctor${randomBytes(8).toString('hex')}` });
  } catch (error) {
    if (!isAppError(error, 'NOT_FOUND')) throw error;
  }
  return 'WeChat Pay accepts our signature';
}

async function loadSigning() {
  const [merchant, publicKey] = [await loadMerchant(), await loadPublicKey()];
  return { ...OUTSIDE, merchant, platformKeyId: publicKey?.id, payBaseUrl: addressSetting('WECHAT_PAY_BASE_URL') };
}

/** Returns a lookup of WeChat's keys by serial, as the functions use it. */
async function loadTrustedKeys(certificates: PlatformCertificate[]) {
  const publicKey = await loadPublicKey();
  const keys = new Map<string, KeyObject>(
    certificates.map(({ serial, pem }) => [serial, new X509Certificate(pem).publicKey]),
  );
  if (publicKey) keys.set(publicKey.id, publicKey.key);
  return async (serial: string) => keys.get(serial);
}

function readApiName(): string {
  const { PAY_API: name } = settings('PAY_API');
  if (name === 'v3' || name === 'v2') return name;
  throw badSetting('PAY_API', 'must be v3 or v2');
}

function usesV3(): boolean {
  return settings('PAY_API').PAY_API !== 'v2' || Boolean(variable('PAY_API_V3_KEY') ?? variable('PAY_MCH_PRIVATE_KEY'));
}

function usesV2(): boolean {
  return settings('PAY_API').PAY_API === 'v2' || Boolean(variable('PAY_API_V2_KEY'));
}
