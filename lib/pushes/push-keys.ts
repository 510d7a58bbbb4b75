import { badSetting, settings, type SettingName } from '../core/config.ts';
import { optionalSecret, secrets } from '../secrets/secrets.ts';
import { readMessageKey, type MessageKey } from '../wechat/message-cipher.ts';
import type { PushKeys, PushProtocol } from '../wechat/open-push.ts';

/** The prefix of the names of an app's settings. */
type App = PushProtocol<unknown>['settings'];

/**
 * Loads the keys that open the pushes of an app, for the mode that is set in the console of WeChat. Only a mode with
 * encrypted messages needs AES keys.
 * @throws NOT_CONFIGURED
 * @see https://developers.weixin.qq.com/doc/service/guide/dev/push/
 */
export async function loadPushKeys(app: App): Promise<Omit<PushKeys, 'nowMs'>> {
  const { [`${app}_APP_ID` as const]: appId, [`${app}_MODE` as const]: mode } = settings(
    `${app}_APP_ID`,
    `${app}_MODE`,
  );
  if (mode !== 'plain' && mode !== 'compatible' && mode !== 'secure') {
    throw badSetting(`${app}_MODE`, 'must be plain, compatible or secure');
  }
  const [{ [`${app}_TOKEN` as const]: token }, aesKeys] = await Promise.all([
    secrets(`${app}_TOKEN`),
    mode === 'plain' ? [] : loadAesKeys(app),
  ]);
  return { mode, appId, token, aesKeys };
}

async function loadAesKeys(app: App): Promise<MessageKey[]> {
  const [currentName, previousName] = [`${app}_AES_KEY`, `${app}_AES_KEY_PREVIOUS`] as const;
  const [{ [currentName]: current }, previous] = await Promise.all([
    secrets(currentName),
    optionalSecret(previousName),
  ]);
  return [readKey(currentName, current), ...(previous ? [readKey(previousName, previous)] : [])];
}

function readKey(name: SettingName, value: string): MessageKey {
  const key = readMessageKey(value);
  if (!key) throw badSetting(name, 'must be the EncodingAESKey of the console: 43 letters and digits');
  return key;
}
