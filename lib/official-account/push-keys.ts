import { badSetting, settings, type SettingName } from '../config.ts';
import { readMessageKey, type MessageKey } from '../wechat/message-cipher.ts';
import type { PushKeys } from '../wechat/official-push.ts';

/**
 * What pushes are opened with, in the mode that the console is set to (platform 3.1). A key is needed only where
 * messages are encrypted.
 * @throws NOT_CONFIGURED
 */
export async function loadPushKeys(): Promise<Omit<PushKeys, 'nowMs'>> {
  const found = await settings('OFFICIAL_APP_ID', 'OFFICIAL_TOKEN', 'OFFICIAL_MODE');
  const { OFFICIAL_APP_ID: appId, OFFICIAL_TOKEN: token, OFFICIAL_MODE: mode } = found;
  if (mode !== 'plain' && mode !== 'compatible' && mode !== 'secure') {
    throw badSetting('OFFICIAL_MODE', 'must be plain, compatible or secure');
  }
  return { mode, appId, token, aesKeys: mode === 'plain' ? [] : await loadAesKeys() };
}

async function loadAesKeys(): Promise<MessageKey[]> {
  const found = await settings('OFFICIAL_AES_KEY', 'OFFICIAL_AES_KEY_PREVIOUS');
  const previous = found.OFFICIAL_AES_KEY_PREVIOUS;
  return [
    readKey('OFFICIAL_AES_KEY', found.OFFICIAL_AES_KEY),
    ...(previous ? [readKey('OFFICIAL_AES_KEY_PREVIOUS', previous)] : []),
  ];
}

function readKey(name: SettingName, value: string): MessageKey {
  const key = readMessageKey(value);
  if (!key) throw badSetting(name, 'must be the EncodingAESKey of the console: 43 letters and digits');
  return key;
}
