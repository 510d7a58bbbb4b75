import { badSetting, settings, type SettingName } from '../core/config.ts';
import { optionalSecret, secrets } from '../secrets/secrets.ts';
import { readMessageKey, type MessageKey } from '../wechat/message-cipher.ts';
import type { PushKeys } from '../wechat/open-push.ts';

/**
 * Loads the keys that open pushes, for the mode that is set in the console of WeChat. Only a mode with encrypted
 * messages needs AES keys.
 * @throws NOT_CONFIGURED
 * @see https://developers.weixin.qq.com/doc/service/guide/dev/push/
 */
export async function loadPushKeys(): Promise<Omit<PushKeys, 'nowMs'>> {
  const { OFFICIAL_APP_ID: appId, OFFICIAL_MODE: mode } = settings('OFFICIAL_APP_ID', 'OFFICIAL_MODE');
  if (mode !== 'plain' && mode !== 'compatible' && mode !== 'secure') {
    throw badSetting('OFFICIAL_MODE', 'must be plain, compatible or secure');
  }
  const [{ OFFICIAL_TOKEN: token }, aesKeys] = await Promise.all([
    secrets('OFFICIAL_TOKEN'),
    mode === 'plain' ? [] : loadAesKeys(),
  ]);
  return { mode, appId, token, aesKeys };
}

async function loadAesKeys(): Promise<MessageKey[]> {
  const [{ OFFICIAL_AES_KEY: current }, previous] = await Promise.all([
    secrets('OFFICIAL_AES_KEY'),
    optionalSecret('OFFICIAL_AES_KEY_PREVIOUS'),
  ]);
  return [readKey('OFFICIAL_AES_KEY', current), ...(previous ? [readKey('OFFICIAL_AES_KEY_PREVIOUS', previous)] : [])];
}

function readKey(name: SettingName, value: string): MessageKey {
  const key = readMessageKey(value);
  if (!key) throw badSetting(name, 'must be the EncodingAESKey of the console: 43 letters and digits');
  return key;
}
