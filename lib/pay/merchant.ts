import { createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { badSetting, settings, type SettingName } from '../config.ts';
import type { PlatformKeys } from './v3/open-signed.ts';
import type { Merchant } from './v3/signature.ts';

/** What signs our requests. @throws NOT_CONFIGURED */
export async function loadMerchant(): Promise<Merchant> {
  const found = await settings('PAY_MCH_ID', 'PAY_MCH_CERT_SERIAL', 'PAY_MCH_PRIVATE_KEY');
  return {
    mchId: found.PAY_MCH_ID,
    certSerial: found.PAY_MCH_CERT_SERIAL,
    privateKey: readKey('PAY_MCH_PRIVATE_KEY', found.PAY_MCH_PRIVATE_KEY, createPrivateKey),
  };
}

/** What checks WeChat's signatures. @throws NOT_CONFIGURED */
export async function loadPlatformKeys(): Promise<{ platformKeys: PlatformKeys; platformKeyId: string }> {
  const { PAY_PUBLIC_KEY_ID: platformKeyId, PAY_PUBLIC_KEY: pem } = await settings(
    'PAY_PUBLIC_KEY_ID',
    'PAY_PUBLIC_KEY',
  );
  return { platformKeyId, platformKeys: new Map([[platformKeyId, readKey('PAY_PUBLIC_KEY', pem, createPublicKey)]]) };
}

/** What decrypts notifications: 32 bytes of text, never hex (pay 0). @throws NOT_CONFIGURED */
export async function loadApiV3Key(): Promise<string> {
  const { PAY_API_V3_KEY: apiV3Key } = await settings('PAY_API_V3_KEY');
  if (Buffer.byteLength(apiV3Key) === 32) return apiV3Key;
  throw badSetting('PAY_API_V3_KEY', 'must be exactly 32 bytes');
}

function readKey(name: SettingName, pem: string, create: (pem: string) => KeyObject): KeyObject {
  try {
    return create(pem);
  } catch (cause) {
    throw badSetting(name, 'is not a key in PEM form', cause);
  }
}
