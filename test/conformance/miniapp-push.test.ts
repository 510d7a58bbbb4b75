// Official samples of the message push of mini-programs: address check, plain mode, secure mode and its reply. The replies
// are also opened with two other implementations.
import { readFileSync } from 'node:fs';
import * as wecom from '@wecom/crypto';
import { describe, expect, it } from 'vitest';
import WXBizMsgCrypt from 'wechat-crypto';
import { openMiniappEcho, openMiniappPush, type MiniappPush } from '../../lib/wechat/miniapp-push.ts';
import { readMessageKey, signParts } from '../../lib/wechat/message-cipher.ts';
import { renderMiniappReply } from '../../lib/wechat/miniapp-reply.ts';
import { sealReply } from '../../lib/wechat/seal-reply.ts';
import { parseXml } from '../../lib/wechat/xml.ts';

interface Vector {
  id: string;
  token: string;
  encodingAesKey: string;
  appId: string;
  random: string;
  timestamp: string;
  nonce: string;
  message: string;
  encrypt: string;
  signature: string;
  msgSignature: string;
}

const vectors = JSON.parse(readFileSync(new URL('vectors/messages.json', import.meta.url), 'utf8')) as Vector[];
const vectorOf = (id: string) => vectors.find((vector) => vector.id === id)!;
const keysOf = ({ token, appId, encodingAesKey, timestamp }: Vector, mode: 'plain' | 'compatible' | 'secure') => {
  const aesKeys = [readMessageKey(encodingAesKey)!];
  return { mode, token, appId, aesKeys, nowMs: Number(timestamp) * 1_000 };
};

/** Opens the push of a vector in an envelope as the console sends it. */
function openVector(vector: Vector, format: 'json' | 'xml', mode: 'compatible' | 'secure'): MiniappPush {
  const { signature, msgSignature, timestamp, nonce, encrypt } = vector;
  const query = new URLSearchParams({ signature, timestamp, nonce, encrypt_type: 'aes', msg_signature: msgSignature });
  const body =
    format === 'json'
      ? JSON.stringify({ ToUserName: 'gh_97417a04a28d', Encrypt: encrypt })
      : `<xml><ToUserName><![CDATA[gh_97417a04a28d]]></ToUserName><Encrypt><![CDATA[${encrypt}]]></Encrypt></xml>`;
  const push = openMiniappPush(query, Buffer.from(body), keysOf(vector, mode));
  if ('unreadable' in push) throw new Error(push.unreadable);
  return push;
}

describe('openMiniappEcho', () => {
  it('returns the echostr of the official sample', () => {
    const query = new URLSearchParams({
      signature: 'f464b24fc39322e44b38aa78f5edd27bd1441696',
      timestamp: '1714036504',
      nonce: '1514711492',
      echostr: '4375120948345356249',
    });
    expect(openMiniappEcho(query, { token: 'AAAAA', nowMs: 1_714_036_504_000 })).toBe('4375120948345356249');
  });
});

