// Compares the pay protocol with other implementations on random input.
import { generateKeyPairSync } from 'node:crypto';
import * as fc from 'fast-check';
import { AES, AES_GCM } from 'node-easywechat/dist/Core/Support/AES.js';
import LegacySignature from 'node-easywechat/dist/Pay/LegacySignature.js';
import Signature from 'node-easywechat/dist/Pay/Signature.js';
import Utils from 'node-easywechat/dist/Pay/Utils.js';
import { describe, expect, it } from 'vitest';
import plugin from 'wechatpay-axios-plugin';
import NodeV3 from 'wechatpay-node-v3';
import { Builder, parseStringPromise } from 'xml2js';
import { readFields, writeFields } from '../../lib/wechat-pay/v2/fields.ts';
import { signJsapiPaymentV2 } from '../../lib/wechat-pay/v2/payment-sheet.ts';
import { decryptReqInfo } from '../../lib/wechat-pay/v2/req-info.ts';
import { isSigned, signFields } from '../../lib/wechat-pay/v2/sign.ts';
import { encryptSensitive } from '../../lib/wechat-pay/v3/abnormal-refunds.ts';
import { decryptResource } from '../../lib/wechat-pay/v3/resource.ts';
import { authorization, isSignedBy, signJsapiPayment } from '../../lib/wechat-pay/v3/signature.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const publicPem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
const merchant = { mchId: '1900000001', certSerial: '408B07E79B8269FEC3D5D3E6AB8ED163A6A380DB', privateKey };
const apiV2Key = '192006250b4c09247ec02edce69f6a2d';
const apiV3Key = '0123456789abcdef0123456789abcdef';

/** The merchant in the form that node-easywechat reads. */
const easyMerchant = {
  getMerchantId: () => merchant.mchId,
  getV2SecretKey: () => apiV2Key,
  getPrivateKey: () => pem,
  getCertificate: () => ({ toString: () => publicPem, getSerialNo: () => merchant.certSerial }),
} as unknown as ConstructorParameters<typeof Utils>[0];
const nodeV3 = new NodeV3({
  appid: 'wx',
  mchid: merchant.mchId,
  serial_no: merchant.certSerial,
  publicKey: Buffer.from(publicPem),
  privateKey: Buffer.from(pem),
});
const outside = (timestamp: string, nonce: string) => ({
  now: () => Number(timestamp) * 1_000,
  randomBytes: () => ({ toString: () => nonce }) as unknown as Buffer,
});

const text = fc.string({ unit: 'grapheme', maxLength: 60 });
const anyText = fc.string({ unit: 'binary', maxLength: 60 });
const nonce = fc.stringMatching(/^[0-9a-zA-Z]{1,32}$/);
const timestamp = fc.integer({ min: 0, max: 4_102_444_800 }).map(String);
const signType = fc.constantFrom('MD5' as const, 'HMAC-SHA256' as const);
// Names with a special meaning: `_` in xml2js, `sign` in the protocol, the others in JavaScript.
const RESERVED = new Set([
  '_',
  '__proto__',
  'constructor',
  'prototype',
  'hasOwnProperty',
  'toString',
  'valueOf',
  'sign',
]);
const fieldName = fc
  .stringMatching(/^[A-Za-z_][\w.-]{0,12}$/)
  .filter((name) => !RESERVED.has(name) && !/^(xml|__)/i.test(name));

describe('API v2 signature', () => {
  const fields = fc.dictionary(fieldName, anyText, { maxKeys: 12 });
  const withoutEmpty = (all: Record<string, string>) =>
    Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));

  it('agrees with wechatpay-axios-plugin on any fields', () => {
    fc.assert(
      fc.property(fields, signType, (all, type) => {
        // Without any value the plugin signs a text that begins with an &.
        fc.pre(Object.values(all).some((value) => value !== ''));
        const sign = plugin.Hash.sign(type, all, apiV2Key);
        expect(signFields(all, apiV2Key, type)).toBe(sign);
        expect(isSigned({ ...all, sign }, apiV2Key)).toBe(true);
      }),
    );
  });

  it('agrees with node-easywechat on any fields', () => {
    const peer = new LegacySignature(easyMerchant);
    fc.assert(
      fc.property(fields, signType, nonce, (some, type, nonceStr) => {
        // node-easywechat signs empty values; the signature algorithm of WeChat Pay API v2 omits them.
        const all = { ...withoutEmpty(some), nonce_str: nonceStr, sign_type: type };
        const { sign } = peer.sign(all);
        expect(signFields(all, apiV2Key, type)).toBe(sign);
        expect(isSigned({ ...all, sign: String(sign) }, apiV2Key)).toBe(true);
      }),
    );
  });

  it('agrees with node-easywechat on the JSAPI payment of a client', () => {
    const peer = new Utils(easyMerchant);
    fc.assert(
      fc.property(nonce, nonce, (appId, prepayId) => {
        const expected = peer.buildBridgeConfig(prepayId, appId, 'HMAC-SHA256');
        const moment = outside(expected.timeStamp, expected.nonceStr);
        expect(signJsapiPaymentV2(apiV2Key, { appId, prepayId }, moment)).toEqual(expected);
      }),
    );
  });

  it('agrees with wechatpay-axios-plugin on the JSAPI payment of a client', () => {
    fc.assert(
      fc.property(nonce, nonce, nonce, timestamp, (appId, prepayId, nonceStr, seconds) => {
        const { paySign, ...signed } = signJsapiPaymentV2(apiV2Key, { appId, prepayId }, outside(seconds, nonceStr));
        expect(paySign).toBe(plugin.Hash.sign('HMAC-SHA256', signed, apiV2Key));
      }),
    );
  });
});

