// Vectors of the refund notification of API v2; each names its origin in vectors/pay.json.
import { createCipheriv, createDecipheriv } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { openPayNotificationV2 } from '../../lib/wechat-pay/v2/open-notification.ts';
import { decryptReqInfo } from '../../lib/wechat-pay/v2/req-info.ts';

interface Vector {
  id: string;
  alg: string;
  origin: string;
  apiV2Key: string;
  key: string;
  ciphertext: string;
  req_info: string;
  plaintext: string;
}

const file = readFileSync(new URL('vectors/pay.json', import.meta.url), 'utf8');
const { vectors } = JSON.parse(file) as { vectors: Vector[] };
const ofKind = (alg: string) => vectors.filter((vector) => vector.alg === alg);
const byId = (id: string) => vectors.find((vector) => vector.id === id)!;
const rejectedWith = (code: string) => expect.objectContaining({ name: 'AppError', code });
const own = { mchId: '1900000001', appIds: ['wx0123456789abcdef'] };

describe('decryptReqInfo', () => {
  it.each(ofKind('md5-key'))('derives the key of $id ($origin)', ({ apiV2Key, key }) => {
    const cipher = createCipheriv('aes-256-ecb', key, null);
    const sealed = cipher.update('x', 'utf8', 'base64') + cipher.final('base64');
    expect(decryptReqInfo(apiV2Key, sealed)).toBe('x');
  });

  it.each(ofKind('aes-256-ecb'))('AES-256-ECB alone opens $id ($origin)', ({ key, ciphertext, plaintext }) => {
    const decipher = createDecipheriv('aes-256-ecb', key, null);
    expect(decipher.update(ciphertext, 'base64', 'utf8') + decipher.final('utf8')).toBe(plaintext);
  });

  it.each(ofKind('req_info'))('opens $id ($origin)', ({ apiV2Key, req_info, plaintext }) => {
    expect(decryptReqInfo(apiV2Key, req_info)).toBe(plaintext);
  });
});

describe('openPayNotificationV2 for a refund', () => {
  const { apiV2Key, req_info: official } = byId('L12');
  const refundXml = (reqInfo: string, mchId = '1900000001') =>
    `<xml><return_code>SUCCESS</return_code><appid><![CDATA[wx0123456789abcdef]]></appid><mch_id><![CDATA[${mchId}]]></mch_id>` +
    `<nonce_str><![CDATA[TeqClE3i0mvn3DrK]]></nonce_str><req_info><![CDATA[${reqInfo}]]></req_info></xml>`;
  const open = (xml: string, key = apiV2Key) => openPayNotificationV2(Buffer.from(xml), { apiV2Key: key, ...own });

  it('opens L12 as a refund claim', () => {
    expect(open(refundXml(official))).toEqual({
      kind: 'refund-claim',
      refund: {
        mchId: '1900000001',
        outTradeNo: '71106718111915575302817',
        transactionId: '4200000215201811190261405420',
        outRefundNo: '131811191610442717309',
        refundId: '50000408942018111907145868882',
        status: 'SUCCESS',
        amountFen: 3960,
        totalFen: 3960,
        successAt: '2018-11-19T08:24:13.000Z',
      },
    });
  });

  it('returns a refund of another merchant as foreign', () => {
    expect(open(refundXml(official, '1900000002'))).toMatchObject({
      kind: 'refund-claim',
      refund: { mchId: '1900000002' },
      foreign: { reason: 'merchant', outTradeNo: '71106718111915575302817' },
    });
  });

  it('rejects a refund under any other key', () => {
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9]{32}$/), (key) => {
        expect(() => open(refundXml(official), key)).toThrow(rejectedWith('FORBIDDEN'));
      }),
      { numRuns: 1_000 },
    );
  });

  it('rejects any req_info that is not a ciphertext', () => {
    fc.assert(
      fc.property(fc.oneof(fc.base64String({ maxLength: 200 }), fc.stringMatching(/^[\w +/=-]+$/)), (nonsense) => {
        expect(() => open(refundXml(nonsense))).toThrow(rejectedWith('FORBIDDEN'));
      }),
    );
  });

  it('rejects V8, whose content is not XML', () => {
    const { req_info, apiV2Key: key } = byId('V8');
    expect(() => open(refundXml(req_info), key)).toThrow(rejectedWith('FORBIDDEN'));
  });

  it('opens V9, whose content is not a refund, as unreadable', () => {
    const { req_info, apiV2Key: key } = byId('V9');
    expect(open(refundXml(req_info), key)).toMatchObject({ kind: 'unreadable' });
  });
});
