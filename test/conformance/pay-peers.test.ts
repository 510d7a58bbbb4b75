// Three other implementations of the pay protocol, asked about random input: two of each part agree with ours.
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
import { decryptResource } from '../../lib/wechat-pay/v3/resource.ts';
import { authorization, isSignedBy, signJsapiPayment } from '../../lib/wechat-pay/v3/signature.ts';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
const publicPem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
const merchant = { mchId: '1900000001', certSerial: '408B07E79B8269FEC3D5D3E6AB8ED163A6A380DB', privateKey };
const apiV2Key = '192006250b4c09247ec02edce69f6a2d';
const apiV3Key = '0123456789abcdef0123456789abcdef';

/** What node-easywechat asks of a merchant here. */
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
// `_` means something to xml2js.
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

describe('the signature of API v2', () => {
  const fields = fc.dictionary(fieldName, anyText, { maxKeys: 12 });
  const withoutEmpty = (all: Record<string, string>) =>
    Object.fromEntries(Object.entries(all).filter(([, value]) => value !== ''));

  it('agrees with wechatpay-axios-plugin about any fields', () => {
    fc.assert(
      fc.property(fields, signType, (all, type) => {
        // Of nothing at all it begins with an &.
        fc.pre(Object.values(all).some((value) => value !== ''));
        const sign = plugin.Hash.sign(type, all, apiV2Key);
        expect(signFields(all, apiV2Key, type)).toBe(sign);
        expect(isSigned({ ...all, sign }, apiV2Key)).toBe(true);
      }),
    );
  });

  it('agrees with node-easywechat about any fields', () => {
    const peer = new LegacySignature(easyMerchant);
    fc.assert(
      fc.property(fields, signType, nonce, (some, type, nonceStr) => {
        // It signs empty values, which WeChat does not (pay 5.2).
        const all = { ...withoutEmpty(some), nonce_str: nonceStr, sign_type: type };
        const { sign } = peer.sign(all);
        expect(signFields(all, apiV2Key, type)).toBe(sign);
        expect(isSigned({ ...all, sign: String(sign) }, apiV2Key)).toBe(true);
      }),
    );
  });

  it('agrees with node-easywechat about what a client gets', () => {
    const peer = new Utils(easyMerchant);
    fc.assert(
      fc.property(nonce, nonce, (appId, prepayId) => {
        const theirs = peer.buildBridgeConfig(prepayId, appId, 'HMAC-SHA256');
        const moment = outside(theirs.timeStamp, theirs.nonceStr);
        expect(signJsapiPaymentV2(apiV2Key, { appId, prepayId }, moment)).toEqual(theirs);
      }),
    );
  });

  it('agrees with wechatpay-axios-plugin about what a client gets', () => {
    fc.assert(
      fc.property(nonce, nonce, nonce, timestamp, (appId, prepayId, nonceStr, seconds) => {
        const { paySign, ...signed } = signJsapiPaymentV2(apiV2Key, { appId, prepayId }, outside(seconds, nonceStr));
        expect(paySign).toBe(plugin.Hash.sign('HMAC-SHA256', signed, apiV2Key));
      }),
    );
  });
});

describe('the XML of API v2', () => {
  /** Both peers trim, and one takes nothing but blanks for nothing: blanks are our own tests' matter. */
  const value = text.map((some) => some.replaceAll(/[^\u0020-\uD7FF\uE000-\uFFFD]|^\s+|\s+$/g, '').trim());
  const fields = fc
    .dictionary(fieldName, value, { minKeys: 1, maxKeys: 8, noNullPrototype: true })
    .map((all) => Object.fromEntries(Object.entries(all).filter(([, some]) => some !== '')))
    .filter((all) => Object.keys(all).length > 0);

  it('is read by both of our readers, as they write it', () => {
    fc.assert(
      fc.property(fields, (all) => {
        expect(plugin.Transformer.toObject(writeFields(all))).toEqual(all);
        // It knows no CDATA that holds its own end.
        if (Object.values(all).some((some) => some.includes(']]>'))) return;
        expect(readFields(plugin.Transformer.toXml(all))).toEqual(all);
      }),
    );
  });

  it('is read by xml2js, and read from it', async () => {
    const builder = new Builder({ rootName: 'xml', cdata: true, headless: true });
    await fc.assert(
      fc.asyncProperty(fields, async (all) => {
        expect(await parseStringPromise(writeFields(all), { explicitArray: false })).toEqual({ xml: all });
        expect(readFields(builder.buildObject(all))).toEqual(all);
      }),
    );
  });
});

describe('req_info', () => {
  const key = plugin.Hash.md5(apiV2Key);

  it('agrees with node-easywechat about any plaintext', () => {
    fc.assert(
      fc.property(anyText, (some) => {
        const plaintext = Buffer.from(some).toString();
        const sealed = AES.encrypt(plaintext, key, '', true, 'aes-256-ecb').toString('base64');
        expect(decryptReqInfo(apiV2Key, sealed)).toBe(plaintext);
      }),
    );
  });

  it('agrees with wechatpay-axios-plugin about any plaintext', () => {
    fc.assert(
      fc.property(anyText, (some) => {
        const plaintext = Buffer.from(some).toString();
        // It leaves the padding out where it would be a whole block; WeChat does not (V9 in pay.json).
        fc.pre(Buffer.byteLength(plaintext) % 16 !== 0);
        expect(decryptReqInfo(apiV2Key, plugin.Aes.AesEcb.encrypt(plaintext, key))).toBe(plaintext);
      }),
    );
  });
});

describe('the signature of API v3', () => {
  const requests = fc.record({
    method: fc.constantFrom('GET' as const, 'POST' as const),
    segment: fc.stringMatching(/^[\w|*@-]{1,32}$/),
    query: fc.dictionary(fc.stringMatching(/^[a-z_]{1,8}$/), text, { maxKeys: 3 }),
    payload: fc.dictionary(fieldName, text, { minKeys: 1, maxKeys: 4 }),
    timestamp,
    nonce,
  });

  it('agrees with all three about any request', () => {
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
        const theirs = easy.createHeader(
          method,
          path,
          { data: body },
          moment.nonce,
          moment.timestamp as unknown as number,
        );
        expect(pairs(header)).toEqual(pairs(theirs));
      }),
      { numRuns: 50 },
    );
  });

  it('agrees with two about what a client gets', () => {
    const easy = new Utils(easyMerchant);
    fc.assert(
      fc.property(nonce, nonce, (appId, prepayId) => {
        const theirs = easy.buildBridgeConfig(prepayId, appId, 'RSA');
        const moment = outside(theirs.timeStamp, theirs.nonceStr);
        expect(signJsapiPayment(privateKey, { appId, prepayId }, moment)).toEqual(theirs);
        const message = `${appId}\n${theirs.timeStamp}\n${theirs.nonceStr}\nprepay_id=${prepayId}\n`;
        expect(plugin.Rsa.sign(message, privateKey)).toBe(theirs.paySign);
      }),
      { numRuns: 50 },
    );
  });

  it('agrees with wechatpay-axios-plugin about what WeChat signed', () => {
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

describe('the cipher of API v3', () => {
  const sealing = [fc.stringMatching(/^[0-9a-zA-Z]{12}$/), text, fc.jsonValue()] as const;

  it('opens what the others seal, and they open what is sealed for us', () => {
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

  it('does not open when any one bit of what came differs', () => {
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

/** The pairs of an Authorization header, whose order is free (pay 1.1). */
function pairs(header: string): string[] {
  return header.replace('WECHATPAY2-SHA256-RSA2048 ', '').split(',').toSorted();
}