describe('API v2 XML', () => {
  /** Without outer blanks: both peers trim values, and one peer drops blank values. pay-v2.test.ts tests blanks. */
  const value = text.map((some) => some.replaceAll(/[^\u0020-\uD7FF\uE000-\uFFFD]|^\s+|\s+$/g, '').trim());
  const fields = fc
    .dictionary(fieldName, value, { minKeys: 1, maxKeys: 8, noNullPrototype: true })
    .map((all) => Object.fromEntries(Object.entries(all).filter(([, some]) => some !== '')))
    .filter((all) => Object.keys(all).length > 0);

  it('is readable by wechatpay-axios-plugin, whose XML readFields can read', () => {
    fc.assert(
      fc.property(fields, (all) => {
        expect(plugin.Transformer.toObject(writeFields(all))).toEqual(all);
        // The plugin does not escape `]]>` inside CDATA.
        if (Object.values(all).some((some) => some.includes(']]>'))) return;
        expect(readFields(plugin.Transformer.toXml(all))).toEqual(all);
      }),
    );
  });

  it('is readable by xml2js, whose XML readFields can read', async () => {
    const builder = new Builder({ rootName: 'xml', cdata: true, headless: true });
    await fc.assert(
      fc.asyncProperty(fields, async (all) => {
        expect(await parseStringPromise(writeFields(all), { explicitArray: false })).toEqual({ xml: all });
        expect(readFields(builder.buildObject(all))).toEqual(all);
      }),
    );
  });
});

describe('decryptReqInfo', () => {
  const key = plugin.Hash.md5(apiV2Key);

  it('agrees with node-easywechat on any plaintext', () => {
    fc.assert(
      fc.property(anyText, (some) => {
        const plaintext = Buffer.from(some).toString();
        const sealed = AES.encrypt(plaintext, key, '', true, 'aes-256-ecb').toString('base64');
        expect(decryptReqInfo(apiV2Key, sealed)).toBe(plaintext);
      }),
    );
  });

  it('agrees with wechatpay-axios-plugin on any plaintext', () => {
    fc.assert(
      fc.property(anyText, (some) => {
        const plaintext = Buffer.from(some).toString();
        // The plugin omits a padding of a whole block; WeChat adds such a padding (V9 in pay.json).
        fc.pre(Buffer.byteLength(plaintext) % 16 !== 0);
        expect(decryptReqInfo(apiV2Key, plugin.Aes.AesEcb.encrypt(plaintext, key))).toBe(plaintext);
      }),
    );
  });
});

