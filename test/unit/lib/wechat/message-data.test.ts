import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { buildMessageData, messageDataError } from '../../../../lib/wechat/message-data.ts';
import { platformError, PlatformError } from '../../../../lib/wechat/platform-error.ts';

const fitted = (key: string, value: string) => buildMessageData({ [key]: value })[key]?.value;

describe('buildMessageData', () => {
  it.each([
    ['thing1', '字'.repeat(21), '字'.repeat(20)],
    ['thing12', '😀'.repeat(21), '😀'.repeat(20)],
    ['letter1', 'x'.repeat(33), 'x'.repeat(32)],
    ['symbol1', '!'.repeat(6), '!'.repeat(5)],
    ['phrase3', '已发货了吗您', '已发货了吗'],
    ['name1', '王'.repeat(11), '王'.repeat(10)],
    ['name1', 'x'.repeat(21), 'x'.repeat(20)],
    ['time2', '2019年10月1日 15:01', '2019年10月1日 15:01'],
    ['amount4', '¥18.00元', '¥18.00元'],
    ['keyword1', 'x'.repeat(300), 'x'.repeat(300)],
    ['thing1', ' 第一行\r\n第二行\n', '第一行 第二行'],
  ])('fits the value of %s: %j becomes %j', (key, value, expected) => {
    expect(fitted(key, value)).toBe(expected);
  });

  it.each([
    ['thing1', ''],
    ['thing1', ' \n '],
    ['number1', '1'.repeat(33)],
    ['character_string2', 'x'.repeat(33)],
    ['phone_number3', '1'.repeat(18)],
    ['car_number4', '粤A8Z8888挂'],
    ['amount5', `¥${'1'.repeat(13)}`],
  ])('rejects the value of %s: %j is empty, or its meaning would change when cut', (key, value) => {
    expect(() => fitted(key, value)).toThrow(
      expect.objectContaining({ code: 'PARAM_ERROR', message: expect.stringContaining(key) }),
    );
  });

  it('returns a value without line breaks and half characters, within its limit', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (value) => {
        fc.pre(value.trim() !== '');
        const text = fitted('thing1', value)!;
        expect(text).not.toMatch(/[\r\n]/);
        expect([...text].length).toBeLessThanOrEqual(20);
        expect(text.isWellFormed()).toBe(true);
      }),
    );
  });
});

describe('messageDataError', () => {
  const errorFor = (errcode: number, errmsg = '') =>
    messageDataError(platformError('OFFICIAL', new PlatformError(errcode, errmsg)));

  it('names the template field that WeChat rejected', () => {
    expect(errorFor(47003, 'argument invalid! data.phrase4.value invalid rid: 1-2')).toMatchObject({
      code: 'PARAM_ERROR',
      message: 'WeChat rejected phrase4: it does not fit the template',
    });
    expect(errorFor(47003)).toMatchObject({ code: 'PARAM_ERROR' });
    expect(errorFor(45168)).toMatchObject({ code: 'PARAM_ERROR' });
  });

  it('returns every other error unchanged', () => {
    expect(errorFor(40037)).toMatchObject({ code: 'WECHAT_CONFIG' });
    const other = new Error('other');
    expect(messageDataError(other)).toBe(other);
  });
});
