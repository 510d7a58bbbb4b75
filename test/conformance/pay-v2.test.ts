// Published and self-made vectors of WeChat Pay API v2; each names its origin in vectors/pay.json.
import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../lib/core/errors.ts';
import { readFields, writeFields } from '../../lib/wechat-pay/v2/fields.ts';
import { openPayNotificationV2 } from '../../lib/wechat-pay/v2/open-notification.ts';
import { signJsapiPaymentV2 } from '../../lib/wechat-pay/v2/payment-sheet.ts';
import { decryptReqInfo } from '../../lib/wechat-pay/v2/req-info.ts';
import { isSigned, signFields, type V2SignType } from '../../lib/wechat-pay/v2/sign.ts';

interface Vector {
  id: string;
  alg: string;
  origin: string;
  note?: string;
  apiV2Key: string;
  key: string;
  type: V2SignType;
  string: string;
  sign: string;
  ciphertext: string;
  req_info: string;
  plaintext: string;
  md5: string;
  hmac: string;
  xmlMd5: string;
}

const file = readFileSync(new URL('vectors/pay.json', import.meta.url), 'utf8');
const { vectors, unusable } = JSON.parse(file) as { vectors: Vector[]; unusable: { value?: string }[] };
const ofKind = (alg: string) => vectors.filter((vector) => vector.alg === alg);
const byId = (id: string) => vectors.find((vector) => vector.id === id)!;
/** `k=v&k=v`, where values have `=` in them, too. */
const fieldsOf = ({ string }: Vector) =>
  Object.fromEntries(string.split('&').map((pair) => [pair.split('=')[0]!, pair.slice(pair.indexOf('=') + 1)]));
