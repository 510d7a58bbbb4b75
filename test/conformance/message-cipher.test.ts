// Compares the message cipher with published samples, whose sources are in vectors/messages.json, and with three other
// implementations on random input.
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as wecom from '@wecom/crypto';
import * as fc from 'fast-check';
import Encryptor from 'node-easywechat/dist/Core/Encryptor.js';
import { describe, expect, it } from 'vitest';
import WXBizMsgCrypt from 'wechat-crypto';
import { openMessage, readMessageKey, sealMessage, signParts } from '../../lib/wechat/message-cipher.ts';
import { openOfficialPush } from '../../lib/wechat/official-push.ts';
import { parseXml } from '../../lib/wechat/xml.ts';

interface Vector {
  id: string;
  origin: string;
  token: string;
  encodingAesKey: string;
  appId: string;
  random: string;
  timestamp: string;
  nonce: string;
  message: string;
  encrypt: string;
  signature?: string;
  msgSignature: string;
}

const vectors = JSON.parse(readFileSync(new URL('vectors/messages.json', import.meta.url), 'utf8')) as Vector[];
const keyOf = (encodingAesKey: string) => readMessageKey(encodingAesKey)!;

describe('message cipher and published samples', () => {
  it.each(vectors)(
    'opens, seals and signs the $id ($origin)',
    ({ encodingAesKey, appId, random, message, encrypt, ...vector }) => {
      const key = keyOf(encodingAesKey);
      expect(openMessage(encrypt, { key, appId })).toBe(message);
      expect(sealMessage(message, { key, appId, random: Buffer.from(random) })).toBe(encrypt);
      const { token, timestamp, nonce, msgSignature, signature } = vector;
      expect(signParts(token, timestamp, nonce, encrypt)).toBe(msgSignature);
      expect(signParts(token, timestamp, nonce)).toBe(signature ?? signParts(token, timestamp, nonce));
    },
  );

  it.each(vectors.filter(({ signature, message }) => signature && message.startsWith('<xml>')))(
    'opens the $id as a push in both encrypted modes ($origin)',
    ({ token, appId, encodingAesKey, timestamp, nonce, encrypt, signature, msgSignature }) => {
      const query = new URLSearchParams({ signature: signature!, msg_signature: msgSignature, timestamp, nonce });
      const body = Buffer.from(
        `<xml><ToUserName><![CDATA[gh]]></ToUserName><Encrypt><![CDATA[${encrypt}]]></Encrypt></xml>`,
      );
      for (const mode of ['compatible', 'secure'] as const) {
        const keys = { mode, token, appId, aesKeys: [keyOf(encodingAesKey)], nowMs: Number(timestamp) * 1_000 };
        const push = openOfficialPush(query, body, keys);
        expect(push).toMatchObject({ createTimeS: Number(timestamp), content: { type: 'event' } });
      }
    },
  );

  it('sorts the signed parts by code unit, so that uppercase precedes lowercase', () => {
    expect(signParts('abc', '1', '2', 'Bxx')).toBe('d4d12376dc4b3c74316e57eb0adfe11ed8136ca4');
  });
});

describe('message cipher and other implementations', () => {
  const encodingAesKey = fc
    .array(fc.constantFrom(...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'), {
      minLength: 43,
      maxLength: 43,
    })
    .map((letters) => letters.join(''));
  const token = fc.stringMatching(/^[A-Za-z0-9]{3,32}$/);
  const appId = fc.stringMatching(/^wx[0-9a-f]{16}$/);
  const digits = fc.stringMatching(/^[0-9]{1,12}$/);
  const message = fc.string({ unit: 'grapheme', maxLength: 200 });
  const random = () => randomBytes(16);

  const expectAgreement = (
    text: string,
    secrets: { key: string; secret: string; app: string; time: string; nonce: string },
  ) => {
    const { key: encodingKey, secret, app, time, nonce } = secrets;
    const own = { key: keyOf(encodingKey), appId: app };
    const older = new WXBizMsgCrypt(secret, encodingKey, app);
    const easy = new Encryptor(app, secret, encodingKey, app);
    const sealed = sealMessage(text, { ...own, random: random() });
    const signature = signParts(secret, time, nonce, sealed);

    expect(wecom.decrypt(encodingKey, sealed)).toMatchObject({ message: text, id: app });
    expect(older.decrypt(sealed)).toEqual({ message: text, id: app });
    expect(easy.decrypt(sealed, signature, nonce, time as unknown as number)).toBe(text);

    expect(openMessage(wecom.encrypt(encodingKey, text, app), own)).toBe(text);
    expect(openMessage(older.encrypt(text), own)).toBe(text);
    const { Encrypt } = parseXml(easy.encrypt(text, nonce, Number(time)));
    expect(openMessage(String(Encrypt), own)).toBe(text);

    expect(wecom.getSignature(secret, time, nonce, sealed)).toBe(signature);
    expect(older.getSignature(time, nonce, sealed)).toBe(signature);
    expect(easy.createSignature(secret, time, nonce, sealed)).toBe(signature);
  };

  it('agree on any message, key and app, in both directions', () => {
    const secrets = fc.record({ key: encodingAesKey, secret: token, app: appId, time: digits, nonce: digits });
    fc.assert(fc.property(message, secrets, expectAgreement));
  });

  it.each(Array.from({ length: 32 }, (_, length) => length))(
    'agree at every padding length (bytes added to the message: %i)',
    (length) => {
      const secrets = { key: 'A'.repeat(43), secret: 'AAAAA', app: 'wx134c8103faa5a59e', time: '1', nonce: '2' };
      expectAgreement(`中${'x'.repeat(length)}`, secrets);
    },
  );
});

describe('openMessage and readMessageKey', () => {
  const key = keyOf('abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG');
  const appId = 'wxb11529c136998cb6';
  const sealed = vectors.at(-1)!.encrypt;

  it('rejects a message for another app, even if the app ids share their beginning or end', () => {
    for (const other of ['wx0000000000000000', appId.slice(1), `x${appId}`, appId.slice(0, -1), `${appId}0`, '']) {
      expect(openMessage(sealed, { key, appId: other })).toBeUndefined();
    }
  });

  it('rejects another key, a truncated message and any text that is not a ciphertext', () => {
    expect(openMessage(sealed, { key: keyOf('A'.repeat(43)), appId })).toBeUndefined();
    fc.assert(
      fc.property(
        fc.oneof(
          fc.nat(sealed.length - 1).map((end) => sealed.slice(0, end)),
          fc.string(),
        ),
        (text) => {
          expect(openMessage(text, { key, appId })).toBeUndefined();
        },
      ),
    );
  });

  it('rejects a message with any bit of its last two blocks flipped', () => {
    const bytes = Buffer.from(sealed, 'base64');
    fc.assert(
      fc.property(fc.integer({ min: bytes.length - 32, max: bytes.length - 1 }), fc.nat(7), (at, bit) => {
        const changed = Buffer.from(bytes);
        changed[at]! ^= 1 << bit;
        expect(openMessage(changed.toString('base64'), { key, appId })).toBeUndefined();
      }),
    );
  });

  it.each(['', 'A'.repeat(42), 'A'.repeat(44), `${'A'.repeat(42)}=`, `${'A'.repeat(42)}+`, `${'A'.repeat(43)}\n`])(
    'rejects the EncodingAESKey %j',
    (text) => {
      expect(readMessageKey(text)).toBeUndefined();
    },
  );
});
