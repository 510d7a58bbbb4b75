import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { callPayV2, type PayV2Call } from '../../../../../lib/wechat-pay/v2/client.ts';
import { isSigned } from '../../../../../lib/wechat-pay/v2/sign.ts';
import { wordsOf } from '../../../../../lib/core/wechat-words.ts';
import { apiV2Key, raw, declined, appError, signed, wechat, xml, type Answer } from './wechat.ts';

const query: PayV2Call = { path: '/pay/orderquery', fields: { appid: 'wx1', out_trade_no: 'T1' } };
const close: PayV2Call = { ...query, path: '/pay/closeorder' };
const anyText = fc.string({ unit: 'binary' });
const fail = (text: string) => xml({ return_code: 'FAIL', return_msg: text });

describe('callPayV2, request', () => {
  it('contains the merchant, a nonce, the sign type and an HMAC-SHA256 signature', async () => {
    const { deps, sent, fieldsOf } = wechat(signed({}));
    await callPayV2(deps, query);
    const { sign, ...fields } = fieldsOf(0);
    expect(sent[0]).toMatchObject({ method: 'POST', timeoutMs: 5_000 });
    expect(String(sent[0]!.url)).toBe('http://pay/pay/orderquery');
    expect(sent[0]!.headers).toMatchObject({ 'content-type': 'text/xml; charset=utf-8' });
    expect(fields).toEqual({
      appid: 'wx1',
      out_trade_no: 'T1',
      mch_id: '1900000001',
      nonce_str: '01'.repeat(16),
      sign_type: 'HMAC-SHA256',
    });
    expect(sign).toMatch(/^[\dA-F]{64}$/);
    expect(isSigned(fieldsOf(0), apiV2Key)).toBe(true);
  });

  it('has a valid signature for any text in its fields', async () => {
    await fc.assert(
      fc.asyncProperty(anyText, async (body) => {
        const { deps, fieldsOf } = wechat(signed({}));
        await callPayV2(deps, { ...query, fields: { appid: 'wx1', body } });
        expect(isSigned(fieldsOf(0), apiV2Key)).toBe(true);
      }),
    );
  });

  it('leaves out empty fields', async () => {
    const { deps, sent } = wechat(signed({}));
    await callPayV2(deps, { ...query, fields: { appid: 'wx1', attach: '' } });
    expect(sent[0]!.body).not.toContain('attach');
  });
});

describe('callPayV2', () => {
  it('returns every field of the response', async () => {
    const { deps } = wechat(signed({ total_fee: '0100', some_new_field: ' x ' }));
    await expect(callPayV2(deps, query)).resolves.toMatchObject({ total_fee: '0100', some_new_field: ' x ' });
  });

  it('accepts a response without the app and the merchant', async () => {
    const { deps } = wechat(signed({ appid: '', mch_id: '' }));
    await expect(callPayV2(deps, query)).resolves.toMatchObject({ result_code: 'SUCCESS' });
  });

  it.each<[string, Answer, string]>([
    ['ORDERPAID', declined('ORDERPAID'), 'ORDER_STATE_CONFLICT'],
    ['ORDER_NOT_EXIST', declined('ORDER_NOT_EXIST'), 'NOT_FOUND'],
    ['FREQUENCY_LIMITED', declined('FREQUENCY_LIMITED'), 'RATE_LIMITED'],
    ['NOAUTH', declined('NOAUTH'), 'WECHAT_CONFIG'],
    ['LACK_PARAMS', declined('LACK_PARAMS'), 'INTERNAL'],
    ['签名错误', fail('签名错误，请检查后再试'), 'WECHAT_CONFIG'],
    ['a field of a wrong length', fail('attach参数长度有误'), 'INTERNAL'],
    ['an app of a wrong length', fail('appid参数长度有误'), 'WECHAT_CONFIG'],
    [
      'a long description',
      fail('输入源“/body/xml/body”映射到值字段“商品描述”字符串规则校验失败，字节数 200，大于最大值 128'),
      'INTERNAL',
    ],
    ['the openid of another app', fail('无效的openid'), 'WECHAT_CONFIG'],
    ['a signed openid of another app', declined('PARAM_ERROR', '无效的openid'), 'WECHAT_CONFIG'],
    ['a wrong notification URL', fail('invalid notify_url'), 'WECHAT_CONFIG'],
    ['a product that is not open', fail('商户号该产品权限未开通，请前往商户平台>产品中心检查后重试'), 'WECHAT_CONFIG'],
    ['a restricted merchant', fail('此商家的收款功能已被限制，暂无法支付。'), 'WECHAT_CONFIG'],
    ['too many requests', fail('请求频率过高，请稍后再试'), 'RATE_LIMITED'],
    ['any other text', fail('该功能已下线'), 'INTERNAL'],
    ['an unknown merchant', fail('商户号mch_id不存在'), 'WECHAT_CONFIG'],
    ['an unknown app', fail('appid不存在'), 'WECHAT_CONFIG'],
    ['an app of another merchant', fail('appid和mch_id不匹配'), 'WECHAT_CONFIG'],
    ['a malformed request', fail('XML格式错误'), 'INTERNAL'],
    ['a missing field', fail('缺少参数out_trade_no'), 'INTERNAL'],
  ])('throws without a retry when WeChat declines with %s', async (_, answer, code) => {
    const { deps, sent } = wechat(answer);
    await expect(callPayV2(deps, query)).rejects.toThrow(appError(code));
    expect(sent).toHaveLength(1);
  });

  it.each<[string, Answer]>([
    ['err_code_des', declined('NOAUTH', '商户无权限')],
    ['result_msg', signed({ result_code: 'FAIL', err_code: 'NOAUTH', result_msg: '商户无权限' })],
    ['return_msg', fail('商户无权限')],
  ])('keeps the words of WeChat in %s for operators, and not in the message', async (_, answer) => {
    const error = await callPayV2(wechat(answer).deps, close).catch((thrown: unknown) => thrown as Error);
    expect(wordsOf(error)).toBe('商户无权限');
    expect((error as Error).message).not.toContain('商户无权限');
  });

  it('treats an unsigned decline as an unknown outcome', async () => {
    const unsigned = xml({ return_code: 'SUCCESS', result_code: 'FAIL', err_code: 'ORDERCLOSED' });
    const { deps } = wechat(unsigned, unsigned);
    await expect(callPayV2(deps, close)).rejects.toThrow(appError('WECHAT_UNAVAILABLE'));
  });
});

