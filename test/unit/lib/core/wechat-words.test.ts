import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../lib/core/errors.ts';
import { messageForOperator, operatorFunction, WechatAnswerError, wordsOf } from '../../../../lib/core/wechat-words.ts';

const wordsFor = (text: string) => new WechatAnswerError('CODE', text).words;
const explained = new AppError('WECHAT_CONFIG', 'Check PAY_MCH_ID', {
  cause: new AppError('INTERNAL', 'inner', { cause: new WechatAnswerError('NOAUTH', '商户号该产品权限未开通') }),
});

describe('the words of WeChat', () => {
  it('are kept as sent', () => {
    const text = '输入源“/body/notify_url”映射到值字段“通知地址”字符串规则校验失败 {"location":"body","value":0}';
    expect(wordsFor(text)).toBe(text);
  });

  it.each([
    ['an openid', 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6o'],
    ['an openid that ends in a hyphen', 'oUpF8uMuAJO_M2pxb1Q9zNjWeS6-'],
    ['a phone number', '13800138000'],
    ['an API key', '0123456789abcdef0123456789abcdef'],
    ['a signature', 'mQv5xJ2kq9dXbJ3u8cYtV0w1ZrLhPnEo7GfSaUiKlT4y+Q=='],
    ['a session token', 'eyJhbGciOiJFZERTQSJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl'],
    ['a private key', '-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg\n-----END PRIVATE KEY-----'],
    ['an access token', 'access_token=short-secret'],
  ])('do not contain %s', (_, secret) => {
    const words = wordsFor(`值“${secret}”有误 {"value":"${secret}"}`);
    expect(words.startsWith('值“')).toBe(true);
    for (const part of [secret, secret.slice(4, 24), secret.split('=').at(-1) || secret])
      expect(words).not.toContain(part);
  });

  it('keep the numbers of transactions and refunds', () => {
    expect(wordsFor('订单4200000000202508010000000001已退款')).toContain('4200000000202508010000000001');
  });

  it('have at most 256 bytes, and end at a character', () => {
    const words = wordsFor('字'.repeat(5_000));
    expect(words).toBe('字'.repeat(85));
  });

  it('contain no control characters', () => {
    expect(wordsFor('a\u0000b\r\nc\u001B[31md\u202Ee')).toBe('a b c [31md e');
  });
});

describe('the message for operators', () => {
  it('contains the words behind any number of causes', () => {
    expect(wordsOf(explained)).toBe('商户号该产品权限未开通');
    expect(messageForOperator(explained)).toBe('Check PAY_MCH_ID. WeChat: 商户号该产品权限未开通');
  });

  it('is the message alone without words', () => {
    expect(messageForOperator(new AppError('NOT_FOUND', 'No order'))).toBe('No order');
    expect(wordsOf('text')).toBe('');
  });

  it('is the message of the error of an operator function', async () => {
    const failing = operatorFunction(() => Promise.reject(explained));
    await expect(failing({})).rejects.toMatchObject({
      code: 'WECHAT_CONFIG',
      message: 'Check PAY_MCH_ID. WeChat: 商户号该产品权限未开通',
    });
    const broken = new TypeError('x is not a function');
    await expect(operatorFunction(() => Promise.reject(broken))({})).rejects.toBe(broken);
    await expect(operatorFunction(async (input) => input)('in')).resolves.toBe('in');
  });
});
