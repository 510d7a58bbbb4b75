// The mini-program in one of the modes of its push: requests to the webhook, and the opened answers.
import * as wecom from '@wecom/crypto';
import {
  functionUrlEvent,
  PREVIOUS_KEY,
  pushRequest,
  pushText,
  sha1,
  type Fields,
  type Format,
} from './miniapp-push.ts';
import type { Mode } from './official-world.ts';
import { createWebhookWorld } from './webhooks.ts';
import { ids } from './world.ts';

export type MiniappWorld = Awaited<ReturnType<typeof createMiniappWorld>>;

/** Creates a world whose function uses the given mode. `settings` replace other settings. */
export async function createMiniappWorld(mode: Mode, settings: Record<string, string> = {}) {
  const world = await createWebhookWorld('miniapp-events', {
    MINIAPP_MODE: mode,
    ...(mode === 'plain' ? { MINIAPP_AES_KEY: '' } : { MINIAPP_AES_KEY_PREVIOUS: PREVIOUS_KEY }),
    ...settings,
  });
  const request = (fields: Fields, format: Format = 'json') =>
    functionUrlEvent(pushRequest(pushText(format, fields), { mode, format }));
  return {
    ...world,
    request,
    push: (fields: Fields, format?: Format) => world.send(request(fields, format)),
    /** Counts the pushes that reached push-arrived.ts, by type. */
    passedOn: (type: string) =>
      world.output.filter((line) => line.includes('mini-program.push-received') && line.includes(`"type":"${type}"`))
        .length,
  };
}

/** Returns the content of an answer, as WeChat decrypts it with a key. */
export function openAnswer(body: string, format: Format, key: string = ids.miniapp.aesKey): string {
  const read = (name: string) =>
    format === 'json'
      ? String((JSON.parse(body) as Record<string, string | number>)[name])
      : (new RegExp(`<${name}>(?:<!\\[CDATA\\[)?([^\\]<]+)`).exec(body)?.[1] ?? '');
  const encrypted = read('Encrypt');
  const { token, appId } = ids.miniapp;
  const signature = sha1(token, read('TimeStamp'), read('Nonce'), encrypted);
  const { message, id } = wecom.decrypt(key, encrypted);
  if (signature !== read('MsgSignature') || id !== appId) throw new Error('the answer is not signed for the app');
  return message;
}
