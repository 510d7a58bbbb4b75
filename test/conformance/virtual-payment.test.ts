// Vectors of virtual payment, and a second implementation of its signatures. No package in use has these signatures.
import { createHash } from 'node:crypto';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { paySigOf, userSignatureOf } from '../../lib/wechat-pay/virtual/sign.ts';

const sessionKey = '9hAb/NEYUlkaMBEsmFgzig==';
const appKey = '12345';

/** `client` was computed with OpenSSL from the keys of the official vector. */
const VECTORS = [
  {
    id: 'official: developers.weixin.qq.com, virtual-payment.html',
    uri: '/xpay/query_user_balance',
    body: '{"openid": "xxx", "user_ip": "127.0.0.1", "env": 0}',
    paySig: 'c37809f27c6d7fd1837ad2500a04512b66b34fd793a39a385fade56dca89a4b5',
    signature: '089d9e8dc5d308977360c4b79ec600a93d736802802a807d634192328032f6c7',
  },
  {
    id: 'client',
    uri: 'requestVirtualPayment',
    body: '{"offerId":"123","buyQuantity":1,"env":0,"currencyType":"CNY","productId":"testproductId","goodsPrice":10,"outTradeNo":"xxxxxx","attach":"testdata"}',
    paySig: '0ce2a9fcab3532e9f78dd3beb841806c0c08a24ec26b04c366584ac06d852bb0',
    signature: '8e08bc05e10243e2e943385292e2063be327f8285c0db753a5c3e5db5745cb69',
  },
];

/** HMAC-SHA256 by its definition (RFC 2104), in lower-case hex. */
function hmacByDefinition(key: string, text: string): string {
  const sha256 = (...parts: Buffer[]) => createHash('sha256').update(Buffer.concat(parts)).digest();
  const bytes = Buffer.from(key);
  const block = Buffer.concat([bytes.length > 64 ? sha256(bytes) : bytes, Buffer.alloc(64)]).subarray(0, 64);
  const padded = (pad: number) => Buffer.from(block.map((byte) => byte ^ pad));
  return sha256(padded(0x5c), sha256(padded(0x36), Buffer.from(text))).toString('hex');
}

const text = fc.string({ unit: 'grapheme', maxLength: 200 });

describe('signatures of virtual payment', () => {
  it.each(VECTORS)('equal the vector ($id)', ({ uri, body, paySig, signature }) => {
    expect(paySigOf(appKey, uri, body)).toBe(paySig);
    expect(userSignatureOf(sessionKey, body)).toBe(signature);
  });

  it('depend on every byte of the body, also on blanks', () => {
    const { uri, body, paySig, signature } = VECTORS[0]!;
    const compact = JSON.stringify(JSON.parse(body));
    expect(paySigOf(appKey, uri, compact)).not.toBe(paySig);
    expect(userSignatureOf(sessionKey, compact)).not.toBe(signature);
  });

  it('use the session key as base64 text, not as bytes', () => {
    const { body, signature } = VECTORS[0]!;
    expect(hmacByDefinition(sessionKey, body)).toBe(signature);
    expect(userSignatureOf(Buffer.from(sessionKey, 'base64').toString('latin1'), body)).not.toBe(signature);
  });

  it('equal a second implementation on random keys and bodies', () => {
    fc.assert(
      fc.property(text, text, text, (key, uri, body) => {
        expect(paySigOf(key, uri, body)).toBe(hmacByDefinition(key, `${uri}&${body}`));
        expect(userSignatureOf(key, body)).toBe(hmacByDefinition(key, body));
      }),
    );
  });
});
