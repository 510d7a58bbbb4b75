import { cdata } from '../core/cdata.ts';
import type { Runtime } from '../core/runtime.ts';
import { REPLY_NONCE, sealMessage, signParts } from './message-cipher.ts';
import type { Opened, PushKeys } from './open-push.ts';

export type ReplyDeps = Pick<Runtime, 'randomBytes'> & { keys: Pick<PushKeys, 'token' | 'appId' | 'nowMs'> };

const RANDOM_BYTES = 16;

/**
 * Encrypts the reply to an encrypted push, with the key and in the format of the push. The reply to a plain push stays
 * unchanged.
 * @see https://developers.weixin.qq.com/doc/service/guide/dev/push/encryption.html
 * @see https://developers.weixin.qq.com/miniprogram/dev/framework/server-ability/message-push.html
 */
export function sealReply(
  content: string,
  { format, openedWith: key }: Pick<Opened<unknown>, 'format' | 'openedWith'>,
  { randomBytes, keys }: ReplyDeps,
): string {
  if (!key) return content;
  const encrypted = sealMessage(content, { key, appId: keys.appId, random: randomBytes(RANDOM_BYTES) });
  const timestampS = secondsOf(keys);
  const nonce = REPLY_NONCE + randomBytes(4).readUInt32BE();
  const signature = signParts(keys.token, String(timestampS), nonce, encrypted);
  if (format === 'json') {
    return JSON.stringify({ Encrypt: encrypted, MsgSignature: signature, TimeStamp: timestampS, Nonce: nonce });
  }
  return (
    `<xml><Encrypt>${cdata(encrypted)}</Encrypt><MsgSignature>${cdata(signature)}</MsgSignature>` +
    `<TimeStamp>${timestampS}</TimeStamp><Nonce>${cdata(nonce)}</Nonce></xml>`
  );
}

/** Returns the time of a reply in epoch seconds. */
export function secondsOf({ nowMs }: Pick<PushKeys, 'nowMs'>): number {
  return Math.floor(nowMs / 1_000);
}
