import { describe, expect, it } from 'vitest';
import { closeTransactionV2, createTransactionV2 } from '../../../../../lib/wechat-pay/v2/orders.ts';
import { queryTransactionV2 } from '../../../../../lib/wechat-pay/v2/transaction.ts';
import { order, refused, refusedAs, signed, wechat } from './wechat.ts';

const terms = {
  appid: 'wx1',
  mch_id: '1900000001',
  out_trade_no: 'T20250801120000000001',
  body: '咖啡 <大杯> & "甜"',
  total_fee: '100',
  fee_type: 'CNY',
  spbill_create_ip: '203.0.113.7',
  // Past midnight in Beijing.
  time_start: '20250802003000',
  time_expire: '20250802023000',
  notify_url: 'https://a.example/pay-notify-v2',
  sign_type: 'HMAC-SHA256',
};
const answered = { prepay_id: 'wx_prepay', code_url: 'weixin://wxpay/bizpayurl?pr=1', mweb_url: 'https://wx.tenpay/x' };

describe('creating an order', () => {
  it.each([
    ['JSAPI' as const, 'JSAPI', { openid: order.openId }, 'prepay_id' as const],
    ['NATIVE' as const, 'NATIVE', { product_id: 'sku-1' }, 'code_url' as const],
    [
      'H5' as const,
      'MWEB',
      { scene_info: '{"h5_info":{"type":"Wap","wap_url":"https://a.example","wap_name":"咖啡 <大杯> & \\"甜\\""}}' },
      'mweb_url' as const,
    ],
  ])('%s', async (tradeType, theirs, own, handle) => {
    const { deps, sent, fieldsOf } = wechat(signed(answered));
    await expect(createTransactionV2(deps, { ...order, tradeType })).resolves.toBe(answered[handle]);
    const { nonce_str: _nonce, sign: _sign, ...fields } = fieldsOf(0);
    expect(String(sent[0]!.url)).toBe('http://pay/pay/unifiedorder');
    expect(fields).toEqual({ ...terms, ...own, trade_type: theirs });
  });

  it('again differs in nothing but the nonce', async () => {
    const { deps, fieldsOf } = wechat(signed(answered), signed(answered));
    await createTransactionV2(deps, order);
    await createTransactionV2({ ...deps, now: () => deps.now() + 60_000 }, order);
    const { nonce_str: first, sign: _first, ...fields } = fieldsOf(0);
    const { nonce_str: second, sign: _second, ...repeated } = fieldsOf(1);
    expect(repeated).toEqual(fields);
    expect(second).not.toBe(first);
  });

  it('keeps to what fits', async () => {
    const long = { ...order, sku: 's'.repeat(64), description: '"甜'.repeat(63) };
    const native = wechat(signed(answered));
    await createTransactionV2(native.deps, { ...long, tradeType: 'NATIVE' });
    expect(native.fieldsOf(0)['product_id']).toBe('s'.repeat(32));
    const h5 = wechat(signed(answered));
    await createTransactionV2(h5.deps, { ...long, tradeType: 'H5' });
    expect(h5.fieldsOf(0)['scene_info']!.length).toBeLessThanOrEqual(256);
  });

  it.each([
    ['nothing to pay with', { prepay_id: '' }],
    ['something else', { prepay_id: '', code_url: 'weixin://' }],
    ['far too much', { prepay_id: 'x'.repeat(513) }],
  ])('is not done by an answer with %s', async (_, fields) => {
    const { deps } = wechat(signed(fields));
    await expect(createTransactionV2(deps, order)).rejects.toThrow(refusedAs('WECHAT_UNAVAILABLE'));
  });

  it.each([
    // "201 商户订单号重复": the order there may be open, so that ours must not be given up.
    ['INVALID_REQUEST', 'ORDER_STATE_CONFLICT'],
    ['OUT_TRADE_NO_USED', 'ORDER_STATE_CONFLICT'],
    ['ORDERPAID', 'ORDER_STATE_CONFLICT'],
    ['ORDERCLOSED', 'ORDER_STATE_CONFLICT'],
    ['NOTENOUGH', 'FORBIDDEN'],
    ['APPID_MCHID_NOT_MATCH', 'WECHAT_CONFIG'],
    ['PARAM_ERROR', 'INTERNAL'],
  ])('is refused with %s', async (code, ours) => {
    const { deps } = wechat(refused(code));
    await expect(createTransactionV2(deps, order)).rejects.toThrow(refusedAs(ours));
  });
});

describe('querying an order', () => {
  const paid = {
    trade_state: 'SUCCESS',
    out_trade_no: order.outTradeNo,
    transaction_id: '4200000000202508010000000001',
    total_fee: '100',
    fee_type: 'CNY',
    time_end: '20250801120005',
  };
  const told = {
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
  const ask = (fields: Record<string, string>) => queryTransactionV2(wechat(signed(fields)).deps, order);

  it('asks by its number', async () => {
    const { deps, sent, fieldsOf } = wechat(signed(paid));
    await expect(queryTransactionV2(deps, order)).resolves.toEqual(told);
    expect(String(sent[0]!.url)).toBe('http://pay/pay/orderquery');
    expect(fieldsOf(0)).toMatchObject({ appid: 'wx1', out_trade_no: order.outTradeNo });
  });

  it('tells a refunded order, and the currency', async () => {
    await expect(ask({ ...paid, trade_state: 'REFUND' })).resolves.toEqual({ ...told, tradeState: 'REFUND' });
    await expect(ask({ ...paid, fee_type: '' })).resolves.toEqual(told);
    await expect(ask({ ...paid, fee_type: 'HKD' })).resolves.toMatchObject({ payment: { currency: 'HKD' } });
  });

  it('tells an order that nobody paid, of which little is said', async () => {
    const { payment: _payment, ...unpaid } = told;
    await expect(ask({ trade_state: 'NOTPAY', out_trade_no: order.outTradeNo })).resolves.toEqual({
      ...unpaid,
      tradeState: 'NOTPAY',
    });
  });

  it.each([
    ['another order', { ...paid, out_trade_no: 'T2' }],
    ['no order', { ...paid, out_trade_no: '' }],
    ['no state', { ...paid, trade_state: '' }],
    ['no app', { ...paid, appid: '' }],
    ['an amount that is none', { ...paid, total_fee: '1e2' }],
    ['a time that is none', { ...paid, time_end: '20251301120005' }],
  ])('is not answered by %s', async (_, fields) => {
    await expect(ask(fields)).rejects.toThrow(refusedAs('WECHAT_UNAVAILABLE'));
  });
});

describe('closing an order', () => {
  it('is done once, or again', async () => {
    const { deps, sent, fieldsOf } = wechat(signed({}), refused('ORDERCLOSED'), refused('ORDER_CLOSED'));
    await closeTransactionV2(deps, order);
    await closeTransactionV2(deps, order);
    await closeTransactionV2(deps, order);
    expect(String(sent[0]!.url)).toBe('http://pay/pay/closeorder');
    expect(fieldsOf(0)).toMatchObject({ appid: 'wx1', out_trade_no: order.outTradeNo });
  });

  it.each([
    ['ORDERPAID', 'ORDER_STATE_CONFLICT'],
    ['ORDERNOTEXIST', 'NOT_FOUND'],
  ])('is refused with %s', async (code, ours) => {
    await expect(closeTransactionV2(wechat(refused(code)).deps, order)).rejects.toThrow(refusedAs(ours));
  });
});
