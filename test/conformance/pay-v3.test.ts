// Published and self-made vectors of WeChat Pay API v3; each names its origin in vectors/pay.json.
import { createPublicKey, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openPayNotification } from '../../lib/pay/v3/open-notification.ts';
import { decryptResource } from '../../lib/pay/v3/resource.ts';
import { isSignedBy } from '../../lib/pay/v3/signature.ts';

interface Vector {
  id: string;
  alg: string;
  origin: string;
  note?: string;
  key: string;
  message: string;
  signature: string;
  expect: boolean;
  serial: string;
  apiV3Key: string;
  timestamp: string;
  nonce: string;
  body: string;
  plaintext: string;
  probe: string;
}

const { keys, vectors } = JSON.parse(readFileSync(new URL('vectors/pay.json', import.meta.url), 'utf8')) as {
  keys: Record<string, string>;
  vectors: Vector[];
};
const keyOf = ({ key }: Vector) => createPublicKey(keys[key]!);
const ofKind = (alg: string) => vectors.filter((vector) => vector.alg === alg);
/** `timestamp\nnonce\nbody\n`: the three-line messages of answers and notifications. */
const isAnswer = ({ message }: Vector) => /^\d{10}\n/.test(message);

describe('RSA signatures', () => {
  it.each(ofKind('rsa-verify'))('$id ($origin) $note', (vector) => {
    const signature = Buffer.from(vector.signature, 'base64');
    expect(verify('RSA-SHA256', Buffer.from(vector.message), keyOf(vector), signature)).toBe(vector.expect);
  });

  it.each(ofKind('rsa-verify').filter(isAnswer))('$id as a signed answer ($origin)', (vector) => {
    const [timestamp, nonce, ...rest] = vector.message.split('\n');
    const body = Buffer.from(rest.join('\n').slice(0, -1));
    const signed = { timestamp: timestamp!, nonce: nonce!, body, signature: vector.signature };
    expect(isSignedBy(keyOf(vector), signed)).toBe(true);
    expect(isSignedBy(keyOf(vector), { ...signed, body: Buffer.concat([body, Buffer.from(' ')]) })).toBe(false);
  });
});

describe('notifications', () => {
  const open = (
    vector: Vector,
    change: Partial<Record<'timestamp' | 'signature' | 'serial' | 'body', string>> = {},
    lateS = 0,
  ) =>
    openPayNotification(
      {
        headers: {
          'wechatpay-timestamp': change.timestamp ?? vector.timestamp,
          'wechatpay-nonce': vector.nonce,
          'wechatpay-signature': change.signature ?? vector.signature,
          'wechatpay-serial': change.serial ?? vector.serial,
        },
        body: Buffer.from(change.body ?? vector.body),
      },
      {
        platformKeys: new Map([[vector.serial, keyOf(vector)]]),
        apiV3Key: vector.apiV3Key,
        nowMs: (Number(vector.timestamp) + lateS) * 1_000,
      },
    );
  const [payment, refund] = ofKind('notify-v3');

  it('L9 opens as a payment', () => {
    expect(open(payment!)).toEqual({
      kind: 'payment',
      transaction: {
        appId: 'wx0123456789abcdef',
        mchId: '1900000001',
        outTradeNo: 'T20250801120000000001',
        tradeState: 'SUCCESS',
        payment: {
          transactionId: '4200000000202508010000000001',
          paidAt: '2025-08-01T04:00:05.000Z',
          amountFen: 100,
          currency: 'CNY',
        },
      },
    });
  });

  it('L10, a refund, is opened and kept whole', () => {
    expect(open(refund!)).toMatchObject({ kind: 'other', eventType: 'REFUND.SUCCESS', plaintext: refund!.plaintext });
  });

  const refusedAs = (refusal: string) => expect.objectContaining({ code: 'FORBIDDEN', detail: { refusal } });

  it('a signature probe is refused, and told apart', () => {
    expect(() => open(payment!, { signature: payment!.probe })).toThrow(refusedAs('PROBE'));
  });

  it('a notification that is 300 s old, or from as far in the future, is refused', () => {
    expect(open(payment!, {}, 299)).toBeDefined();
    expect(open(payment!, {}, -299)).toBeDefined();
    expect(() => open(payment!, {}, 300)).toThrow(refusedAs('CLOCK'));
    expect(() => open(payment!, {}, -300)).toThrow(refusedAs('CLOCK'));
    expect(() => open(payment!, { timestamp: 'x' })).toThrow(refusedAs('CLOCK'));
  });

  it('an unsigned notification is refused', () => {
    expect(() => open(payment!, { signature: '' })).toThrow(refusedAs('HEADERS'));
  });

  it('one with a key that we do not know is refused, whatever other key would fit', () => {
    expect(() => open(payment!, { serial: 'PUB_KEY_ID_OTHER' })).toThrow(refusedAs('KEY'));
  });

  it('one whose body differs by one byte is refused before it is parsed', () => {
    expect(() => open(payment!, { body: payment!.body.replace('支付成功', '支付成攻') })).toThrow(
      refusedAs('SIGNATURE'),
    );
    expect(() => open(payment!, { body: 'not json' })).toThrow(refusedAs('SIGNATURE'));
  });
});

describe('AEAD_AES_256_GCM', () => {
  it.each([
    [
      'V4 (official, Java SDK)',
      'a7cde1ZJB1kG2e7VfTs3jQzaWizur8Gb',
      'uluk4a9R25RW',
      'associatedData',
      'ulwSiIajGClcvcOYvOQ7+l+0PAbzzwI=',
      'message',
    ],
    [
      'V5 (axios plugin)',
      '0123456789abcdef0123456789abcdef',
      '0123456789abcdef',
      'world',
      'APoZlYpivU3HjbAiB4CvW1rAFr8J',
      'hello',
    ],
    [
      'V6 (axios plugin), empty',
      '0123456789abcdef0123456789abcdef',
      '0123456789abcdef',
      '',
      'GvpmmdtYwexXIPhySs9Tlg==',
      '',
    ],
  ])('%s', (_, key, nonce, associatedData, ciphertext, plaintext) => {
    expect(decryptResource(key, { nonce, associatedData, ciphertext })).toBe(plaintext);
  });

  it('a flipped bit (100 fen to 900) does not open', () => {
    const [payment] = ofKind('notify-v3');
    const { resource } = JSON.parse(payment!.body) as { resource: { ciphertext: string; nonce: string } };
    const sealed = Buffer.from(resource.ciphertext, 'base64');
    const at = Buffer.from(payment!.plaintext).indexOf('"total":100') + '"total":'.length;
    sealed[at]! ^= '1'.charCodeAt(0) ^ '9'.charCodeAt(0);
    const flipped = { ciphertext: sealed.toString('base64'), nonce: resource.nonce, associatedData: 'transaction' };
    expect(() => decryptResource(payment!.apiV3Key, flipped)).toThrow('unable to authenticate');
  });

  it('a key of 16 bytes and data shorter than its tag are refused', () => {
    const data = { nonce: 'uluk4a9R25RW', associatedData: '', ciphertext: 'FsdXzxryWfKwvLJKf8LG/ToRPTRh8RN9wROC' };
    expect(() => decryptResource('testAPIv3Key0000', data)).toThrow('Invalid key length');
    expect(() => decryptResource('a7cde1ZJB1kG2e7VfTs3jQzaWizur8Gb', { ...data, ciphertext: 'AAAA' })).toThrow(
      'shorter than its tag',
    );
  });
});