/** What a call gives back, or the code that it is refused with: nothing else may be thrown. */
const outcomeOf = (run: () => unknown): unknown => {
  try {
    return run();
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
};
const refusedAs = (code: string) => expect.objectContaining({ name: 'AppError', code });

describe('the signature of API v2', () => {
  it.each(ofKind('v2-sign'))('$id $type ($origin) $note', (vector) => {
    const { apiV2Key, type, sign } = vector;
    const fields = fieldsOf(vector);
    expect(signFields(fields, apiV2Key, type)).toBe(sign);
    expect(isSigned({ ...fields, sign }, apiV2Key)).toBe(true);
  });

  it('V12 is what a client gets', () => {
    const { apiV2Key, sign } = byId('V12');
    const { appId, nonceStr, package: pack, timeStamp } = fieldsOf(byId('V12'));
    const outside = { now: () => Number(timeStamp) * 1_000 + 999, randomBytes: () => Buffer.from(nonceStr!, 'hex') };
    const payment = signJsapiPaymentV2(
      apiV2Key,
      { appId: appId!, prepayId: pack!.slice('prepay_id='.length) },
      outside,
    );
    // Our nonces are in lower case, the one of the vector is not.
    expect(payment.nonceStr.toUpperCase()).toBe(nonceStr);
    expect(signFields({ ...payment, nonceStr: nonceStr!, paySign: '' }, apiV2Key, 'HMAC-SHA256')).toBe(sign);
    const { paySign, ...signed } = payment;
    expect(paySign).toBe(signFields(signed, apiV2Key, 'HMAC-SHA256'));
  });

  it('L13 is signed by both types', () => {
    const { string, md5, hmac, apiV2Key, xmlMd5 } = byId('L13');
    const fields = readFields(xmlMd5);
    expect(fields).toEqual({ ...fieldsOf(byId('L13')), sign: md5 });
    expect(string).not.toContain('attach');
    expect(isSigned(fields, apiV2Key)).toBe(true);
    expect(isSigned({ ...fields, sign: hmac }, apiV2Key)).toBe(true);
  });

  it('the values that do not verify are in no vector', () => {
    const text = JSON.stringify(vectors);
    const values = unusable.flatMap(({ value }) => (value === undefined ? [] : [value]));
    expect(values.filter((value) => text.includes(value))).toEqual([]);
  });
});

describe('a notification of a payment', () => {
  const { xmlMd5, apiV2Key, md5, hmac } = byId('L13');
  const open = (xml: string | Buffer) => openPayNotificationV2(Buffer.from(xml), { apiV2Key, mchId: '1900000001' });
  /** L13 with some elements changed, not signed again. */
  const changed = (from: string | RegExp, to: string) => {
    const xml = xmlMd5.replace(from, to);
    expect(xml).not.toBe(xmlMd5);
    return xml;
  };
  /** L13 with some fields changed and signed again, by HMAC. */
  const resigned = (change: Record<string, string>, key = apiV2Key) => {
    const fields = { ...readFields(xmlMd5), ...change };
    return writeFields({ ...fields, sign: signFields(fields, key, 'HMAC-SHA256') });
  };
  const transaction = {
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
  };

  it.each([
    ['L13', xmlMd5],
    ['signed by HMAC, which it does not name', changed(md5, hmac)],
    ['whose sign is in lower case', changed(md5, md5.toLowerCase())],
    ['that is laid out in lines', xmlMd5.replaceAll(/(<\/\w+>|<xml>)(?=<)/g, '$1\n  ')],
    ['without CDATA', xmlMd5.replaceAll(/<!\[CDATA\[(.*?)\]\]>/g, '$1')],
    ['with a declaration in front', `<?xml version="1.0" encoding="UTF-8"?>\n${xmlMd5}`],
    ['with a byte order mark and a blank line in front', `\uFEFF\n${xmlMd5}`],
    ['that names its type', resigned({ sign_type: 'HMAC-SHA256' })],
    ['of somebody without an openid', resigned({ openid: '' })],
    ['with fields that nobody knows yet', resigned({ promotion_x9: '{"a":1}', Zz: '0', _: ' ' })],
  ])('%s opens', (_, xml) => {
    expect(open(xml)).toEqual({ kind: 'payment', transaction });
  });

  it.each([
    ['without a sign', changed(/<sign>.*<\/sign>/, '')],
    ['with an empty sign', changed(md5, '')],
    ['with another amount', changed('<total_fee><![CDATA[100]]>', '<total_fee><![CDATA[900]]>')],
    ['with a field that was not signed', changed('</xml>', '<extra>1</extra></xml>')],
    ['without one that was', changed(/<openid>.*<\/openid>/, '')],
    ['with a space in CDATA', changed('[OTHERS]', '[OTHERS ]')],
    ['with a value in another case', changed('[OTHERS]', '[Others]')],
    ['with a name in another case', changed(/bank_type/g, 'Bank_type')],
    ['that names the other type', changed('</xml>', '<sign_type>HMAC-SHA256</sign_type></xml>')],
    ['that names a type nobody has', resigned({ sign_type: 'SHA1' })],
    ['whose sign is no hex', changed(md5, 'ﬀ'.repeat(16))],
    ['whose sign is half as long', changed(md5, md5.slice(16))],
    ['whose sign has spaces around it', changed(md5, ` ${md5} `)],
    ['signed with another key', resigned({}, apiV2Key.toUpperCase())],
  ])('%s is refused as not genuine', (_, xml) => {
    expect(() => open(xml)).toThrow(refusedAs('FORBIDDEN'));
  });

  it('is refused when any one bit of it differs', () => {
    const genuine = Buffer.from(xmlMd5);
    fc.assert(
      fc.property(fc.nat(genuine.length - 1), fc.nat(7), (at, bit) => {
        const flipped = Buffer.from(genuine);
        flipped[at]! ^= 1 << bit;
        // A letter of the sign in the other case changes nothing; nor does what stands where nobody looks.
        const outcome = outcomeOf(() => open(flipped));
        expect([{ kind: 'payment', transaction }, 'FORBIDDEN', 'PARAM_ERROR']).toContainEqual(outcome);
      }),
      { numRuns: 2_000 },
    );
  });

  it.each([
    ['a document type', `<!DOCTYPE xml>${xmlMd5}`],
    ['an entity', `<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/passwd">]>${changed('[OTHERS]', '[&a;]')}`],
    ['a comment', changed('<attach>', '<!-- x --><attach>')],
    ['an element in an element', changed('<attach><![CDATA[]]>', '<attach><b>1</b>')],
    ['a repeated element', changed('</xml>', '<total_fee>1</total_fee></xml>')],
    ['a repeated sign', changed('</xml>', `<sign>${md5}</sign></xml>`)],
    ['a repeated root', `${xmlMd5}${xmlMd5}`],
    ['text between elements', changed('<attach>', 'x<attach>')],
    ['a reserved name', changed(/attach/g, '__proto__')],
    ['another root', changed(/xml>/g, 'root>')],
    ['no end', xmlMd5.slice(0, -1)],
    ['no XML at all', '{"id":"1"}'],
    ['nothing', ''],
    ['too much', resigned({ attach: 'x'.repeat(65_536) })],
    [
      'bytes that are no UTF-8',
      Buffer.concat([Buffer.from('<xml><a>'), Buffer.from([0xff]), Buffer.from('</a></xml>')]),
    ],
  ])('with %s is refused as malformed', (_, xml) => {
    expect(() => open(xml)).toThrow(refusedAs('PARAM_ERROR'));
  });

  it.each([
    ['no transaction', { transaction_id: '' }],
    ['no time', { time_end: '' }],
    ['no amount', { total_fee: '' }],
    ['an amount with a point', { total_fee: '1.00' }],
    ['a negative amount', { total_fee: '-1' }],
    ['an amount in hex', { total_fee: '0x64' }],
    ['an amount of 64 bits', { total_fee: '18446744073709551615' }],
    ['a time of another form', { time_end: '2025-08-01T12:00:05+08:00' }],
    ['an order number that is longer than one can be', { out_trade_no: 'x'.repeat(65) }],
  ])('that WeChat signed, with %s, is refused as malformed', (_, change) => {
    expect(() => open(resigned(change))).toThrow(refusedAs('PARAM_ERROR'));
  });

  it('keeps every digit and every blank', () => {
    const [outTradeNo, transactionId] = ['0018446744073709551615', '00042000000002025080100000'];
    const opened = open(resigned({ out_trade_no: outTradeNo, transaction_id: transactionId, total_fee: '0100' }));
    expect(opened).toMatchObject({ transaction: { outTradeNo, payment: { transactionId, amountFen: 100 } } });
    expect(readFields('<xml><a><![CDATA[ 1\t\n]]></a><b> 2 </b><c>007</c></xml>')).toEqual({
      a: ' 1\t\n',
      b: ' 2 ',
      c: '007',
    });
    expect(readFields('<xml><a>&lt;&amp;lt;<![CDATA[&amp;]]></a></xml>')).toEqual({ a: '<&lt;&amp;' });
  });

  it('has the merchant and the app that it names, for the books to compare', () => {
    const named = { appId: 'wx2', mchId: '1900000002' };
    expect(open(resigned({ appid: 'wx2', mch_id: '1900000002' }))).toMatchObject({ transaction: named });
    expect(() => open(resigned({ mch_id: '' }))).toThrow(refusedAs('PARAM_ERROR'));
  });

  it('has the currency that it names', () => {
    expect(open(resigned({ fee_type: 'HKD' }))).toMatchObject({ transaction: { payment: { currency: 'HKD' } } });
    expect(open(resigned({ fee_type: '' }))).toMatchObject({ transaction: { payment: { currency: 'CNY' } } });
  });

  it('that is signed and no success is kept as it came', () => {
    const xml = resigned({ result_code: 'FAIL', err_code: 'SYSTEMERROR' });
    const id = createHash('sha256').update(xml).digest('hex');
    expect(open(xml)).toEqual({ kind: 'other', id, eventType: 'PAYMENT.FAIL', plaintext: xml });
    expect(open(resigned({ return_code: 'FAIL' }))).toMatchObject({ kind: 'other' });
    expect(() => open('<xml><mch_id>1900000001</mch_id><return_code>FAIL</return_code></xml>')).toThrow(
      refusedAs('FORBIDDEN'),
    );
  });
});

describe('req_info', () => {
  it.each(ofKind('md5-key'))('$id, the key ($origin)', ({ apiV2Key, key }) => {
    const cipher = createCipheriv('aes-256-ecb', key, null);
    const sealed = cipher.update('x', 'utf8', 'base64') + cipher.final('base64');
    expect(decryptReqInfo(apiV2Key, sealed)).toBe('x');
  });

  it.each(ofKind('aes-256-ecb'))('$id, the primitive ($origin)', ({ key, ciphertext, plaintext }) => {
    const decipher = createDecipheriv('aes-256-ecb', key, null);
    expect(decipher.update(ciphertext, 'base64', 'utf8') + decipher.final('utf8')).toBe(plaintext);
  });

  it.each(ofKind('req_info'))('$id ($origin)', ({ apiV2Key, req_info, plaintext }) => {
    expect(decryptReqInfo(apiV2Key, req_info)).toBe(plaintext);
  });
});

describe('a notification of a refund', () => {
  const { apiV2Key, req_info: official } = byId('L12');
  const letter = (reqInfo: string, mchId = '1900000001') =>
    `<xml><return_code>SUCCESS</return_code><appid><![CDATA[wx0123456789abcdef]]></appid><mch_id><![CDATA[${mchId}]]></mch_id>` +
    `<nonce_str><![CDATA[TeqClE3i0mvn3DrK]]></nonce_str><req_info><![CDATA[${reqInfo}]]></req_info></xml>`;
  const open = (xml: string, key = apiV2Key) =>
    openPayNotificationV2(Buffer.from(xml), { apiV2Key: key, mchId: '1900000001' });

  it('L12 opens', () => {
    expect(open(letter(official))).toEqual({
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

  it('that names another merchant, or does not open with our key, is refused, whatever the key', () => {
    expect(() => open(letter(official, '1900000002'))).toThrow(refusedAs('FORBIDDEN'));
    fc.assert(
      fc.property(fc.stringMatching(/^[a-z0-9]{32}$/), (key) => {
        expect(() => open(letter(official), key)).toThrow(refusedAs('FORBIDDEN'));
      }),
      { numRuns: 1_000 },
    );
  });

  it('that holds anything at all is refused, never a crash', () => {
    fc.assert(
      fc.property(fc.oneof(fc.base64String({ maxLength: 200 }), fc.stringMatching(/^[\w +/=-]+$/)), (nonsense) => {
        expect(() => open(letter(nonsense))).toThrow(refusedAs('FORBIDDEN'));
      }),
    );
  });

  it.each(['V8', 'V9'])('%s is opened, and is no refund', (id) => {
    const vector = byId(id);
    const code = id === 'V8' ? 'FORBIDDEN' : 'PARAM_ERROR';
    expect(() => open(letter(vector.req_info), vector.apiV2Key)).toThrow(refusedAs(code));
  });
});