describe('openMiniappPush', () => {
  const plainQuery = {
    signature: '899cf89e464efb63f54ddac96b0a0a235f53aa78',
    timestamp: '1714037059',
    nonce: '486452656',
  };

  it.each([
    ['json', 'secure JSON push'],
    ['xml', 'secure XML push'],
  ] as const)('reads a plain push in %s under the query of the official sample', (format, id) => {
    const keys = { ...keysOf(vectorOf(id), 'plain'), nowMs: 1_714_037_059_000 };
    const { message } = vectorOf(id);
    const push = openMiniappPush(new URLSearchParams(plainQuery), Buffer.from(message), keys);
    expect(push).toMatchObject({
      format,
      originalId: 'gh_97417a04a28d',
      content: { event: 'other', name: 'debug_demo' },
    });
    expect(push).not.toHaveProperty('openedWith');
    const other = new URLSearchParams({ ...plainQuery, nonce: '486452657' });
    expect(() => openMiniappPush(other, Buffer.from(message), keys)).toThrow(
      expect.objectContaining({ code: 'FORBIDDEN' }),
    );
  });

  it.each([
    ['json', 'secure JSON push', 'secure'],
    ['json', 'secure JSON push', 'compatible'],
    ['xml', 'secure XML push', 'secure'],
    ['xml', 'secure XML push', 'compatible'],
  ] as const)('opens the official sample in %s (%s) in %s mode', (format, id, mode) => {
    const push = openVector(vectorOf(id), format, mode);
    expect(push).toMatchObject({
      format,
      openId: 'o9AgO5Kd5ggOC-bXrbNODIiE3bGY',
      originalId: 'gh_97417a04a28d',
      createTimeS: Number(vectorOf(id).timestamp),
      content: { type: 'event', event: 'other', name: 'debug_demo' },
    });
  });

  it.each([
    ['appId', { appId: 'wx134c8103faa5a59e' }],
    ['token', { token: 'AAAAB' }],
    ['key', { aesKeys: [readMessageKey('B'.repeat(43))!] }],
    ['clock', { nowMs: 0 }],
  ])('rejects the official sample with another %s', (_, change) => {
    const { signature, msgSignature, timestamp, nonce, encrypt } = vectorOf('secure JSON push');
    const query = new URLSearchParams({ signature, msg_signature: msgSignature, timestamp, nonce });
    const keys = { ...keysOf(vectorOf('secure JSON push'), 'secure'), ...change };
    expect(() => openMiniappPush(query, Buffer.from(JSON.stringify({ Encrypt: encrypt })), keys)).toThrow(
      expect.objectContaining({ code: 'FORBIDDEN' }),
    );
  });
});

describe('the reply to a push', () => {
  const read = (format: 'json' | 'xml', body: string) =>
    (format === 'json' ? JSON.parse(body) : parseXml(body)) as Record<string, string | number>;

  it.each([
    ['json', 'secure JSON push', 'secure JSON reply'],
    ['xml', 'secure XML push', 'secure XML reply'],
  ] as const)('is sealed in %s like the official sample', (format, pushId, replyId) => {
    const { message, random, timestamp, encrypt, msgSignature, nonce, token } = vectorOf(replyId);
    const deps = { randomBytes: () => Buffer.from(random), keys: keysOf(vectorOf(replyId), 'secure') };
    const reply = read(format, sealReply(message, openVector(vectorOf(pushId), format, 'secure'), deps));
    expect(reply).toEqual({
      Encrypt: encrypt,
      MsgSignature: signParts(token, timestamp, String(reply['Nonce']), encrypt),
      TimeStamp: format === 'json' ? Number(timestamp) : timestamp,
      Nonce: expect.stringMatching(/^reply\d+$/) as string,
    });
    expect(signParts(token, timestamp, nonce, String(reply['Encrypt']))).toBe(msgSignature);
  });

  it.each(['json', 'xml'] as const)('opens with other implementations, in %s', (format) => {
    const vector = vectorOf(format === 'json' ? 'secure JSON push' : 'secure XML push');
    const { token, encodingAesKey, appId, timestamp } = vector;
    const deps = { randomBytes: (size: number) => Buffer.alloc(size, 7), keys: keysOf(vector, 'secure') };
    const push = openVector(vector, format, 'secure');
    const reply = read(
      format,
      renderMiniappReply(push, { type: 'virtual-pay-result', code: 0, message: 'success' }, deps),
    );
    const [encrypted, nonce] = [String(reply['Encrypt']), String(reply['Nonce'])];
    const message =
      format === 'json'
        ? '{"ErrCode":0,"ErrMsg":"success"}'
        : '<xml><ErrCode>0</ErrCode><ErrMsg><![CDATA[success]]></ErrMsg></xml>';
    expect(wecom.decrypt(encodingAesKey, encrypted)).toMatchObject({ message, id: appId });
    expect(new WXBizMsgCrypt(token, encodingAesKey, appId).decrypt(encrypted)).toEqual({ message, id: appId });
    expect(wecom.getSignature(token, timestamp, nonce, encrypted)).toBe(reply['MsgSignature']);
  });
});
