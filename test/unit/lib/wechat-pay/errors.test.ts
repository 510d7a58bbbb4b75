import { describe, expect, it } from 'vitest';
import type { AppError } from '../../../../lib/core/errors.ts';
import { wordsOf } from '../../../../lib/core/wechat-words.ts';
import { billError, errorOfPayCode, isDeclined, payCodeOf } from '../../../../lib/wechat-pay/errors.ts';
import { errorOfResponse } from '../../../../lib/wechat-pay/v3/response-error.ts';

const answer = (status: number, body: unknown): AppError =>
  errorOfResponse({ status, headers: { 'request-id': '08-1' }, body: Buffer.from(JSON.stringify(body)) });
const URL_RULE = '^https?://([^\\s/?#\\[\\]\\@]+\\@)?([^\\s/?#\\@:]+)(?::\\d{2,5})?([^\\s?#\\[\\]]*)$';
const fieldMessage = (field: string, rule: string) =>
  `输入源“/body/${field}”映射到值字段“通知地址”字符串规则校验失败，${rule}`;

describe('errorOfResponse', () => {
  // Answers as developers published them: labring/sealos #2300, Javen205/IJPay #79, dromara/payment-spring-boot #38,
  // community posts 000a28367f8dd812ed30bb39b61800 and 00028c48b485e02834efd059b51000.
  it.each<[string, number, unknown, string, RegExp]>([
    [
      'a wrong notification URL',
      400,
      {
        code: 'PARAM_ERROR',
        message: fieldMessage('notify_url', `字符串必须匹配正则表达式“${URL_RULE}”`),
        detail: { location: 'body', value: '' },
      },
      'WECHAT_CONFIG',
      /PAY_NOTIFY_URL/,
    ],
    [
      'a documented detail',
      400,
      {
        code: 'PARAM_ERROR',
        message: '参数错误',
        detail: { field: '/notify_url', value: 'x', issue: 'y', location: 'body' },
      },
      'WECHAT_CONFIG',
      /PAY_NOTIFY_URL/,
    ],
    [
      'a detail with a number',
      400,
      {
        code: 'PARAM_ERROR',
        message: fieldMessage('description', '字节数 145，大于最大值 127'),
        detail: { location: 'body', value: 145 },
      },
      'INTERNAL',
      /rejected the request as invalid/,
    ],
    ['a detail that is null', 400, { code: 'PARAM_ERROR', message: 'x', detail: null }, 'INTERNAL', /invalid/],
    [
      'a detail that is a list',
      400,
      { code: 'PARAM_ERROR', message: 'x', detail: [{ field: 1 }] },
      'INTERNAL',
      /invalid/,
    ],
    ['a detail that is a text', 400, { code: 'PARAM_ERROR', message: 'x', detail: 'y' }, 'INTERNAL', /invalid/],
    ['a missing message', 400, { code: 'PARAM_ERROR' }, 'INTERNAL', /invalid/],
    ['a message that is no text', 400, { code: 'PARAM_ERROR', message: 7 }, 'INTERNAL', /invalid/],
    [
      'a number in use',
      400,
      { code: 'INVALID_REQUEST', message: '201 商户订单号重复' },
      'ORDER_STATE_CONFLICT',
      /different order/,
    ],
    [
      'a documented number in use',
      403,
      { code: 'OUT_TRADE_NO_USED', message: 'x' },
      'ORDER_STATE_CONFLICT',
      /different order/,
    ],
    ['another number in a text', 400, { code: 'INVALID_REQUEST', message: '2012-01-01 无效' }, 'INTERNAL', /invalid/],
    [
      'a wrong openid',
      400,
      { code: 'PARAM_ERROR', message: '无效的openid' },
      'WECHAT_CONFIG',
      /MINIAPP_APP_ID and OFFICIAL_APP_ID/,
    ],
    ['a documented wrong openid', 500, { code: 'OPENID_MISMATCH', message: 'x' }, 'WECHAT_CONFIG', /MINIAPP_APP_ID/],
    ['a closed order', 400, { code: 'ORDER_CLOSED', message: '订单已关闭' }, 'ORDER_STATE_CONFLICT', /closed/],
    [
      'an unknown code',
      500,
      { code: 'SOMETHING_NEW', message: '无效的openid' },
      'WECHAT_UNAVAILABLE',
      /could not process/,
    ],
    ['no JSON', 502, 'bad gateway', 'WECHAT_UNAVAILABLE', /could not process/],
  ])('reads %s', (_, status, body, code, message) => {
    expect(answer(status, body)).toMatchObject({ code, message: expect.stringMatching(message) });
  });

  it('keeps message and detail for operators', () => {
    const error = answer(400, {
      code: 'PARAM_ERROR',
      message: '参数错误',
      detail: { location: 'body', value: [1, null] },
    });
    expect(wordsOf(error)).toBe('参数错误 {"location":"body","value":[1,null]}');
    expect(error.message).not.toContain('参数错误');
  });

  it('keeps no openid of the text that SIGN_ERROR repeats', () => {
    const openId = 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o';
    const detail = { sign_information: { truncated_sign_message: `POST\n/v3\n{"payer":{"openid":"${openId}"}}` } };
    expect(wordsOf(answer(401, { code: 'SIGN_ERROR', message: '签名错误', detail }))).not.toContain(
      openId.slice(1, 20),
    );
  });
});

describe('billError', () => {
  const ofText = (code: string, text: string) => billError(errorOfPayCode(code, 'bill', { text }));

  it.each([
    ['INVALID_REQUEST', '账单日期超出范围'],
    ['INVALID_REQUEST', '请检查bill_date'],
    ['PARAM_ERROR', '时间格式不正确'],
    ['PARAM_ERROR', '输入源“/query/bill_date”映射到值字段“账单日期”规则校验失败'],
  ])('is PARAM_ERROR for %s %s', (code, text) => {
    expect(ofText(code, text)).toMatchObject({ code: 'PARAM_ERROR' });
    expect(wordsOf(ofText(code, text))).toBe(text);
  });

  it.each([
    ['INVALID_REQUEST', 'Http头缺少Accept或User-Agent', 'INTERNAL'],
    ['INVALID_REQUEST', '商户号不存在', 'WECHAT_CONFIG'],
    ['NO_AUTH', '账单日期', 'WECHAT_CONFIG'],
    ['SYSTEM_ERROR', '账单日期', 'WECHAT_UNAVAILABLE'],
  ])('keeps the error of %s %s', (code, text, expected) => {
    expect(ofText(code, text)).toMatchObject({ code: expected });
  });
});

describe('isDeclined', () => {
  it.each([
    ['RULE_LIMIT', true],
    ['PARAM_ERROR', true],
    ['NO_AUTH', true],
    ['SIGN_ERROR', false],
    ['OPENID_MISMATCH', false],
    ['OUT_TRADE_NO_USED', false],
    ['FREQUENCY_LIMITED', false],
    ['SYSTEM_ERROR', false],
    ['ORDER_NOT_EXIST', false],
  ])('of %s is %s', (code, declined) => {
    expect(isDeclined(errorOfPayCode(code, 'create'))).toBe(declined);
    expect(payCodeOf(errorOfPayCode(code, 'create'))).toBe(code.replaceAll('_', ''));
  });
});
