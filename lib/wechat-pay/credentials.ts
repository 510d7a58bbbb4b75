import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { badSetting, settings, type SettingName } from '../core/config.ts';
import { optionalSecret, secrets } from '../secrets/secrets.ts';
import type { Merchant } from './v3/signature.ts';

/** Loads the merchant's signing key with its certificate serial. @throws NOT_CONFIGURED */
export async function loadMerchant(): Promise<Merchant> {
  const { PAY_MCH_ID: mchId } = settings('PAY_MCH_ID');
  const found = await secrets('PAY_MCH_CERT_SERIAL', 'PAY_MCH_PRIVATE_KEY');
  return {
    mchId,
    certSerial: found.PAY_MCH_CERT_SERIAL,
    privateKey: readKey('PAY_MCH_PRIVATE_KEY', found.PAY_MCH_PRIVATE_KEY, createPrivateKey),
  };
}

/** Loads the WeChat Pay public key, or undefined for a merchant with platform certificates only. @throws NOT_CONFIGURED */
export async function loadPublicKey(): Promise<{ id: string; key: KeyObject } | undefined> {
  const either = await Promise.all((['PAY_PUBLIC_KEY_ID', 'PAY_PUBLIC_KEY'] as const).map(optionalSecret));
  if (!either.some(Boolean)) return undefined;
  const { PAY_PUBLIC_KEY_ID: id, PAY_PUBLIC_KEY: pem } = await secrets('PAY_PUBLIC_KEY_ID', 'PAY_PUBLIC_KEY');
  return { id, key: readKey('PAY_PUBLIC_KEY', pem, createPublicKey) };
}

/** Loads the keys that decrypt notifications and certificates: the current key, then the previous one if set. @throws NOT_CONFIGURED */
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

/** Loads the key that signs and checks messages of API v2. @throws NOT_CONFIGURED */
export async function loadApiV2Key(): Promise<string> {
  const { PAY_API_V2_KEY: key } = await secrets('PAY_API_V2_KEY');
  assertKeyLength('PAY_API_V2_KEY', key);
  return key;
}

/** 32 bytes of text, never hex (pay 0). */
function assertKeyLength(name: SettingName, key: string): void {
  if (Buffer.byteLength(key) !== 32) throw badSetting(name, 'must be exactly 32 bytes');
}

function readKey(name: SettingName, pem: string, create: (pem: string) => KeyObject): KeyObject {
  try {
    return create(pem);
  } catch (cause) {
    throw badSetting(name, 'is not a key in PEM form', cause);
  }
}
