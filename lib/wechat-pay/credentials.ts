import type { KeyObject } from 'node:crypto';
import { settings, variable } from '../core/config.ts';
import { optionalSecret, secrets } from '../secrets/secrets.ts';
import { bareText, readApiKey, readCertSerial, readMerchantKey, readPlatformKey } from './key-text.ts';
import type { OwnMerchant } from './notice.ts';
import type { Merchant } from './v3/signature.ts';

/** Returns the merchant, and the applications that are set up. @throws NOT_CONFIGURED without PAY_MCH_ID */
export function loadOwnMerchant(): OwnMerchant {
  const { PAY_MCH_ID: mchId } = settings('PAY_MCH_ID');
  const appIds = (['MINIAPP_APP_ID', 'OFFICIAL_APP_ID'] as const).map(variable).filter((appId) => appId !== undefined);
  return { mchId, appIds };
}

/** Loads the id and the signing key of the merchant, and the serial of its certificate. @throws NOT_CONFIGURED */
export async function loadMerchant(): Promise<Merchant> {
  const { PAY_MCH_ID: mchId } = settings('PAY_MCH_ID');
  const signing = await secrets('PAY_MCH_CERT_SERIAL', 'PAY_MCH_PRIVATE_KEY');
  return {
    mchId,
    certSerial: readCertSerial(signing.PAY_MCH_CERT_SERIAL),
    privateKey: readMerchantKey(signing.PAY_MCH_PRIVATE_KEY),
  };
}

/**
 * Loads the WeChat Pay public key. Returns undefined for a merchant that has only platform certificates.
 * @throws NOT_CONFIGURED when only one of the id and the key is set, or the key is malformed
 */
export async function loadPublicKey(): Promise<{ id: string; key: KeyObject } | undefined> {
  const configured = await Promise.all((['PAY_PUBLIC_KEY_ID', 'PAY_PUBLIC_KEY'] as const).map(optionalSecret));
  if (!configured.some(Boolean)) return undefined;
  const { PAY_PUBLIC_KEY_ID: id, PAY_PUBLIC_KEY: pem } = await secrets('PAY_PUBLIC_KEY_ID', 'PAY_PUBLIC_KEY');
  return { id: bareText(id), key: readPlatformKey(pem) };
}

/**
 * Loads the keys that decrypt notifications and certificates: the current key, then the previous key if set.
 * @throws NOT_CONFIGURED when the current key is missing, or a key is not 32 bytes long
 */
export async function loadApiV3Keys(): Promise<string[]> {
  const [{ PAY_API_V3_KEY: current }, previous] = await Promise.all([
    secrets('PAY_API_V3_KEY'),
    optionalSecret('PAY_API_V3_KEY_PREVIOUS'),
  ]);
  const key = readApiKey('PAY_API_V3_KEY', current);
  return previous === undefined ? [key] : [key, readApiKey('PAY_API_V3_KEY_PREVIOUS', previous)];
}

/** Loads the key that signs and verifies messages of API v2. @throws NOT_CONFIGURED */
export async function loadApiV2Key(): Promise<string> {
  const { PAY_API_V2_KEY: key } = await secrets('PAY_API_V2_KEY');
  return readApiKey('PAY_API_V2_KEY', key);
}
