import { realSeconds } from '../clock.ts';
import { alphanumeric } from '../random.ts';
import type { PushFormat } from '../settings.ts';
import { toXml } from '../xml.ts';
import { decryptMessage, encryptMessage, signatureOf } from './cipher.ts';
import type { Sealing } from './console.ts';
import { readDocument, textOf, toJson } from './document.ts';
import type { Elements } from './document.ts';

/**
 * Builds query and body of one delivery for the mode; signature and ciphertext are new each time.
 * @param text the document, in the format of `sealing`
 * @see https://developers.weixin.qq.com/doc/service/guide/dev/push/encryption.html
 */
export function sealPush(
  sealing: Sealing,
  { text, openId, originalId }: { text: string; openId: string; originalId: string },
) {
  const { appId, mode, format, token, aesKey } = sealing;
  const timestamp = String(realSeconds());
  const nonce = alphanumeric(10);
  const query = { signature: signatureOf(token, timestamp, nonce), timestamp, nonce, openid: openId };
  if (mode === 'plain') return { query, body: text };
  const encrypted = encryptMessage(aesKey, { message: text, appId });
  const signature = signatureOf(token, timestamp, nonce, encrypted);
  return {
    query: { ...query, encrypt_type: 'aes', msg_signature: signature },
    body: mode === 'secure' ? envelope(format, originalId, encrypted) : withEncrypt(format, text, encrypted),
  };
}

/** Returns the plain elements of an answer. @throws Error if signature or encryption do not match the mode */
export function openAnswer(sealing: Sealing, body: string): Elements {
  return readDocument(sealing.format, openText(sealing, body));
}

/** Returns the plain document of an answer. @throws Error if signature or encryption do not match the mode */
export function openText({ appId, mode, format, token, aesKey }: Sealing, body: string): string {
  if (mode === 'plain') return body;
  const outer = readDocument(format, body);
  const [encrypted, signature, timestamp, nonce] = ['Encrypt', 'MsgSignature', 'TimeStamp', 'Nonce'].map((name) =>
    textOf(outer, name),
  ) as [string, string, string, string];
  if (!encrypted || !timestamp || !nonce) {
    throw new Error(`mode ${mode} wants Encrypt, MsgSignature, TimeStamp and Nonce`);
  }
  if (!/^\d+$/.test(timestamp)) throw new Error('TimeStamp is not a number');
  if (signature !== signatureOf(token, timestamp, nonce, encrypted)) throw new Error('MsgSignature is wrong');
  return decryptMessage(aesKey, encrypted, appId);
}

function envelope(format: PushFormat, originalId: string, encrypted: string): string {
  const fields = { ToUserName: originalId, Encrypt: encrypted };
  return format === 'json' ? toJson(fields) : toXml(fields);
}

function withEncrypt(format: PushFormat, text: string, encrypted: string): string {
  if (format === 'json') return text.replace(/\}$/, () => `,"Encrypt":"${encrypted}"}`);
  return text.replace(/<\/xml>$/, () => `<Encrypt><![CDATA[${encrypted}]]></Encrypt>\n</xml>`);
}
