import { describe, expect, it } from 'vitest';
import type { Refund } from '../../../../../lib/store/refunds.ts';
import { requireVerified } from '../../../../../lib/wechat-pay/verified.ts';
import { createVirtualRefund, queryVirtualRefund } from '../../../../../lib/wechat-pay/virtual/refunds.ts';
import { appError, failed, order, record, wechat } from './wechat.ts';

const refund = { outRefundNo: 'refund-00000001', amountFen: 200, reason: '不想要了' } as Refund;
const accepted = {
  errcode: 0,
  refund_order_id: refund.outRefundNo,
  refund_wx_order_id: 'VPR1',
  pay_order_id: order.outTradeNo,
  pay_wx_order_id: 'VPO1',
};
const refundRecord = (change: object = {}) =>
  record({
    order_id: refund.outRefundNo,
    wx_order_id: 'VPR1',
    order_type: 1,
    status: 8,
    refund_fee: 200,
    paid_time: undefined,
    ...change,
  });

describe('createVirtualRefund', () => {
  it('requests the refund with the rest that WeChat just returned', async () => {
    const { deps, bodyOf, sent } = wechat(record({ left_fee: 500 }), accepted);
    const result = await createVirtualRefund(deps, order, refund);
    expect(sent.map(({ url }) => url.pathname)).toEqual(['/xpay/query_order', '/xpay/refund_order']);
    expect(bodyOf(1)).toEqual({
      openid: 'oBuyer',
      order_id: order.outTradeNo,
      refund_order_id: refund.outRefundNo,
      left_fee: 500,
      refund_fee: 200,
      biz_meta: '不想要了',
      refund_reason: '5',
      req_from: '1',
      env: 0,
    });
    expect(() => requireVerified(result)).not.toThrow();
    expect(result).toEqual({
      mchId: '1450000001',
      outTradeNo: order.outTradeNo,
      transactionId: order.transactionId,
      outRefundNo: refund.outRefundNo,
      refundId: 'VPR1',
      status: 'PROCESSING',
      amountFen: 200,
      totalFen: 600,
    });
  });

  it('takes the rest from the ledger when WeChat omits it', async () => {
    const { deps, bodyOf } = wechat(record({ left_fee: undefined }), accepted);
    await createVirtualRefund(deps, { ...order, refundedFen: 100, refundingFen: 200 }, refund);
    expect(bodyOf(1)).toMatchObject({ left_fee: 500 });
  });

  it('requests nothing when WeChat has less left, because the ledger lacks another refund', async () => {
    const { deps, sent } = wechat(record({ left_fee: 199 }));
    await expect(createVirtualRefund(deps, order, refund)).rejects.toMatchObject({
      code: 'ORDER_STATE_CONFLICT',
      detail: { leftFen: 199 },
    });
    expect(sent).toHaveLength(1);
  });

  it('requests nothing when the query fails', async () => {
    const { deps, sent } = wechat('timeout');
    await expect(createVirtualRefund(deps, order, refund)).rejects.toThrow(appError('WECHAT_TIMEOUT'));
    expect(sent).toHaveLength(1);
  });

  it.each([
    [268490006, 'FORBIDDEN'],
    [268490013, 'FORBIDDEN'],
    [268490014, 'RATE_LIMITED'],
    [268490016, 'ORDER_STATE_CONFLICT'],
  ])('throws the error of %i', async (errcode, code) => {
    const { deps } = wechat(record(), failed(errcode));
    await expect(createVirtualRefund(deps, order, refund)).rejects.toThrow(appError(code));
  });

  it('does not know the outcome when the answer has no number', async () => {
    const { deps } = wechat(record(), { errcode: 0 });
    await expect(createVirtualRefund(deps, order, refund)).rejects.toThrow(appError('WECHAT_UNAVAILABLE'));
  });
});

describe('queryVirtualRefund', () => {
  const statusOf = async (status: number) =>
    (await queryVirtualRefund(wechat(refundRecord({ status })).deps, refund, order)).status;

  it.each([
    [1, 'PROCESSING'],
    [2, 'PROCESSING'],
    [4, 'PROCESSING'],
    [5, 'SUCCESS'],
    [7, 'CLOSED'],
    [8, 'SUCCESS'],
  ])('reads status %i as %s', async (status, expected) => {
    expect(await statusOf(status)).toBe(expected);
  });

  it('queries a refund of this service by its own number', async () => {
    const { deps, bodyOf } = wechat(refundRecord());
    const found = await queryVirtualRefund(deps, { ...refund, refundId: 'VPR1' }, order);
    expect(bodyOf(0)).toEqual({ openid: 'oBuyer', env: 0, order_id: refund.outRefundNo });
    expect(found).toMatchObject({ outRefundNo: refund.outRefundNo, refundId: 'VPR1', amountFen: 200, totalFen: 600 });
  });

  it('queries a refund of the console by the number of WeChat', async () => {
    const { deps, bodyOf } = wechat(refundRecord({ order_id: '' }));
    const found = await queryVirtualRefund(deps, { outRefundNo: 'VPR1', refundId: 'VPR1' }, order);
    expect(bodyOf(0)).toEqual({ openid: 'oBuyer', env: 0, wx_order_id: 'VPR1' });
    expect(found).toMatchObject({ outRefundNo: 'VPR1', status: 'SUCCESS' });
  });

  it.each([
    ['WeChat has no such number', failed(268490002, '数据不存在')],
    ['the number is that of an order', record()],
  ])('throws NOT_FOUND when %s', async (_, answer) => {
    await expect(queryVirtualRefund(wechat(answer).deps, refund, order)).rejects.toThrow(appError('NOT_FOUND'));
  });

  it.each([
    ['number', { wx_order_id: undefined }],
    ['amount', { refund_fee: undefined }],
    ['amount above zero', { refund_fee: 0 }],
  ])('does not know the outcome when WeChat returns no %s of the refund', async (_, change) => {
    const { deps } = wechat(refundRecord(change));
    await expect(queryVirtualRefund(deps, refund, order)).rejects.toThrow(appError('WECHAT_UNAVAILABLE'));
  });

  it('calls nothing for an order of the other environment', async () => {
    const { deps, sent } = wechat();
    await expect(queryVirtualRefund(deps, refund, { ...order, env: 'sandbox' })).rejects.toThrow(appError('NOT_FOUND'));
    expect(sent).toEqual([]);
  });
});
