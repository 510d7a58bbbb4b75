import { realSeconds } from '../clock.ts';
import { alphanumeric } from '../random.ts';
import { parseXml, toXml } from '../xml.ts';
import type { XmlNode } from '../xml.ts';
import type { Sealing } from './account.ts';
import { decryptMessage, encryptMessage, signatureOf } from './cipher.ts';

/**
 * Builds query and body of one delivery for the mode; signature and ciphertext are new each time.
 * @see https://developers.weixin.qq.com/doc/service/guide/dev/push/encryption.html
 */
export function sealPush(
  sealing: Sealing,
  { xml, openId, originalId }: { xml: string; openId: string; originalId: string },
) {
  const { appId, mode, token, aesKey } = sealing;
  const timestamp = String(realSeconds());
  const nonce = alphanumeric(10);
  const query = { signature: signatureOf(token, timestamp, nonce), timestamp, nonce, openid: openId };
  if (mode === 'plain') return { query, body: xml };
  const encrypted = encryptMessage(aesKey, { message: xml, appId });
  const signature = signatureOf(token, timestamp, nonce, encrypted);
  return {
    query: { ...query, encrypt_type: 'aes', msg_signature: signature },
    body: mode === 'secure' ? toXml({ ToUserName: originalId, Encrypt: encrypted }) : withEncrypt(xml, encrypted),
  };
}

/** Returns the plain elements of a passive reply. @throws Error if signature or encryption do not match the mode */
export function openReply({ appId, mode, token, aesKey }: Sealing, body: string): Record<string, XmlNode> {
  const outer = readDocument(body);
  if (mode === 'plain') return outer;
  const { Encrypt: encrypted, MsgSignature: signature, TimeStamp: timestamp, Nonce: nonce } = outer;
  if (typeof encrypted !== 'string' || typeof timestamp !== 'string' || typeof nonce !== 'string') {
    throw new Error(`mode ${mode} wants Encrypt, MsgSignature, TimeStamp and Nonce`);
  }
  if (!/^\d+$/.test(timestamp)) throw new Error('TimeStamp is not a number');
  if (signature !== signatureOf(token, timestamp, nonce, encrypted)) throw new Error('MsgSignature is wrong');
  return readDocument(decryptMessage(aesKey, encrypted, appId));
}

function readDocument(text: string): Record<string, XmlNode> {
  const elements = parseXml(text);
  if (!elements) throw new Error('the answer is neither success, nor empty, nor <xml>…</xml>');
  return elements;
}

function withEncrypt(xml: string, encrypted: string): string {
  return xml.replace(/<\/xml>$/, () => `<Encrypt><![CDATA[${encrypted}]]></Encrypt>\n</xml>`);
}
