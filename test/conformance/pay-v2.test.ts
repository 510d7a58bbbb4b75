// Published and self-made vectors of WeChat Pay API v2; each names its origin in vectors/pay.json.
import { readFileSync } from 'node:fs';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { AppError } from '../../lib/core/errors.ts';
import { readFields, writeFields } from '../../lib/wechat-pay/v2/fields.ts';
import { openPayNotificationV2 } from '../../lib/wechat-pay/v2/open-notification.ts';
import { signJsapiPaymentV2 } from '../../lib/wechat-pay/v2/payment-sheet.ts';
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
  md5: string;
  hmac: string;
  xmlMd5: string;
}

const file = readFileSync(new URL('vectors/pay.json', import.meta.url), 'utf8');
const { vectors, unusable } = JSON.parse(file) as { vectors: Vector[]; unusable: { value?: string }[] };
const ofKind = (alg: string) => vectors.filter((vector) => vector.alg === alg);
const byId = (id: string) => vectors.find((vector) => vector.id === id)!;
/** Parses `k=v&k=v`, whose values may contain `=`. */
const fieldsOf = ({ string }: Vector) =>
  Object.fromEntries(string.split('&').map((pair) => [pair.split('=')[0]!, pair.slice(pair.indexOf('=') + 1)]));
/** Returns the result of a call, or the code of its AppError. @throws any other error */
const outcomeOf = (run: () => unknown): unknown => {
  try {
    return run();
  } catch (error) {
    if (error instanceof AppError) return error.code;
    throw error;
  }
};
const rejectedWith = (code: string) => expect.objectContaining({ name: 'AppError', code });

describe('API v2 signature', () => {
  it.each(ofKind('v2-sign'))('signs $id with $type ($origin, $note)', (vector) => {
    const { apiV2Key, type, sign } = vector;
    const fields = fieldsOf(vector);
    expect(signFields(fields, apiV2Key, type)).toBe(sign);
    expect(isSigned({ ...fields, sign }, apiV2Key)).toBe(true);
  });

  it('signs V12 as the JSAPI payment of a client', () => {
    const { apiV2Key, sign } = byId('V12');
    const { appId, nonceStr, package: pack, timeStamp } = fieldsOf(byId('V12'));
    const outside = { now: () => Number(timeStamp) * 1_000 + 999, randomBytes: () => Buffer.from(nonceStr!, 'hex') };
    const payment = signJsapiPaymentV2(
      apiV2Key,
      { appId: appId!, prepayId: pack!.slice('prepay_id='.length) },
      outside,
    );
    // signJsapiPaymentV2 writes nonces in lower case; the vector has capitals.
    expect(payment.nonceStr.toUpperCase()).toBe(nonceStr);
    expect(signFields({ ...payment, nonceStr: nonceStr!, paySign: '' }, apiV2Key, 'HMAC-SHA256')).toBe(sign);
    const { paySign, ...signed } = payment;
    expect(paySign).toBe(signFields(signed, apiV2Key, 'HMAC-SHA256'));
  });

  it('accepts L13 with the sign of either type', () => {
    const { string, md5, hmac, apiV2Key, xmlMd5 } = byId('L13');
    const fields = readFields(xmlMd5);
    expect(fields).toEqual({ ...fieldsOf(byId('L13')), sign: md5 });
    expect(string).not.toContain('attach');
    expect(isSigned(fields, apiV2Key)).toBe(true);
    expect(isSigned({ ...fields, sign: hmac }, apiV2Key)).toBe(true);
  });

  it('vectors contain no documented value that does not verify', () => {
    const text = JSON.stringify(vectors);
    const values = unusable.flatMap(({ value }) => (value === undefined ? [] : [value]));
    expect(values.filter((value) => text.includes(value))).toEqual([]);
  });
});

const own = { mchId: '1900000001', appIds: ['wx0123456789abcdef'] };

