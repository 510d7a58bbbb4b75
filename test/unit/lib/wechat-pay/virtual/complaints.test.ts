import { describe, expect, it, vi } from 'vitest';
import type { Log } from '../../../../../lib/core/log.ts';
import {
  completeVirtualComplaint,
  listVirtualComplaints,
  queryVirtualComplaint,
  queryVirtualHistory,
  replyToVirtualComplaint,
} from '../../../../../lib/wechat-pay/virtual/complaints.ts';
import { requireVerified } from '../../../../../lib/wechat-pay/verified.ts';
import { appError, failed, wechat } from './wechat.ts';

const ID = '200201820261201000000000001';
const complaint = {
  complaint_id: ID,
  complaint_time: '2026-12-01T09:00:00+08:00',
  complaint_detail: '没有到账',
  complaint_state: 'PENDING',
  payer_phone: '13580006666',
  payer_openid: 'oBuyer',
  complaint_order_info: [
    {
      transaction_id: '4500000138',
      out_trade_no: 'channel-1',
      amount: 600,
      wxa_out_trade_no: 'order-1',
      wx_order_id: 'VPO1',
    },
    { out_trade_no: 'channel-2', amount: 100, wxa_out_trade_no: 'order-2', wx_order_id: 'VPO2' },
  ],
  complaint_full_refunded: false,
  incoming_user_response: false,
  user_complaint_times: 1,
  problem_description: '申请退款',
  problem_type: 'REFUND',
  apply_refund_amount: 600,
};
const least = { complaint_id: ID, complaint_time: complaint.complaint_time, complaint_state: 'PENDING' };
const days = { first: '2026-11-30', last: '2026-12-01' };
const error = vi.fn<Log['error']>();
const log: Log = { info: () => undefined, warn: () => undefined, error };

describe('queryVirtualComplaint', () => {
  it('reads our numbers of the orders, and reveals the phone on request only', async () => {
    const { deps, sent, bodyOf } = wechat({ errcode: 0, complaint });
    const result = await queryVirtualComplaint(deps, ID);
    expect(sent[0]!.url.pathname).toBe('/xpay/get_complaint_detail');
    expect(bodyOf(0)).toEqual({ env: 0, complaint_id: ID });
    expect(() => requireVerified(result)).not.toThrow();
    expect(result).toMatchObject({
      complaintId: ID,
      mchId: '1450000001',
      orders: [
        { outTradeNo: 'order-1', transactionId: '4500000138', amountFen: 600 },
        // Apple received the payment.
        { outTradeNo: 'order-2', transactionId: 'VPO2', amountFen: 100 },
      ],
      problemType: 'REFUND',
      refundFen: 600,
      text: '没有到账',
    });
    expect(JSON.stringify(result)).not.toContain('13580006666');
    expect(result.revealPhone!()).toBe('13580006666');
  });

  it('has no phone of a buyer without one', async () => {
    expect(await queryVirtualComplaint(wechat({ errcode: 0, complaint: least }).deps, ID)).not.toHaveProperty(
      'revealPhone',
    );
  });

  it.each([
    ['another complaint', { ...least, complaint_id: '1' }],
    ['no complaint', undefined],
    ['no time', { ...least, complaint_time: '' }],
  ])('rejects an answer with %s', async (_, answered) => {
    const { deps } = wechat({ errcode: 0, complaint: answered });
    await expect(queryVirtualComplaint(deps, ID)).rejects.toThrow(appError('WECHAT_UNAVAILABLE'));
  });

  it('names the complaint when WeChat does not have it', async () => {
    const { deps } = wechat(failed(268490002, '数据不存在'));
    await expect(queryVirtualComplaint(deps, ID)).rejects.toThrow('WeChat has no such complaint; check complaintId');
  });
});