describe('API v3 signature', () => {
  const requests = fc.record({
    method: fc.constantFrom('GET' as const, 'POST' as const),
    segment: fc.stringMatching(/^[\w|*@-]{1,32}$/),
    query: fc.dictionary(fc.stringMatching(/^[a-z_]{1,8}$/), text, { maxKeys: 3 }),
    payload: fc.dictionary(fieldName, text, { minKeys: 1, maxKeys: 4 }),
    timestamp,
    nonce,
  });

  it('agrees with three peers on any request', () => {
    const easy = new Signature(easyMerchant);
    fc.assert(
      fc.property(requests, ({ method, segment, query, payload, ...moment }) => {
        const search = String(new URLSearchParams(query));
        const url = new URL(`/v3/pay/${encodeURIComponent(segment)}?${search}`, 'https://api.mch.weixin.qq.com');
        const path = url.pathname + url.search;
        const body = method === 'GET' ? '' : JSON.stringify(payload);
        const header = authorization(merchant, { method, url, body }, outside(moment.timestamp, moment.nonce));
        const ours = /signature="([^"]+)"/.exec(header)![1];
        const message = plugin.Formatter.request(method, path, moment.timestamp, moment.nonce, body);
        expect(ours).toBe(plugin.Rsa.sign(message, privateKey));
        expect(ours).toBe(nodeV3.getSignature(method, moment.nonce, moment.timestamp, path, body));
        const expected = easy.createHeader(
          method,
          path,
          { data: body },
          moment.nonce,
          moment.timestamp as unknown as number,
        );
        expect(pairs(header)).toEqual(pairs(expected));
      }),
      { numRuns: 50 },
    );
  });

  it('agrees with two peers on the JSAPI payment of a client', () => {
    const easy = new Utils(easyMerchant);
    fc.assert(
      fc.property(nonce, nonce, (appId, prepayId) => {
        const expected = easy.buildBridgeConfig(prepayId, appId, 'RSA');
        const moment = outside(expected.timeStamp, expected.nonceStr);
        expect(signJsapiPayment(privateKey, { appId, prepayId }, moment)).toEqual(expected);
        const message = `${appId}\n${expected.timeStamp}\n${expected.nonceStr}\nprepay_id=${prepayId}\n`;
        expect(plugin.Rsa.sign(message, privateKey)).toBe(expected.paySign);
      }),
      { numRuns: 50 },
    );
  });

  it('agrees with wechatpay-axios-plugin on any signed response', () => {
    fc.assert(
      fc.property(timestamp, nonce, text, text, (seconds, once, body, other) => {
        const message = plugin.Formatter.response(seconds, once, body);
        const signature = plugin.Rsa.sign(message, privateKey);
        const signed = { timestamp: seconds, nonce: once, body: Buffer.from(body), signature };
        expect(isSignedBy(publicKey, signed)).toBe(true);
        expect(isSignedBy(publicKey, { ...signed, body: Buffer.from(other) })).toBe(other === body);
      }),
      { numRuns: 50 },
    );
  });
});

describe('encryptSensitive', () => {
  it('is readable by wechatpay-axios-plugin, up to 214 bytes', () => {
    const encryptable = anyText.map((some) => Buffer.from(some).toString());
    const longest = '1'.repeat(214);
    fc.assert(
      fc.property(encryptable, (plaintext) => {
        expect(plugin.Rsa.decrypt(encryptSensitive(publicKey, plaintext), privateKey)).toBe(plaintext);
      }),
      { numRuns: 20, examples: [[longest]] },
    );
    expect(() => encryptSensitive(publicKey, `${longest}1`)).toThrow('data too large');
  });
});

describe('API v3 cipher', () => {
  const sealing = [fc.stringMatching(/^[0-9a-zA-Z]{12}$/), text, fc.jsonValue()] as const;

  it('opens any content that a peer sealed, and the peers open each other', () => {
    fc.assert(
      fc.property(...sealing, (once, associatedData, content) => {
        const plaintext = JSON.stringify(content);
        const ciphertext = plugin.Aes.AesGcm.encrypt(plaintext, apiV3Key, once, associatedData);
        expect(AES_GCM.encrypt(plaintext, apiV3Key, once, associatedData).toString('base64')).toBe(ciphertext);
        expect(decryptResource(apiV3Key, { ciphertext, nonce: once, associatedData })).toBe(plaintext);
        expect(plugin.Aes.AesGcm.decrypt(ciphertext, apiV3Key, once, associatedData)).toBe(plaintext);
        expect(nodeV3.decipher_gcm(ciphertext, associatedData, once, apiV3Key)).toEqual(JSON.parse(plaintext));
      }),
    );
  });

  it('rejects a ciphertext with any bit flipped', () => {
    fc.assert(
      fc.property(...sealing, fc.nat(), fc.nat(7), (once, associatedData, content, at, bit) => {
        const bytes = AES_GCM.encrypt(JSON.stringify(content), apiV3Key, once, associatedData);
        bytes[at % bytes.length]! ^= 1 << bit;
        const flipped = { ciphertext: bytes.toString('base64'), nonce: once, associatedData };
        expect(() => decryptResource(apiV3Key, flipped)).toThrow('unable to authenticate');
      }),
    );
  });
});

/**
 * Splits an Authorization header into its pairs, whose order is free.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012365342
 */
function pairs(header: string): string[] {
  return header.replace('WECHATPAY2-SHA256-RSA2048 ', '').split(',').toSorted();
}
