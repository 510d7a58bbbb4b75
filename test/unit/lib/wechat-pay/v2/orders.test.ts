import { describe, expect, it } from 'vitest';
import { closeTransactionV2, createTransactionV2 } from '../../../../../lib/wechat-pay/v2/orders.ts';
import { queryTransactionV2 } from '../../../../../lib/wechat-pay/v2/transaction.ts';
import { order, declined, appError, signed, wechat, xml } from './wechat.ts';

const terms = {
  appid: 'wx1',
  mch_id: '1900000001',
  out_trade_no: 'T20250801120000000001',
  body: '咖啡 <大杯> & "甜"',
  total_fee: '100',
  fee_type: 'CNY',
  spbill_create_ip: '203.0.113.7',
  // In Beijing it is already the next day.
  time_start: '20250802003000',
  time_expire: '20250802023000',
  notify_url: 'https://a.example/pay-notify-v2',
  sign_type: 'HMAC-SHA256',
};
const answered = { prepay_id: 'wx_prepay', code_url: 'weixin://wxpay/bizpayurl?pr=1', mweb_url: 'https://wx.tenpay/x' };

describe('createTransactionV2', () => {
  it.each([
    ['JSAPI' as const, 'JSAPI', { openid: order.openId }, 'prepay_id' as const],
    ['NATIVE' as const, 'NATIVE', { product_id: 'sku-1' }, 'code_url' as const],
    [
      'H5' as const,
      'MWEB',
      { scene_info: '{"h5_info":{"type":"Wap","wap_url":"https://a.example","wap_name":"咖啡 <大杯> & \\"甜\\""}}' },
      'mweb_url' as const,
    ],
  ])('creates a %s order as trade type %s', async (tradeType, tradeTypeV2, own, handle) => {
    const { deps, sent, fieldsOf } = wechat(signed(answered));
    await expect(createTransactionV2(deps, { ...order, tradeType })).resolves.toBe(answered[handle]);
    const { nonce_str: _nonce, sign: _sign, ...fields } = fieldsOf(0);
    expect(String(sent[0]!.url)).toBe('http://pay/pay/unifiedorder');
    expect(fields).toEqual({ ...terms, ...own, trade_type: tradeTypeV2 });
  });

  it('repeats an order with the same fields except the nonce and the sign', async () => {
    const { deps, fieldsOf } = wechat(signed(answered), signed(answered));
    await createTransactionV2(deps, order);
    await createTransactionV2({ ...deps, now: () => deps.now() + 60_000 }, order);
    const { nonce_str: first, sign: _first, ...fields } = fieldsOf(0);
    const { nonce_str: second, sign: _second, ...repeated } = fieldsOf(1);
    expect(repeated).toEqual(fields);
    expect(second).not.toBe(first);
  });

  it('shortens product_id and scene_info to the limits of WeChat', async () => {
    const long = { ...order, sku: 's'.repeat(64), description: '"甜'.repeat(63) };
    const native = wechat(signed(answered));
    await createTransactionV2(native.deps, { ...long, tradeType: 'NATIVE' });
    expect(native.fieldsOf(0)['product_id']).toBe('s'.repeat(32));
    const h5 = wechat(signed(answered));
    await createTransactionV2(h5.deps, { ...long, tradeType: 'H5' });
    const scene = h5.fieldsOf(0)['scene_info']!;
    expect(Buffer.byteLength(scene)).toBeLessThanOrEqual(256);
    expect(JSON.parse(scene)).toMatchObject({ h5_info: { wap_name: expect.stringMatching(/^("甜){30,}"?$/) } });
  });

  it.each([
    ['an empty payment handle', { prepay_id: '' }],
    ['the handle of another trade type', { prepay_id: '', code_url: 'weixin://' }],
    ['a handle of 513 characters', { prepay_id: 'x'.repeat(513) }],
  ])('rejects a response with %s', async (_, fields) => {
    const { deps } = wechat(signed(fields));
    await expect(createTransactionV2(deps, order)).rejects.toThrow(appError('WECHAT_UNAVAILABLE'));
  });

  it.each([
    ['INVALID_REQUEST', 'INTERNAL'],
    ['OUT_TRADE_NO_USED', 'ORDER_STATE_CONFLICT'],
    ['ORDERPAID', 'ORDER_STATE_CONFLICT'],
    ['ORDERCLOSED', 'ORDER_STATE_CONFLICT'],
    ['NOTENOUGH', 'FORBIDDEN'],
    ['APPID_MCHID_NOT_MATCH', 'WECHAT_CONFIG'],
    ['PARAM_ERROR', 'INTERNAL'],
  ])('maps the decline %s to %s', async (code, ownCode) => {
    const { deps } = wechat(declined(code));
    await expect(createTransactionV2(deps, order)).rejects.toThrow(appError(ownCode));
  });
});

it('createTransactionV2 maps INVALID_REQUEST 201 to ORDER_STATE_CONFLICT, because WeChat may have an open order', async () => {
  const { deps } = wechat(declined('INVALID_REQUEST', '201 商户订单号重复'));
  await expect(createTransactionV2(deps, order)).rejects.toThrow(appError('ORDER_STATE_CONFLICT'));
});

describe('queryTransactionV2', () => {
  const paid = {
    trade_state: 'SUCCESS',
    out_trade_no: order.outTradeNo,
    transaction_id: '4200000000202508010000000001',
    total_fee: '100',
    fee_type: 'CNY',
    time_end: '20250801120005',
  };
  const transaction = {
    appId: 'wx1',
    mchId: '1900000001',
    outTradeNo: order.outTradeNo,
    tradeState: 'SUCCESS',
    payment: {
      transactionId: '4200000000202508010000000001',
      paidAt: '2025-08-01T04:00:05.000Z',
      amountFen: 100,
      currency: 'CNY',
    },
  };
  const query = (fields: Record<string, string>) => queryTransactionV2(wechat(signed(fields)).deps, order);

  it('queries an order by its number', async () => {
    const { deps, sent, fieldsOf } = wechat(signed(paid));
    await expect(queryTransactionV2(deps, order)).resolves.toEqual(transaction);
    expect(String(sent[0]!.url)).toBe('http://pay/pay/orderquery');
    expect(fieldsOf(0)).toMatchObject({ appid: 'wx1', out_trade_no: order.outTradeNo });
  });

  it('returns the state REFUND, and the currency, which is CNY by default', async () => {
    await expect(query({ ...paid, trade_state: 'REFUND' })).resolves.toEqual({ ...transaction, tradeState: 'REFUND' });
    await expect(query({ ...paid, fee_type: '' })).resolves.toEqual(transaction);
    await expect(query({ ...paid, fee_type: 'HKD' })).resolves.toMatchObject({ payment: { currency: 'HKD' } });
  });

  it('returns an unpaid order without a payment', async () => {
    const { payment: _payment, ...unpaid } = transaction;
    await expect(query({ trade_state: 'NOTPAY', out_trade_no: order.outTradeNo })).resolves.toEqual({
      ...unpaid,
      tradeState: 'NOTPAY',
    });
  });

  it.each([
    ['another order', { ...paid, out_trade_no: 'T2' }],
    ['no order', { ...paid, out_trade_no: '' }],
    ['no state', { ...paid, trade_state: '' }],
    ['no app', { ...paid, appid: '' }],
    ['an invalid amount', { ...paid, total_fee: '1e2' }],
    ['an invalid time', { ...paid, time_end: '20251301120005' }],
  ])('rejects a response with %s', async (_, fields) => {
    await expect(query(fields)).rejects.toThrow(appError('WECHAT_UNAVAILABLE'));
  });
});

describe('closeTransactionV2', () => {
  it('succeeds for an open order and for a closed order', async () => {
    const { deps, sent, fieldsOf } = wechat(signed({}), declined('ORDERCLOSED'), declined('ORDER_CLOSED'));
    await closeTransactionV2(deps, order);
    await closeTransactionV2(deps, order);
    await closeTransactionV2(deps, order);
    expect(String(sent[0]!.url)).toBe('http://pay/pay/closeorder');
    expect(fieldsOf(0)).toMatchObject({ appid: 'wx1', out_trade_no: order.outTradeNo });
  });

  it.each(['订单已关闭', 'ORDERCLOSED'])('never takes the unsigned text %s for a success', async (text) => {
    const { deps } = wechat(xml({ return_code: 'FAIL', return_msg: text, err_code: 'ORDERCLOSED' }));
    await expect(closeTransactionV2(deps, order)).rejects.toThrow(appError('INTERNAL'));
  });

  it.each([
    ['ORDERPAID', 'ORDER_STATE_CONFLICT'],
    ['ORDERNOTEXIST', 'NOT_FOUND'],
  ])('maps the decline %s to %s', async (code, ownCode) => {
    await expect(closeTransactionV2(wechat(declined(code)).deps, order)).rejects.toThrow(appError(ownCode));
  });
});
