// Published and self-made vectors of WeChat Pay API v3; each names its origin in vectors/pay.json.
import { createDecipheriv, createPublicKey, generateKeyPairSync, sign, verify } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { openPayNotification } from '../../lib/wechat-pay/v3/open-notification.ts';
import { decryptResource } from '../../lib/wechat-pay/v3/resource.ts';
import { authorization, isSignedBy, signJsapiPayment } from '../../lib/wechat-pay/v3/signature.ts';

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
  associatedData: string;
  ciphertext: string;
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
/** Responses and notifications are signed as `timestamp\nnonce\nbody\n`. */
const isResponse = ({ message }: Vector) => /^\d{10}\n/.test(message);

describe('RSA signature', () => {
  it.each(ofKind('rsa-verify'))('verifies $id ($origin): $note', (vector) => {
    const signature = Buffer.from(vector.signature, 'base64');
    expect(verify('RSA-SHA256', Buffer.from(vector.message), keyOf(vector), signature)).toBe(vector.expect);
  });

  it.each(ofKind('rsa-verify').filter(isResponse))(
    'accepts $id as a signed response, and rejects it with another body ($origin)',
    (vector) => {
      const [timestamp, nonce, ...rest] = vector.message.split('\n');
      const body = Buffer.from(rest.join('\n').slice(0, -1));
      const signed = { timestamp: timestamp!, nonce: nonce!, body, signature: vector.signature };
      expect(isSignedBy(keyOf(vector), signed)).toBe(true);
      expect(isSignedBy(keyOf(vector), { ...signed, body: Buffer.concat([body, Buffer.from(' ')]) })).toBe(false);
    },
  );
});

/** RSA-SHA256 signatures are deterministic: a signature of the vector's message must equal ours byte by byte. */
describe('API v3 signing', () => {
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const merchant = { mchId: '1900007291', certSerial: '408B07E79B8269FEC3D5D3E6AB8ED163A6A380DB', privateKey };
  const signatureOf = (message: string) => sign('RSA-SHA256', Buffer.from(message), privateKey).toString('base64');
  /** A clock and a random source that return the time and the nonce of a vector. */
  const outside = (timestamp: string, nonce: string) => ({
    now: () => Number(timestamp) * 1_000 + 999,
    randomBytes: () => ({ toString: () => nonce }) as unknown as Buffer,
  });

  it.each(['L1', 'L4', 'L5'])('authorization signs the request of %s', (id) => {
    const { message } = vectors.find((vector) => vector.id === id)!;
    const [method = '', path = '', timestamp = '', nonce = '', body = ''] = message.split('\n');
    const url = new URL(path, 'https://api.mch.weixin.qq.com');
    expect(authorization(merchant, { method, url, body }, outside(timestamp, nonce))).toBe(
      `WECHATPAY2-SHA256-RSA2048 mchid="1900007291",nonce_str="${nonce}",signature="${signatureOf(message)}",` +
        `timestamp="${timestamp}",serial_no="408B07E79B8269FEC3D5D3E6AB8ED163A6A380DB"`,
    );
  });

  it('signJsapiPayment signs the payment of L2', () => {
    const { message } = vectors.find(({ id }) => id === 'L2')!;
    const [appId = '', timeStamp = '', nonceStr = '', pack = ''] = message.split('\n');
    const prepayId = pack.slice('prepay_id='.length);
    expect(signJsapiPayment(privateKey, { appId, prepayId }, outside(timeStamp, nonceStr))).toEqual({
      appId,
      timeStamp,
      nonceStr,
      package: pack,
      signType: 'RSA',
      paySign: signatureOf(message),
    });
  });
});

