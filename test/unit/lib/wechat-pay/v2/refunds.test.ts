import { createCipheriv, createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { ACCEPTED_ANSWER, failedAnswer } from '../../../../../lib/wechat-pay/v2/answer.ts';
import { payApiV2, refundApiV2 } from '../../../../../lib/wechat-pay/v2/api.ts';
import { readFields } from '../../../../../lib/wechat-pay/v2/fields.ts';
import { openPayNotificationV2 } from '../../../../../lib/wechat-pay/v2/open-notification.ts';
import { isSigned } from '../../../../../lib/wechat-pay/v2/sign.ts';
import { apiV2Key, order, declined, appError, signed, wechat } from './wechat.ts';

const expected = {
  mchId: '1900000001',
  outTradeNo: 'T1',
  transactionId: '42',
  outRefundNo: 'R1',
  refundId: '50',
  status: 'SUCCESS',
  amountFen: 40,
  totalFen: 100,
  successAt: '2025-08-02T01:00:07.000Z',
};
const { successAt: _successAt, ...withoutTime } = expected;

describe('refundApiV2', () => {
  const done = {
    appid: 'wx_any',
    out_trade_no: 'T1',
    transaction_id: '42',
    total_fee: '100',
    refund_count: '1',
    out_refund_no_0: 'R1',
    refund_id_0: '50',
    refund_fee_0: '40',
    settlement_refund_fee_0: '39',
    refund_status_0: 'SUCCESS',
    refund_success_time_0: '2025-08-02 09:00:07',
  };
  const query = (fields: Record<string, string>) =>
    refundApiV2(wechat(signed(fields)).deps).query({ outRefundNo: 'R1' }, order);

  it('queries a refund by its number, for any app of the merchant', async () => {
    const { deps, sent, fieldsOf } = wechat(signed(done));
    await expect(refundApiV2(deps).query({ outRefundNo: 'R1' }, order)).resolves.toEqual(expected);
    expect(String(sent[0]!.url)).toBe('http://pay/pay/refundquery');
    expect(fieldsOf(0)).toMatchObject({ appid: 'wx_any', out_refund_no: 'R1' });
  });

  it.each([
    ['PROCESSING', 'PROCESSING'],
    ['REFUNDCLOSE', 'CLOSED'],
    ['CHANGE', 'ABNORMAL'],
  ])('maps the status %s to %s', async (statusV2, status) => {
    const refund = { ...withoutTime, status };
    await expect(query({ ...done, refund_status_0: statusV2 })).resolves.toEqual(refund);
    await expect(query({ ...done, refund_status_0: statusV2, refund_success_time_0: '' })).resolves.toEqual(refund);
  });

  it('returns no time when WeChat sends no time', async () => {
    await expect(query({ ...done, refund_success_time_0: '' })).resolves.toEqual(withoutTime);
  });

  it.each([
    ['another refund', { ...done, out_refund_no_0: 'R2' }],
    ['no refund', { ...done, out_refund_no_0: '' }],
    ['an unknown status', { ...done, refund_status_0: 'constructor' }],
    ['an invalid amount', { ...done, refund_fee_0: '0.40' }],
    ['no total', { ...done, total_fee: '' }],
    ['an invalid time', { ...done, refund_success_time_0: 'soon' }],
  ])('rejects a response with %s', async (_, fields) => {
    await expect(query(fields)).rejects.toThrow(appError('WECHAT_UNAVAILABLE'));
  });

  it('throws NOT_FOUND for an unknown refund', async () => {
    const { deps } = wechat(declinedFor('REFUNDNOTEXIST'));
    await expect(refundApiV2(deps).query({ outRefundNo: 'R1' }, order)).rejects.toThrow(appError('NOT_FOUND'));
  });

  const declinedFor = (code: string) => signed({ appid: 'wx_any', result_code: 'FAIL', err_code: code });
});

describe('openPayNotificationV2', () => {
  const seal = (plaintext: string) => {
    const cipher = createCipheriv('aes-256-ecb', createHash('md5').update(apiV2Key).digest('hex'), null);
    return cipher.update(plaintext, 'utf8', 'base64') + cipher.final('base64');
  };
  const open = (plaintext: string) => {
    const body = `<xml><return_code>SUCCESS</return_code><mch_id>1900000001</mch_id><req_info>${seal(plaintext)}</req_info></xml>`;
    return openPayNotificationV2(Buffer.from(body), { apiV2Key, mchId: '1900000001', appIds: ['wx_any'] });
  };
  const root = (change: Record<string, string> = {}) => {
    const fields = {
      out_trade_no: 'T1',
      transaction_id: '42',
      out_refund_no: 'R1',
      refund_id: '50',
      refund_status: 'SUCCESS',
      refund_fee: '40',
      settlement_refund_fee: '39',
      total_fee: '100',
      success_time: '2025-08-02 09:00:07',
      ...change,
    };
    const elements = Object.entries(fields).map(([name, value]) => `<${name}><![CDATA[${value}]]></${name}>`);
    return `<root>${elements.join('')}</root>`;
  };

  it('opens an encrypted refund notification', () => {
    expect(open(root())).toEqual({ kind: 'refund-claim', refund: expected });
    expect(open(root({ refund_status: 'CHANGE', success_time: '' }))).toMatchObject({ refund: { status: 'ABNORMAL' } });
    expect(open(root({ refund_status: 'REFUNDCLOSE' }))).toEqual({
      kind: 'refund-claim',
      refund: { ...withoutTime, status: 'CLOSED' },
    });
  });

  it.each([
    ['no number', root({ out_refund_no: '' })],
    ['a number of 65 characters', root({ out_refund_no: 'R'.repeat(65) })],
    ['an unknown status', root({ refund_status: 'DONE' })],
  ])('opens a refund notification with %s as unreadable', (_, plaintext) => {
    expect(open(plaintext)).toMatchObject({ kind: 'unreadable', error: { code: 'INTERNAL' } });
  });

  it.each([
    ['another root', root().replaceAll('root>', 'xml>'), 'FORBIDDEN'],
    ['a document type', `<!DOCTYPE root>${root()}`, 'FORBIDDEN'],
    ['a repeated element', root().replace('</root>', '<refund_fee>1</refund_fee></root>'), 'FORBIDDEN'],
  ])('rejects a refund notification with %s', (_, plaintext, code) => {
    expect(() => open(plaintext)).toThrow(appError(code));
  });
});

describe('answers to a notification', () => {
  it('accept with the fixed SUCCESS document, byte for byte', () => {
    expect(ACCEPTED_ANSWER).toBe(
      '<xml><return_code><![CDATA[SUCCESS]]></return_code><return_msg><![CDATA[OK]]></return_msg></xml>',
    );
  });

  it('reject with FAIL and an escaped reason', () => {
    const reason = ']]></return_msg><return_code>SUCCESS</return_code> & <x>';
    expect(readFields(failedAnswer(reason))).toEqual({ return_code: 'FAIL', return_msg: reason });
  });
});

describe('payApiV2', () => {
  it('creates, signs, queries and closes an order', async () => {
    const state = { out_trade_no: order.outTradeNo, trade_state: 'CLOSED' };
    const { deps, sent } = wechat(signed({ prepay_id: 'wx_prepay' }), signed({}), signed(state), declined('ORDERPAID'));
    const api = payApiV2(deps);
    const prepayId = await api.create(order);
    await api.close(order);
    await expect(api.query(order)).resolves.toMatchObject({ tradeState: 'CLOSED' });
    await expect(api.close(order)).rejects.toThrow(appError('ORDER_STATE_CONFLICT'));
    expect(sent.map(({ url }) => url.pathname)).toEqual([
      '/pay/unifiedorder',
      '/pay/closeorder',
      '/pay/orderquery',
      '/pay/closeorder',
    ]);
    const { paySign, ...payment } = api.signPayment(order, prepayId);
    expect(payment).toEqual({
      appId: 'wx1',
      timeStamp: '1754020800',
      nonceStr: expect.stringMatching(/^[\da-f]{32}$/) as string,
      package: 'prepay_id=wx_prepay',
      signType: 'HMAC-SHA256',
    });
    expect(isSigned({ ...payment, sign: paySign }, apiV2Key)).toBe(true);
  });
});
