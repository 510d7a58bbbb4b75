import { createPublicKey, randomBytes, X509Certificate, type KeyObject } from 'node:crypto';
import { addressSetting, badSetting, settings, variable } from '../../../lib/core/config.ts';
import { isAppError } from '../../../lib/core/errors.ts';
import { createSend } from '../../../lib/core/outbound.ts';
import { loadApiV2Key, loadApiV3Keys, loadMerchant, loadPublicKey } from '../../../lib/wechat-pay/credentials.ts';
import { payCodeOf } from '../../../lib/wechat-pay/errors.ts';
import { queryTransactionV2 } from '../../../lib/wechat-pay/v2/transaction.ts';
import { fetchCertificates, type PlatformCertificate } from '../../../lib/wechat-pay/v3/certificates.ts';
import { callPay } from '../../../lib/wechat-pay/v3/client.ts';
import { runtime } from '../../../lib/core/runtime.ts';
import { explain, Refusal } from '../refusal.ts';
import { row, type Finding, type Row } from '../rows.ts';
import { FORMS } from '../secrets/forms.ts';
import type { Target } from '../target.ts';

const QUIET = { info: () => undefined, warn: () => undefined, error: () => undefined };
const OUTSIDE = { ...runtime, log: QUIET, send: createSend(runtime) };

/** WeChat Pay: its own answers say whether the keys are right. */
export async function checkPay(target: Pick<Target, 'standIns'>): Promise<Row[]> {
  const certificates = openCertificates();
  certificates.catch(() => undefined);
  return Promise.all([
    row('merchant', () => `${settings('PAY_MCH_ID').PAY_MCH_ID}, new orders by API ${apiName()}`),
    ...notifyUrls().map((name) => row(name, () => judgeNotifyUrl(name, target))),
    ...(usesV3() ? v3Rows(certificates) : [row('API v3', () => NOT_USED)]),
    row('PAY_API_V2_KEY', async () => (usesV2() ? tryV2() : { mark: '–', note: 'API v2 is not used' })),
  ]);
}

type NotifyUrl = 'PAY_NOTIFY_URL' | 'PAY_V2_NOTIFY_URL';

/** Those in use: of new orders, and of refunds, which are asked for by API v3 whatever the order was made by. */
function notifyUrls(): NotifyUrl[] {
  const ofOrders = settings('PAY_API').PAY_API === 'v2' ? 'PAY_V2_NOTIFY_URL' : 'PAY_NOTIFY_URL';
  return [...new Set<NotifyUrl>([ofOrders, ...(usesV3() ? ['PAY_NOTIFY_URL' as const] : [])])];
}