describe('openPayNotificationV2 for a payment', () => {
  const { xmlMd5, apiV2Key, md5, hmac } = byId('L13');
  const open = (xml: string | Buffer) => openPayNotificationV2(Buffer.from(xml), { apiV2Key, ...own });
  /** Changes elements of L13 without a new sign. */
  const changed = (from: string | RegExp, to: string) => {
    const xml = xmlMd5.replace(from, to);
    expect(xml).not.toBe(xmlMd5);
    return xml;
  };
  /** Changes fields of L13 and signs it with HMAC-SHA256. */
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
    ['as in L13', xmlMd5],
    ['signed with HMAC-SHA256 but without sign_type', changed(md5, hmac)],
    ['whose sign is in lower case', changed(md5, md5.toLowerCase())],
    ['with line breaks between elements', xmlMd5.replaceAll(/(<\/\w+>|<xml>)(?=<)/g, '$1\n  ')],
    ['without CDATA', xmlMd5.replaceAll(/<!\[CDATA\[(.*?)\]\]>/g, '$1')],
    ['with an XML declaration', `<?xml version="1.0" encoding="UTF-8"?>\n${xmlMd5}`],
    ['with a byte order mark and a blank line before the XML', `\uFEFF\n${xmlMd5}`],
    ['with a sign_type', resigned({ sign_type: 'HMAC-SHA256' })],
    ['without an openid', resigned({ openid: '' })],
    ['with unknown fields', resigned({ promotion_x9: '{"a":1}', Zz: '0', _: ' ' })],
  ])('opens a notification %s', (_, xml) => {
    expect(open(xml)).toEqual({ kind: 'payment', transaction });
  });

  it.each([
    ['without a sign', changed(/<sign>.*<\/sign>/, '')],
    ['with an empty sign', changed(md5, '')],
    ['with a changed amount', changed('<total_fee><![CDATA[100]]>', '<total_fee><![CDATA[900]]>')],
    ['with an added field', changed('</xml>', '<extra>1</extra></xml>')],
    ['without a signed field', changed(/<openid>.*<\/openid>/, '')],
    ['with an added space in CDATA', changed('[OTHERS]', '[OTHERS ]')],
    ['with a value in another case', changed('[OTHERS]', '[Others]')],
    ['with a name in another case', changed(/bank_type/g, 'Bank_type')],
    ['with the other sign_type', changed('</xml>', '<sign_type>HMAC-SHA256</sign_type></xml>')],
    ['with an unknown sign_type', resigned({ sign_type: 'SHA1' })],
    ['whose sign is not hex', changed(md5, 'ﬀ'.repeat(16))],
    ['whose sign is half as long', changed(md5, md5.slice(16))],
    ['whose sign has spaces around it', changed(md5, ` ${md5} `)],
    ['signed with another key', resigned({}, apiV2Key.toUpperCase())],
  ])('rejects a notification %s as FORBIDDEN', (_, xml) => {
    expect(() => open(xml)).toThrow(rejectedWith('FORBIDDEN'));
  });

  it('never returns other content when any bit of the XML is flipped', () => {
    const genuine = Buffer.from(xmlMd5);
    fc.assert(
      fc.property(fc.nat(genuine.length - 1), fc.nat(7), (at, bit) => {
        const flipped = Buffer.from(genuine);
        flipped[at]! ^= 1 << bit;
        // A bit in the case of the sign, or in an unread part of the XML, leaves the content unchanged.
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
    ['a nested element', changed('<attach><![CDATA[]]>', '<attach><b>1</b>')],
    ['a repeated element', changed('</xml>', '<total_fee>1</total_fee></xml>')],
    ['a repeated sign', changed('</xml>', `<sign>${md5}</sign></xml>`)],
    ['a repeated root', `${xmlMd5}${xmlMd5}`],
    ['text between elements', changed('<attach>', 'x<attach>')],
    ['a reserved element name', changed(/attach/g, '__proto__')],
    ['another root element', changed(/xml>/g, 'root>')],
    ['an incomplete end tag', xmlMd5.slice(0, -1)],
    ['JSON instead of XML', '{"id":"1"}'],
    ['an empty body', ''],
    ['more than 64 KiB', resigned({ attach: 'x'.repeat(65_536) })],
    [
      'bytes that are not UTF-8',
      Buffer.concat([Buffer.from('<xml><a>'), Buffer.from([0xff]), Buffer.from('</a></xml>')]),
    ],
  ])('rejects a notification with %s as PARAM_ERROR', (_, xml) => {
    expect(() => open(xml)).toThrow(rejectedWith('PARAM_ERROR'));
  });

  it.each([
    ['no transaction id', { transaction_id: '' }],
    ['no time', { time_end: '' }],
    ['no amount', { total_fee: '' }],
    ['an amount with a decimal point', { total_fee: '1.00' }],
    ['a negative amount', { total_fee: '-1' }],
    ['an amount in hex', { total_fee: '0x64' }],
    ['an amount of 64 bits', { total_fee: '18446744073709551615' }],
    ['a time in another format', { time_end: '2025-08-01T12:00:05+08:00' }],
    ['an order number that is too long', { out_trade_no: 'x'.repeat(65) }],
  ])('opens a signed notification of our merchant and app with %s as unreadable', (_, change) => {
    expect(open(resigned(change))).toMatchObject({ kind: 'unreadable', error: { code: 'INTERNAL' } });
  });

  it('keeps every digit of a number and every blank of a value', () => {
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

  it('returns the merchant and the app of the notification, for the ledger to compare', () => {
    const named = { appId: 'wx2', mchId: '1900000002' };
    expect(open(resigned({ appid: 'wx2', mch_id: '1900000002' }))).toMatchObject({ transaction: named });
    for (const missing of ['mch_id', 'return_code'])
      expect(() => open(resigned({ [missing]: '' }))).toThrow(rejectedWith('PARAM_ERROR'));
  });

  it('returns the currency of the notification, CNY by default', () => {
    expect(open(resigned({ fee_type: 'HKD' }))).toMatchObject({ transaction: { payment: { currency: 'HKD' } } });
    expect(open(resigned({ fee_type: '' }))).toMatchObject({ transaction: { payment: { currency: 'CNY' } } });
  });

  it('returns the content of a signed notification of a failed payment, whose id depends on its content', () => {
    const failed = { result_code: 'FAIL', err_code: 'SYSTEMERROR' };
    const opened = open(resigned(failed)) as { id: string; content: string };
    expect(opened).toMatchObject({ kind: 'other', eventType: 'PAYMENT.FAIL', reason: 'failed-payment' });
    const { sign: _, nonce_str: __, ...content }: Record<string, string> = { ...readFields(xmlMd5), ...failed };
    expect(JSON.parse(opened.content)).toEqual(content);
    expect(open(resigned({ ...failed, nonce_str: 'n' }).replace('<xml>', '<xml> '))).toEqual(opened);
    expect(open(resigned({ ...failed, err_code: 'OTHER' }))).not.toMatchObject({ id: opened.id });
    for (const missing of ['err_code', 'out_trade_no', 'result_code'])
      expect(open(resigned({ ...failed, [missing]: '' }))).toMatchObject({ kind: 'unreadable' });
    expect(() => open('<xml><mch_id>1900000001</mch_id><return_code>FAIL</return_code></xml>')).toThrow(
      rejectedWith('FORBIDDEN'),
    );
  });
});
