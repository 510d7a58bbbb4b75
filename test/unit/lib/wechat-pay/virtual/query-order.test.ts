import { describe, expect, it } from 'vitest';
import { virtualPayApi } from '../../../../../lib/wechat-pay/virtual/api.ts';
import { queryVirtualOrder } from '../../../../../lib/wechat-pay/virtual/query-order.ts';
import { requireVerified } from '../../../../../lib/wechat-pay/verified.ts';
import { appError, failed, order, record, wechat } from './wechat.ts';

const query = (answer: object, change: object = {}) => queryVirtualOrder(wechat(answer).deps, { ...order, ...change });
const transactionOf = async (change: object) => (await query(record(change))).transaction;

describe('queryVirtualOrder', () => {
  it('asks for the order of the buyer in the environment of the shop', async () => {
    const { deps, bodyOf } = wechat(record());
    await queryVirtualOrder(deps, order);
    expect(bodyOf(0)).toEqual({ openid: 'oBuyer', env: 0, order_id: order.outTradeNo });
  });

  it.each([
    [0, 'NOTPAY', false, false],
    [1, 'NOTPAY', false, false],
    [2, 'SUCCESS', true, true],
    [3, 'SUCCESS', true, true],
    [4, 'SUCCESS', true, false],
    [5, 'REFUND', true, false],
    [6, 'CLOSED', false, false],
    [7, 'SUCCESS', true, false],
    [8, 'REFUND', true, false],
    [9, 'REFUND', true, false],
    [10, 'REFUND', true, false],
    [11, 'NOTPAY', false, false],
  ])('reads status %i as %s', async (status, tradeState, isPaid, awaitsDelivery) => {
    const transaction = await transactionOf({ status });
    expect([transaction.tradeState, 'payment' in transaction, 'awaitsDelivery' in transaction]).toEqual([
      tradeState,
      isPaid,
      awaitsDelivery,
    ]);
  });

  it('returns a verified transaction of the offer, the app and the environment', async () => {
    const { transaction, leftFen } = await query(record());
    expect(() => requireVerified(transaction)).not.toThrow();
    expect(transaction).toEqual({
      appId: 'wx1',
      mchId: '1450000001',
      outTradeNo: order.outTradeNo,
      tradeState: 'SUCCESS',
      env: 'live',
      payment: {
        transactionId: '4500000138202612010000000001',
        paidAt: '2026-09-21T14:13:20.000Z',
        amountFen: 600,
        currency: 'CNY',
      },
      awaitsDelivery: true,
    });
    expect(leftFen).toBe(600);
  });

  it.each([{ wxpay_order_id: '' }, { wxpay_order_id: undefined }])(
    'reads a payment without a number of WeChat Pay as received by Apple: %o',
    async (change) => {
      const { payment } = await transactionOf(change);
      expect(payment).toMatchObject({ transactionId: 'VPO1', paidBy: 'apple' });
    },
  );

  it('reports the environment that WeChat returns, not the setting', async () => {
    expect(await transactionOf({ env_type: 2 })).toMatchObject({ env: 'sandbox' });
  });

  it('returns no refundable rest when WeChat omits it', async () => {
    expect((await query(record({ left_fee: undefined }))).leftFen).toBeUndefined();
  });

  it.each([
    ['another order', record({ order_id: 'order-00000002' })],
    ['a refund', record({ order_type: 1 })],
    ['no order', { errcode: 0 }],
    ['an amount that is no integer', record({ paid_fee: 6.5 })],
    ['an amount as text', record({ paid_fee: '600' })],
    ['no environment', record({ env_type: undefined })],
    ['an unknown environment', record({ env_type: 0 })],
    ['a payment without a number', record({ wxpay_order_id: '', wx_order_id: '' })],
    ['a payment without a time', record({ paid_time: undefined })],
  ])('does not know the outcome when WeChat returns %s', async (_, answer) => {
    await expect(query(answer)).rejects.toThrow(appError('WECHAT_UNAVAILABLE'));
  });

  it('throws NOT_FOUND for an order that the buyer never opened', async () => {
    await expect(query(failed(268490002, '数据不存在'))).rejects.toThrow(appError('NOT_FOUND'));
  });

  it.each([
    ['the openid was erased', { openId: undefined }, 'FORBIDDEN'],
    ['the order belongs to the sandbox', { env: 'sandbox' }, 'NOT_FOUND'],
    ['the order belongs to another offer', { mchId: '1450000002' }, 'WECHAT_CONFIG'],
  ])('calls nothing when %s', async (_, change, code) => {
    const { deps, sent } = wechat();
    await expect(queryVirtualOrder(deps, { ...order, ...change } as typeof order)).rejects.toThrow(appError(code));
    expect(sent).toEqual([]);
  });
});

describe('calls about orders of virtual payment', () => {
  it('declines to close an order that WeChat reports as paid or refunded', async () => {
    for (const status of [2, 3, 4, 5, 7, 8]) {
      const close = virtualPayApi(wechat(record({ status })).deps).close(order);
      await expect(close).rejects.toThrow(appError('ORDER_STATE_CONFLICT'));
    }
  });

  it('closes an unpaid order without a call that closes', async () => {
    for (const status of [0, 1, 6]) {
      const { deps, sent } = wechat(record({ status }));
      await virtualPayApi(deps).close(order);
      expect(sent.map(({ url }) => url.pathname)).toEqual(['/xpay/query_order']);
    }
  });

  it('closes an order of an erased openid without a call', async () => {
    const { deps, sent } = wechat();
    const { openId: _, ...erased } = order;
    await virtualPayApi(deps).close(erased);
    expect(sent).toEqual([]);
  });

  it('reports a delivery by the number of the order', async () => {
    const { deps, bodyOf } = wechat({ errcode: 0 });
    await virtualPayApi(deps).confirmDelivery!(order);
    expect(bodyOf(0)).toEqual({ order_id: order.outTradeNo, env: 0 });
  });

  it('takes a repeated report of a delivery for a success', async () => {
    await virtualPayApi(wechat(failed(268490004)).deps).confirmDelivery!(order);
    const declined = virtualPayApi(wechat(failed(268490002, '订单状态错误')).deps).confirmDelivery!(order);
    await expect(declined).rejects.toThrow(appError('INTERNAL'));
  });
});