const UNKNOWN_OUTCOMES: [string, Answer][] = [
  ['a timeout', 'timeout'],
  ['a failed connection', 'unreachable'],
  ['a status of 502', raw('<xml></xml>', 502)],
  ['a failure with a status of 400', raw('<xml><return_code>FAIL</return_code></xml>', 400)],
  ['garbage', raw('<html>')],
  ['JSON', raw('{}')],
  ['an empty body', raw('')],
  ['a document type', raw('<!DOCTYPE xml><xml><return_code>SUCCESS</return_code></xml>')],
  ['a repeated field', raw('<xml><return_code>SUCCESS</return_code><return_code>SUCCESS</return_code></xml>')],
  ['a failure without a message', xml({ return_code: 'FAIL' })],
  ['the text 系统繁忙', fail('系统繁忙,请稍后再试.')],
  ['the text 系统超时', fail('系统超时')],
  ['the text SYSTEMERROR', fail('SYSTEMERROR')],
  ['an overload with an unsigned code', xml({ return_code: 'FAIL', return_msg: '系统繁忙', err_code: 'ORDERCLOSED' })],
  ['no return_code', xml({ result_code: 'SUCCESS' })],
  ['no signature', xml({ return_code: 'SUCCESS', result_code: 'SUCCESS', trade_state: 'SUCCESS' })],
  ['a signature with another key', signed({}, apiV2Key.toUpperCase())],
  ['another merchant', signed({ mch_id: '1900000002' })],
  ['another app', signed({ appid: 'wx2' })],
  ['no result_code', signed({ result_code: '' })],
  ['a decline without a code', signed({ result_code: 'FAIL' })],
  ['SYSTEMERROR', declined('SYSTEMERROR')],
  ['BIZERR_NEED_RETRY', declined('BIZERR_NEED_RETRY')],
  ['an unknown code', declined('SOMETHING_NEW')],
];

describe('callPayV2, unknown outcome', () => {
  it.each(UNKNOWN_OUTCOMES)('after %s sends the same request once more', async (_, answer) => {
    const { deps, sent, pausesMs, lines } = wechat(answer, signed({ trade_state: 'NOTPAY' }));
    await expect(callPayV2(deps, query)).resolves.toMatchObject({ trade_state: 'NOTPAY' });
    expect(sent).toHaveLength(2);
    expect(sent[1]).toEqual(sent[0]);
    expect(pausesMs).toEqual([500]);
    expect(lines).toEqual(['pay-call.failed']);
  });

  it.each(UNKNOWN_OUTCOMES)('after %s twice throws an error with an unknown outcome', async (_, answer) => {
    const { deps, sent } = wechat(answer, answer);
    const code = answer === 'timeout' ? 'WECHAT_TIMEOUT' : 'WECHAT_UNAVAILABLE';
    await expect(callPayV2(deps, query)).rejects.toThrow(appError(code));
    expect(sent).toHaveLength(2);
  });

  it('of a change stays unknown when WeChat declines the retry', async () => {
    const { deps } = wechat('timeout', declined('ORDERPAID'));
    await expect(callPayV2(deps, close)).rejects.toThrow(appError('WECHAT_TIMEOUT'));
    const create = wechat('timeout', declined('OUT_TRADE_NO_USED'));
    await expect(callPayV2(create.deps, { ...close, path: '/pay/unifiedorder' })).rejects.toThrow(
      appError('WECHAT_TIMEOUT'),
    );
  });

  it('of a query is resolved by the retry', async () => {
    const { deps } = wechat('timeout', declined('ORDERNOTEXIST'));
    await expect(callPayV2(deps, query)).rejects.toThrow(appError('NOT_FOUND'));
  });
});