describe('openPayNotification', () => {
  /** The current API v3 key; the vectors are sealed with the previous key. */
  const currentKey = 'x'.repeat(32);
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
        platformKeys: async (serial) => (serial === vector.serial ? keyOf(vector) : undefined),
        apiV3Keys: [currentKey, vector.apiV3Key],
        mchId: '1900000001',
        appIds: ['wx0123456789abcdef'],
        nowMs: (Number(vector.timestamp) + lateS) * 1_000,
      },
    );
  const [payment, refund] = ofKind('notify-v3');

  it('opens L9 as a payment', async () => {
    expect(await open(payment!)).toEqual({
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

  it('opens L10 as a refund', async () => {
    expect(await open(refund!)).toEqual({
      kind: 'refund',
      refund: {
        mchId: '1900000001',
        outTradeNo: 'T20250801120000000001',
        transactionId: '4200000000202508010000000001',
        outRefundNo: 'R20250802090000000001',
        refundId: '50000000002025080200000000001',
        status: 'SUCCESS',
        amountFen: 40,
        totalFen: 100,
        successAt: '2025-08-02T01:00:07.000Z',
      },
    });
  });

  const rejectedWith = (failure: string) => expect.objectContaining({ code: 'FORBIDDEN', detail: { failure } });

  it('rejects a signature probe as PROBE', async () => {
    await expect(open(payment!, { signature: payment!.probe })).rejects.toEqual(rejectedWith('PROBE'));
  });

  it('rejects a notification that is 300 s old or 300 s ahead', async () => {
    expect(await open(payment!, {}, 299)).toBeDefined();
    expect(await open(payment!, {}, -299)).toBeDefined();
    await expect(open(payment!, {}, 300)).rejects.toEqual(rejectedWith('CLOCK'));
    await expect(open(payment!, {}, -300)).rejects.toEqual(rejectedWith('CLOCK'));
    await expect(open(payment!, { timestamp: 'x' })).rejects.toEqual(rejectedWith('CLOCK'));
  });

  it('rejects an unsigned notification', async () => {
    await expect(open(payment!, { signature: '' })).rejects.toEqual(rejectedWith('HEADERS'));
  });

  it('rejects a notification whose serial is unknown', async () => {
    await expect(open(payment!, { serial: 'PUB_KEY_ID_OTHER' })).rejects.toEqual(rejectedWith('KEY'));
  });

  it('rejects a changed body before parsing it', async () => {
    await expect(open(payment!, { body: payment!.body.replace('支付成功', '支付成攻') })).rejects.toEqual(
      rejectedWith('SIGNATURE'),
    );
    await expect(open(payment!, { body: 'not json' })).rejects.toEqual(rejectedWith('SIGNATURE'));
  });
});

/** Opens AES-128-GCM, which some official tests use. */
function openWithShortKey(sealed: Pick<Vector, 'apiV3Key' | 'nonce' | 'associatedData' | 'ciphertext'>): string {
  const bytes = Buffer.from(sealed.ciphertext, 'base64');
  const decipher = createDecipheriv('aes-128-gcm', sealed.apiV3Key, sealed.nonce, { authTagLength: 16 });
  decipher.setAAD(Buffer.from(sealed.associatedData)).setAuthTag(bytes.subarray(-16));
  return Buffer.concat([decipher.update(bytes.subarray(0, -16)), decipher.final()]).toString('utf8');
}

describe('decryptResource', () => {
  it.each(ofKind('aes-256-gcm'))(
    'opens $id ($origin) $note',
    ({ apiV3Key, nonce, associatedData, ciphertext, plaintext }) => {
      expect(decryptResource(apiV3Key, { nonce, associatedData, ciphertext })).toBe(plaintext);
    },
  );

  it.each(ofKind('aes-128-gcm'))('rejects the 16-byte key of $id, which AES-128-GCM accepts ($origin)', (vector) => {
    const { apiV3Key, nonce, associatedData, ciphertext, plaintext } = vector;
    expect(openWithShortKey(vector)).toBe(plaintext);
    expect(() => decryptResource(apiV3Key, { nonce, associatedData, ciphertext })).toThrow('Invalid key length');
  });

  it('AES-128-GCM opens the resource of L8 with its 16-byte key', () => {
    const { message } = vectors.find(({ id }) => id === 'L8')!;
    const { resource } = JSON.parse(message.split('\n')[2]!) as {
      resource: Record<'nonce' | 'associated_data' | 'ciphertext', string>;
    };
    const { nonce, associated_data: associatedData, ciphertext } = resource;
    const opened = openWithShortKey({ apiV3Key: 'testMchAPIv3Key0', nonce, associatedData, ciphertext });
    expect(JSON.parse(opened)).toMatchObject({ mchid: '1234567890' });
  });

  it('rejects a ciphertext whose amount was changed from 100 to 900 fen', () => {
    const [payment] = ofKind('notify-v3');
    const { resource } = JSON.parse(payment!.body) as { resource: { ciphertext: string; nonce: string } };
    const sealed = Buffer.from(resource.ciphertext, 'base64');
    const at = Buffer.from(payment!.plaintext).indexOf('"total":100') + '"total":'.length;
    sealed[at]! ^= '1'.charCodeAt(0) ^ '9'.charCodeAt(0);
    const flipped = { ciphertext: sealed.toString('base64'), nonce: resource.nonce, associatedData: 'transaction' };
    expect(() => decryptResource(payment!.apiV3Key, flipped)).toThrow('unable to authenticate');
  });

  it('rejects a key of 16 bytes and a ciphertext shorter than its tag', () => {
    const data = { nonce: 'uluk4a9R25RW', associatedData: '', ciphertext: 'FsdXzxryWfKwvLJKf8LG/ToRPTRh8RN9wROC' };
    expect(() => decryptResource('testAPIv3Key0000', data)).toThrow('Invalid key length');
    expect(() => decryptResource('a7cde1ZJB1kG2e7VfTs3jQzaWizur8Gb', { ...data, ciphertext: 'AAAA' })).toThrow(
      'shorter than its tag',
    );
  });
});