/** As WeChat Pay wants it (pay 2.1). */
export function judgeNotifyUrl(name: NotifyUrl, { standIns }: Pick<Target, 'standIns'>): string {
  const { [name]: url } = settings(name);
  const scheme = standIns ? /^https?:\/\// : /^https:\/\//;
  if (URL.canParse(url) && scheme.test(url) && !/[\s?#]/.test(url)) return url;
  throw badSetting(name, 'must be an https address without ? and #: WeChat Pay takes no other');
}

const NOT_USED: Finding = { mark: '–', note: 'not used; refunds need it, also those of orders by API v2' };

function v3Rows(certificates: Promise<Opened>): Promise<Row>[] {
  return [
    row('PAY_MCH_PRIVATE_KEY', async () => {
      const { privateKey, certSerial } = await loadMerchant();
      const { modulusLength } = privateKey.asymmetricKeyDetails ?? {};
      if (modulusLength === 2_048) return `RSA 2048, certificate ${certSerial}`;
      throw badSetting('PAY_MCH_PRIVATE_KEY', 'must be an RSA key of 2048 bits');
    }),
    row('PAY_PUBLIC_KEY', async () => {
      const publicKey = await loadPublicKey();
      if (!publicKey) return { mark: '–', note: 'platform certificates in its place' };
      await FORMS.PAY_PUBLIC_KEY_ID.read(publicKey.id);
      const { privateKey } = await loadMerchant();
      if (!publicKey.key.equals(createPublicKey(privateKey))) return publicKey.id;
      throw badSetting('PAY_PUBLIC_KEY', "is the merchant's own; the one of WeChat Pay is pub_key.pem");
    }),
    row('PAY_API_V3_KEY', async () => judgeKey(await loadApiV3Keys(), certificates)),
    row('call of API v3', async () => tryV3((await certificates.catch(() => undefined))?.list ?? [])),
  ];
}

/** In public key mode there may be no certificate, and then only a notification will show whether the key is right. */
async function judgeKey(keys: string[], opened: Promise<Opened>): Promise<string | Finding> {
  const before = keys.length > 1 ? '; the key before is still there' : '';
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
    return { mark: '!', note: `32 bytes; it could not be tried: ${explain(error)}` };
  }
}

const ONLY_PREVIOUS =
  'only PAY_API_V3_KEY_PREVIOUS opens the platform certificates: set the new key in the merchant platform, or put the one that is set there';

/** The platform certificates, and the key that opens them. */
interface Opened {
  list: PlatformCertificate[];
  by: 'current' | 'previous';
}

/** The key of now is tried alone: the functions open with either, and would not show that only the one before is right. */
async function openCertificates(): Promise<Opened> {
  const [current, previous] = (await loadApiV3Keys()) as [string, string?];
  try {
    return { list: await readCertificates(current), by: 'current' };
  } catch (error) {
    if (!previous || !isAppError(error, 'NOT_CONFIGURED')) throw error;
    return { list: await readCertificates(previous), by: 'previous' };
  }
}

/** Every certificate has to open with this key. */
async function readCertificates(apiV3Key: string): Promise<PlatformCertificate[]> {
  const deps = await signing();
  const platformKeys = await trusted([]);
  return fetchCertificates({ ...deps, apiV3Keys: [apiV3Key], platformKeys }).catch((error: unknown) => {
    throw isAppError(error, 'FORBIDDEN')
      ? badSetting('PAY_API_V3_KEY', 'does not open the platform certificates', error)
      : error;
  });
}

/** POST /v3/security/echo: an answer says that WeChat Pay takes our signature, its own that we hold its key. */
async function tryV3(certificates: PlatformCertificate[]): Promise<string> {
  const deps = await signing();
  const newest = certificates.toSorted((a, b) => b.expiresAtMs - a.expiresAtMs)[0];
  const platformKeyId = deps.platformKeyId ?? newest?.serial;
  if (!platformKeyId) throw new Refusal('WeChat Pay has no platform certificate for this merchant: set PAY_PUBLIC_KEY');
  const message = randomBytes(8).toString('hex');
  const answer = await callPay(
    { ...deps, platformKeyId, platformKeys: await trusted(certificates) },
    { method: 'POST', path: '/v3/security/echo', body: { echo_message: message } },
  ).catch((error: unknown) => {
    const isForged = error instanceof Error && isAppError(error.cause, 'FORBIDDEN');
    if (isForged) throw badSetting('PAY_PUBLIC_KEY', 'is not what WeChat Pay signs with', error);
    // Nothing is wrong with the request itself: it is what the settings put into its headers that WeChat Pay does not take.
    const isRefused = isAppError(error, 'INTERNAL') || isAppError(error, 'FORBIDDEN');
    throw isRefused ? new Refusal(`${error.message} (${payCodeOf(error)}): look at ${IN_HEADERS}`) : error;
  });
  if (!answer.includes(message)) throw new Refusal('WeChat Pay does not echo what it was sent');
  return `WeChat Pay takes our signature, and its own is of ${platformKeyId}`;
}

const IN_HEADERS = 'PAY_MCH_ID, PAY_MCH_CERT_SERIAL with PAY_MCH_PRIVATE_KEY, and PAY_PUBLIC_KEY_ID';

/** Asks for an order that nobody made: that WeChat Pay does not know it says that it takes our signature. */
async function tryV2(): Promise<string> {
  const appId = variable('MINIAPP_APP_ID') ?? settings('OFFICIAL_APP_ID').OFFICIAL_APP_ID;
  const { PAY_MCH_ID: mchId } = settings('PAY_MCH_ID');
  const deps = { ...OUTSIDE, payBaseUrl: addressSetting('WECHAT_PAY_BASE_URL'), mchId, apiV2Key: await loadApiV2Key() };
  try {
    await queryTransactionV2(deps, { appId, outTradeNo: `doctor${randomBytes(8).toString('hex')}` });
  } catch (error) {
    if (!isAppError(error, 'NOT_FOUND')) throw error;
  }
  return 'WeChat Pay takes our signature';
}

async function signing() {
  const [merchant, publicKey] = [await loadMerchant(), await loadPublicKey()];
  return { ...OUTSIDE, merchant, platformKeyId: publicKey?.id, payBaseUrl: addressSetting('WECHAT_PAY_BASE_URL') };
}

/** WeChat's keys by their serial, as the functions know them. */
async function trusted(certificates: PlatformCertificate[]) {
  const publicKey = await loadPublicKey();
  const keys = new Map<string, KeyObject>(
    certificates.map(({ serial, pem }) => [serial, new X509Certificate(pem).publicKey]),
  );
  if (publicKey) keys.set(publicKey.id, publicKey.key);
  return async (serial: string) => keys.get(serial);
}

function apiName(): string {
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
