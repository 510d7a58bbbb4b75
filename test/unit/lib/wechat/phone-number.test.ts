import * as fc from 'fast-check';
import * as v from 'valibot';
import { describe, expect, it } from 'vitest';
import { e164, phoneInfo } from '../../../../lib/wechat/phone-number.ts';

/** Parses the fields like a response of WeChat, and resolves the number. */
const resolve = (countryCode: unknown, purePhoneNumber: string, phoneNumber: unknown = purePhoneNumber) => {
  const watermark = { appid: 'wx', timestamp: 1 };
  return e164(v.parse(phoneInfo, { countryCode, purePhoneNumber, phoneNumber, watermark }));
};

describe('e164', () => {
  it.each([
    ['86', '13580006666', '13580006666', '+8613580006666'],
    [86, '13580006666', '13580006666', '+8613580006666'],
    ['+86', '13580006666', '13580006666', '+8613580006666'],
    ['86', '13580006666', '+86 135-8000-6666', '+8613580006666'],
    ['86', '8613580006666', '8613580006666', '+8613580006666'],
    ['', '13580006666', '13580006666', '+8613580006666'],
    [null, '13580006666', undefined, '+8613580006666'],
    ['', '13580006666', '+8613580006666', '+8613580006666'],
    ['', '13580006666', '8613580006666', '+8613580006666'],
    ['852', '98765432', '+85298765432', '+85298765432'],
    ['+852', '98765432', '85298765432', '+85298765432'],
    [852, '98765432', '98765432', '+85298765432'],
    ['', '98765432', '+85298765432', '+85298765432'],
    ['', '+85298765432', '+85298765432', '+85298765432'],
    ['7', '7012345678', '+77012345678', '+77012345678'],
    ['1', '3105551234', '+13105551234', '+13105551234'],
    ['1', '3105551234', '3105551234', '+13105551234'],
    ['1', '13105551234', '13105551234', '+13105551234'],
    // A code of an area list: the number without the area, with the area, and with the area twice.
    ['1242', '3456789', '+12423456789', '+12423456789'],
    ['1242', '3456789', '3456789', '+12423456789'],
    ['1242', '2423456789', '+12423456789', '+12423456789'],
    ['1242', '2423456789', '2423456789', '+12423456789'],
    ['1242', '2423456789', '+12422423456789', '+12423456789'],
    ['1876', '8765551234', '8765551234', '+18765551234'],
    ['1-876', '8765551234', '+1 (876) 555-1234', '+18765551234'],
    // The same digits in an area that does not repeat.
    ['1242', '2422424', '+12422422424', '+12422422424'],
    ['1', '3456789', '+12423456789', '+12423456789'],
    // Other codes of more than a country, with a full number that decides.
    ['5999', '95123456', '+59995123456', '+59995123456'],
    ['44-1624', '7624123456', '+44 7624 123456', '+447624123456'],
    ['599', '5123456', '+59995123456', '+59995123456'],
  ])('resolves code %j, pure %j, full %j to %s', (code, pure, full, number) => {
    expect(resolve(code, pure, full)).toBe(number);
  });

  it.each([
    ['a foreign number without a code', '', '98765432', '98765432'],
    ['a number of another country than its code', '86', '98765432', '+85298765432'],
    ['a North American code with a number of another country', '1', '3105551234', '+443105551234'],
    ['two different numbers', '86', '13580006666', '13580007777'],
    ['a number that may contain its code', '7', '7012345678', '7012345678'],
    ['a short number of China', '86', '1358000666', '1358000666'],
    ['a short number of North America', '1242', '345678', '345678'],
    ['a number with more than 15 digits', '44', '12345678901234', '12345678901234'],
    ['a number with an extension', '44', '7911123456x9', '7911123456x9'],
    ['a code of letters', 'US', '13105551234', '13105551234'],
    ['a number that may repeat the area of its code', '5999', '95123456', '95123456'],
    ['a full number that may repeat the area of its code', '5999', '95123456', '+599995123456'],
    ['a number that begins with a part of its code', '852', '98765432', '+898765432'],
    ['a full number that begins with no country code', '', '98765432', '+898765432'],
    ['a number with an international prefix', '86', '13580006666', '008613580006666'],
  ])('does not resolve %s', (_, code, pure, full) => {
    expect(resolve(code, pure, full)).toBeUndefined();
  });

  it('resolves any rendering of a number to that number, or to nothing', () => {
    const plans = fc.oneof(
      fc.tuple(fc.constant('86'), fc.stringMatching(/^1[3-9]\d{9}$/)),
      fc.tuple(fc.constantFrom('44', '49', '852', '7', '971'), fc.stringMatching(/^[1-9]\d{7,9}$/)),
      fc
        .tuple(fc.constantFrom('1', '1242', '1876'), fc.stringMatching(/^[2-9]\d{6}$/))
        .map(([code, local]): [string, string] => (code === '1' ? [code, `310${local}`] : [code, local])),
    );
    const codeForms = fc.constantFrom<(code: string) => unknown>(
      (code) => code,
      (code) => `+${code}`,
      (code) => Number(code),
      () => '',
    );
    const fullForms = fc.constantFrom<(code: string, pure: string) => string>(
      (_, pure) => pure,
      (code, pure) => code + pure,
      (code, pure) => `+${code}${pure}`,
      (code, pure) => `+${code} ${pure.slice(0, 3)}-${pure.slice(3)}`,
    );
    fc.assert(
      fc.property(plans, codeForms, fullForms, fc.boolean(), ([code, local], codeForm, fullForm, withArea) => {
        const pure = withArea && code.length === 4 ? code.slice(1) + local : local;
        const expected = `+${code}${local}`;
        const found = resolve(codeForm(code), pure, fullForm(code, pure));
        // Without a code, a foreign number can look like a mobile number of China, which WeChat documents without a code.
        fc.pre(!(codeForm(code) === '' && fullForm(code, pure) === pure && code !== '86'));
        expect([expected, undefined]).toContain(found);
        const mustResolve = codeForm(code) !== '' && fullForm(code, pure).startsWith('+');
        expect(found === undefined && mustResolve).toBe(false);
      }),
    );
  });

  it('returns E.164 or nothing for any text', () => {
    const text = fc.oneof(fc.string(), fc.stringMatching(/^[+ \d-]{0,20}$/));
    fc.assert(
      fc.property(text, text, text, (countryCode, purePhoneNumber, phoneNumber) => {
        expect(e164({ countryCode, purePhoneNumber, phoneNumber }) ?? '+8613580006666').toMatch(/^\+[1-9]\d{6,14}$/);
      }),
    );
  });
});
