import { describe, expect, it } from 'vitest';
import { readMessageKey } from '../../../../../lib/wechat/message-cipher.ts';
import { requireVerified } from '../../../../../lib/wechat-pay/verified.ts';
import {
  readDelivery,
  readVirtualRefund,
  refundNumbers,
  type DeliveryEvent,
  type RefundEvent,
} from '../../../../../lib/wechat-pay/virtual/pushes.ts';
import { order } from './wechat.ts';

const seller = { appId: 'wx1', offerId: '1450000001', env: 'live' as const };
const secure = { openedWith: readMessageKey('A'.repeat(43))! };
const plain = { openedWith: undefined };
const payment = { mchOrderNo: 'C1', transactionId: '4500000138202612010000000001', paidTime: '1790000000' };
const goods = { productId: 'lesson', quantity: '2', origPrice: '600', actualPrice: '600', attach: 'a' };
const delivery: DeliveryEvent = {
  event: 'xpay_goods_deliver_notify',
  openId: 'oBuyer',
  outTradeNo: order.outTradeNo,
  env: '0',
  payment,
  goods,
  retryTimes: '0',
};
const { openId: _openId, ...erased } = order;

describe('readDelivery', () => {
  const read = (change: Partial<DeliveryEvent> = {}, of = order, push: Parameters<typeof readDelivery>[1] = secure) =>
    readDelivery(seller, push, { ...delivery, ...change }, of);

  it('reads the payment of an encrypted push that equals the order', () => {
    const transaction = read()!;
    expect(transaction).toEqual({
      appId: 'wx1',
      mchId: '1450000001',
      outTradeNo: order.outTradeNo,
      tradeState: 'SUCCESS',
      env: 'live',
      payment: {
        transactionId: payment.transactionId,
        paidAt: '2026-09-21T14:13:20.000Z',
        amountFen: 600,
        currency: 'CNY',
      },
    });
    expect(() => requireVerified(transaction)).not.toThrow();
  });

  it('accepts any payer of an order whose openid was erased', () => {
    expect(read({ openId: 'oOther' }, erased)).toBeDefined();
  });

  it('proves nothing in plain mode', () => {
    expect(read({}, order, plain)).toBeUndefined();
  });

  it.each<[string, Partial<DeliveryEvent>]>([
    ['another number', { outTradeNo: 'order-00000002' }],
    ['another payer', { openId: 'oOther' }],
    ['the sandbox', { env: '1' }],
    ['no environment', { env: '' }],
    ['another good', { goods: { ...goods, productId: 'top-up' } }],
    ['another quantity', { goods: { ...goods, quantity: '1' } }],
    ['the price of one good', { goods: { ...goods, actualPrice: '300' } }],
    ['no price', { goods: { ...goods, actualPrice: '' } }],
    ['a price in yuan', { goods: { ...goods, actualPrice: '6.00' } }],
    ['no number of WeChat Pay', { payment: { ...payment, transactionId: '' } }],
    ['no time', { payment: { ...payment, paidTime: '0' } }],
  ])('proves nothing with %s', (_, change) => {
    expect(read(change)).toBeUndefined();
  });

  it('proves nothing for a payment of Apple, or an order of another environment or offer', () => {
    const { payment: _payment, ...apple } = delivery;
    expect(readDelivery(seller, secure, apple, order)).toBeUndefined();
    expect(read({}, { ...order, env: 'sandbox' })).toBeUndefined();
    expect(read({}, { ...order, mchId: '1450000002' })).toBeUndefined();
    expect(readDelivery({ ...seller, env: 'sandbox' }, secure, { ...delivery, env: '1' }, order)).toBeUndefined();
  });
});

describe('readVirtualRefund', () => {
  const refund: RefundEvent['refund'] = {
    wxRefundId: 'VPR1',
    mchRefundId: 'refund-00000001',
    wxOrderId: 'VPO1',
    mchOrderId: order.outTradeNo,
    refundFee: '200',
    retCode: '0',
    retMsg: '',
    startedTime: '1790000000',
    succeededTime: '1790000060',
    transactionId: '5030',
  };
  const event: RefundEvent = { event: 'xpay_refund_notify', openId: 'oBuyer', refund, retryTimes: '0' };
  const read = (
    change: Partial<typeof refund> = {},
    about: Partial<RefundEvent> = {},
    push: typeof plain | typeof secure = secure,
  ) => readVirtualRefund(seller, push, { ...event, ...about, refund: { ...refund, ...change } }, order);

  it('reads the refund of an encrypted push, with the number of this service', () => {
    const result = read()!;
    expect(result).toEqual({
      mchId: '1450000001',
      outTradeNo: order.outTradeNo,
      transactionId: order.transactionId,
      totalFen: 600,
      outRefundNo: 'refund-00000001',
      refundId: 'VPR1',
      amountFen: 200,
      status: 'SUCCESS',
      successAt: '2026-09-21T14:14:20.000Z',
    });
    expect(() => requireVerified(result)).not.toThrow();
  });

  it('takes the number of WeChat for a refund in the console or by Apple', () => {
    expect(read({ mchRefundId: '' })).toMatchObject({ outRefundNo: 'VPR1', refundId: 'VPR1' });
    expect(refundNumbers({ ...refund, mchRefundId: '' })).toEqual({ outRefundNo: 'VPR1', refundId: 'VPR1' });
  });

  it('omits a missing time of success', () => {
    expect(read({ succeededTime: '0' })).not.toHaveProperty('successAt');
  });

  it.each<[string, Partial<typeof refund>]>([
    ['failed', { retCode: '1' }],
    ['has no code', { retCode: '' }],
    ['belongs to another order', { mchOrderId: 'order-00000002' }],
    ['has no number of WeChat', { wxRefundId: '' }],
    ['has no amount', { refundFee: '0' }],
  ])('proves nothing when the refund %s', (_, change) => {
    expect(read(change)).toBeUndefined();
  });

  it.each([{ env: 'sandbox' as const }, { mchId: '1450000002' }])('proves nothing for an order of %o', (change) => {
    expect(readVirtualRefund(seller, secure, event, { ...order, ...change })).toBeUndefined();
  });

  it('proves nothing in plain mode, or about another payer', () => {
    expect(read({}, {}, plain)).toBeUndefined();
    expect(read({}, { openId: 'oOther' })).toBeUndefined();
  });
});
