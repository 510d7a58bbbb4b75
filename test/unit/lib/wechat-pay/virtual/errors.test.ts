import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../../lib/core/errors.ts';
import { wordsOf } from '../../../../../lib/core/wechat-words.ts';
import { virtualError } from '../../../../../lib/wechat-pay/virtual/errors.ts';
import { isDeclined, isUnknownOutcome } from '../../../../../lib/wechat-pay/errors.ts';
import { platformError, PlatformError } from '../../../../../lib/wechat/platform-error.ts';

const errorOf = (errcode: number, errmsg = 'x') =>
  virtualError(platformError('MINIAPP', new PlatformError(errcode, errmsg))) as AppError;

describe('virtualError', () => {
  it.each([
    [268490001, 'WECHAT_CONFIG', /openid.*MINIAPP_APP_ID/],
    [268490002, 'INTERNAL', /invalid/],
    [268490003, 'WECHAT_CONFIG', /VIRTUAL_PAY_APP_KEY.*VIRTUAL_PAY_ENV/],
    [268490005, 'ORDER_STATE_CONFLICT', /refunded/],
    [268490006, 'FORBIDDEN', /too little money/],
    [268490007, 'FORBIDDEN', /sensitive/],
    [268490009, 'SESSION_EXPIRED', /wx\.login/],
    [268490011, 'WECHAT_UNAVAILABLE', /still making/],
    [268490012, 'RATE_LIMITED', /limits/],
    [268490013, 'FORBIDDEN', /no refund/],
    [268490014, 'RATE_LIMITED', /still processing/],
    [268490015, 'RATE_LIMITED', /limits/],
    [268490016, 'ORDER_STATE_CONFLICT', /rest/],
  ] as const)('converts %i to %s, and says what to do', (errcode, code, message) => {
    const error = errorOf(errcode);
    expect([error.code, error.message]).toEqual([code, expect.stringMatching(message)]);
    expect(error.retryAfterSeconds).toBe(code === 'RATE_LIMITED' ? 10 : undefined);
  });

  it.each(['数据不存在', 'data not exist', 'Data not found'])('converts 268490002 with "%s" to NOT_FOUND', (words) => {
    expect(errorOf(268490002, `${words} rid: 1`).code).toBe('NOT_FOUND');
  });

  it('keeps the words of WeChat for operators', () => {
    expect(wordsOf(errorOf(268490002, '签名字段[pay_sig]为空'))).toBe('签名字段[pay_sig]为空');
  });

  it.each([268490010, 268490099])('treats the unlisted errcode %i as an unknown outcome', (errcode) => {
    expect(isUnknownOutcome(errorOf(errcode))).toBe(true);
  });

  it('counts a refund under way as neither declined nor unknown, so that the amount stays reserved', () => {
    const error = errorOf(268490014);
    expect([isDeclined(error), isUnknownOutcome(error)]).toEqual([false, false]);
  });

  it('returns any other error as it is', () => {
    for (const error of [new Error('x'), new AppError('WECHAT_TIMEOUT', 'late')]) {
      expect(virtualError(error)).toBe(error);
    }
  });
});