describe('listVirtualComplaints', () => {
  it('requests a page, and continues while the total is greater', async () => {
    const { deps, bodyOf } = wechat(
      { errcode: 0, total: 51, complaints: [complaint] },
      { errcode: 0, total: 51, complaints: [complaint] },
    );
    expect((await listVirtualComplaints({ ...deps, log }, days)).nextOffset).toBe(50);
    expect(await listVirtualComplaints({ ...deps, log }, { ...days, offset: 50 })).not.toHaveProperty('nextOffset');
    expect(bodyOf(1)).toEqual({ env: 0, begin_date: '2026-11-30', end_date: '2026-12-01', offset: 50, limit: 50 });
  });

  it('leaves out an entry that cannot be read, and logs the names of its fields only', async () => {
    const { deps } = wechat({ errcode: 0, total: 2, complaints: [{ ...complaint, complaint_time: 'x' }, least] });
    expect((await listVirtualComplaints({ ...deps, log }, days)).complaints).toHaveLength(1);
    expect(error).toHaveBeenLastCalledWith('complaint.unreadable', { fields: ['complaint_time'] });
  });

  it('rejects an answer without a total', async () => {
    const { deps } = wechat({ errcode: 0 });
    await expect(listVirtualComplaints({ ...deps, log }, days)).rejects.toThrow(appError('WECHAT_UNAVAILABLE'));
  });
});

describe('queryVirtualHistory', () => {
  const entry = (id: number, hour: string) => ({
    log_id: String(id),
    operator: '投诉人',
    operate_time: `2026-12-01T${hour}:00:00+08:00`,
    operate_type: 'USER_CREATE_COMPLAINT',
    operate_details: 'x',
    complaint_media_list: { media_url: ['https://a.example/1'] },
  });

  it('reads all pages, oldest first', async () => {
    const full = Array.from({ length: 50 }, (_, index) => entry(index, '10'));
    const { deps, bodyOf } = wechat({ errcode: 0, history: full }, { errcode: 0, history: [entry(99, '09')] });
    const history = await queryVirtualHistory(deps, ID);
    expect(history).toHaveLength(51);
    expect(history[0]).toMatchObject({ id: '99', at: '2026-12-01T01:00:00.000Z', pictures: ['https://a.example/1'] });
    expect(bodyOf(1)).toEqual({ env: 0, complaint_id: ID, offset: 50, limit: 50 });
  });

  it('rejects an entry without a time', async () => {
    const { deps } = wechat({ errcode: 0, history: [{ log_id: '1' }] });
    await expect(queryVirtualHistory(deps, ID)).rejects.toThrow(appError('WECHAT_UNAVAILABLE'));
  });
});

describe('replyToVirtualComplaint', () => {
  it('sends the reply with its pictures', async () => {
    const { deps, bodyOf } = wechat({ errcode: 0 });
    await replyToVirtualComplaint(deps, ID, { content: '已到账', images: ['m1'] });
    expect(bodyOf(0)).toEqual({ env: 0, complaint_id: ID, response_content: '已到账', response_images: ['m1'] });
  });

  it('is sent once when WeChat is busy, because each call shows another message', async () => {
    const { deps, sent } = wechat(failed(-1), { errcode: 0 });
    await expect(replyToVirtualComplaint(deps, ID, { content: 'x' })).rejects.toThrow(appError('WECHAT_UNAVAILABLE'));
    expect(sent).toHaveLength(1);
  });

  it('rejects a link before a call', async () => {
    const { deps, sent } = wechat();
    const jump = { url: 'https://shop.example/', text: '查看' };
    await expect(replyToVirtualComplaint(deps, ID, { content: 'x', jump })).rejects.toThrow(appError('PARAM_ERROR'));
    expect(sent).toEqual([]);
  });
});

describe('completeVirtualComplaint', () => {
  it('succeeds when WeChat reports a repetition', async () => {
    await expect(completeVirtualComplaint(wechat(failed(268490004)).deps, ID)).resolves.toBeUndefined();
  });

  it.each([
    ['ORDER_STATE_CONFLICT', failed(268490002, '投诉单已处理完成，不支持该操作')],
    ['NOT_FOUND', failed(268490002, '数据不存在')],
    ['WECHAT_CONFIG', failed(268490003)],
    ['FORBIDDEN', failed(268490007)],
  ])('throws %s when WeChat declines the action', async (code, answer) => {
    await expect(completeVirtualComplaint(wechat(answer).deps, ID)).rejects.toThrow(appError(code));
  });
});
