import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { badSetting, settings, type SettingName } from '../core/config.ts';
import { optionalSecret, secrets } from '../secrets/secrets.ts';
import type { Merchant } from './v3/signature.ts';

/** Loads the id and the signing key of the merchant, and the serial of its certificate. @throws NOT_CONFIGURED */
export async function loadMerchant(): Promise<Merchant> {
  const { PAY_MCH_ID: mchId } = settings('PAY_MCH_ID');
  const signing = await secrets('PAY_MCH_CERT_SERIAL', 'PAY_MCH_PRIVATE_KEY');
  return {
    mchId,
    certSerial: signing.PAY_MCH_CERT_SERIAL,
    privateKey: readKey('PAY_MCH_PRIVATE_KEY', signing.PAY_MCH_PRIVATE_KEY, createPrivateKey),
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
  return { id, key: readKey('PAY_PUBLIC_KEY', pem, createPublicKey) };
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
  assertKeyLength('PAY_API_V3_KEY', current);
  if (previous === undefined) return [current];
  assertKeyLength('PAY_API_V3_KEY_PREVIOUS', previous);
  return [current, previous];
}

/** Loads the key that signs and verifies messages of API v2. @throws NOT_CONFIGURED */
export async function loadApiV2Key(): Promise<string> {
  const { PAY_API_V2_KEY: key } = await secrets('PAY_API_V2_KEY');
  assertKeyLength('PAY_API_V2_KEY', key);
  return key;
}

/**
 * Asserts that a key is 32 bytes of text. WeChat Pay uses the text itself as the key and never decodes hex.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012072195
 */
function assertKeyLength(name: SettingName, key: string): void {
  const length = Buffer.byteLength(key);
  if (length !== 32) throw badSetting(name, `must be exactly 32 bytes; got ${length}`);
}

function readKey(name: SettingName, pem: string, create: (pem: string) => KeyObject): KeyObject {
  try {
    return create(pem);
  } catch (cause) {
    throw badSetting(name, 'must be a key in PEM format', cause);
  }
}
