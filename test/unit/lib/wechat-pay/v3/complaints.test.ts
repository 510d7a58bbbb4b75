import { describe, expect, it } from 'vitest';
import { AppError } from '../../../../../lib/core/errors.ts';
import {
  completeComplaint,
  decideComplaintRefund,
  replyToComplaint,
} from '../../../../../lib/wechat-pay/v3/complaint-answers.ts';
import {
  createComplaintCallback,
  queryComplaintCallback,
  updateComplaintCallback,
} from '../../../../../lib/wechat-pay/v3/complaint-callback.ts';
import { queryHistory } from '../../../../../lib/wechat-pay/v3/complaint-history.ts';
import { listComplaints, queryComplaint } from '../../../../../lib/wechat-pay/v3/complaints.ts';
import { scriptedPay, type Answer } from '../../../../support/signed-answers.ts';

const ID = '200000020230628100093244941';
/**
 * The answer that a merchant published, with shorter texts.
 * Source: developers.weixin.qq.com, community post 0008a6cabf88d80cdcffed9c85b800.
 */
const PUBLISHED = {
  problem_description: '其他问题',
  complaint_media_list: [
    {
      media_url: ['https://api.mch.weixin.qq.com/v3/merchant-service/images/ChsyMD%3D'],
      media_type: 'USER_COMPLAINT_IMAGE',
    },
  ],
  service_order_info: [],
  payer_phone: 'JjKRdkkaZIMZPTb8',
  user_tag_list: [],
  complaint_full_refunded: true,
  complaint_id: ID,
  complainted_mchid: '1611378048',
  incoming_user_response: false,
  complaint_detail: '没有看清楚',
  complaint_order_info: [
    { transaction_id: '4200001837202306283458905963', amount: 2, out_trade_no: '20230628000000007780' },
  ],
  problem_type: 'OTHERS',
  complaint_time: 1687918595000,
  complaint_state: 'PROCESSED',
  user_complaint_times: 1,
};
const least = { complaint_id: ID, complaint_time: '2026-11-20T13:29:35.120+08:00', complaint_state: 'PENDING' };
const timeout = () => new AppError('WECHAT_TIMEOUT', 'WeChat did not answer in time');

describe('queryComplaint', () => {
  const query = (body: unknown) => queryComplaint(scriptedPay({ body }).deps, ID);

  it('reads the answer that a merchant published, whose time is a number', async () => {
    expect(await query(PUBLISHED)).toEqual({
      complaintId: ID,
      state: 'PROCESSED',
      complainedAt: '2023-06-28T02:16:35.000Z',
      mchId: '1611378048',
      orders: [{ outTradeNo: '20230628000000007780', transactionId: '4200001837202306283458905963', amountFen: 2 }],
      buyerWaits: false,
      isRefundedInFull: true,
      problemType: 'OTHERS',
      times: 1,
      inPlatformService: false,
      text: '没有看清楚',
      problem: '其他问题',
      userTags: [],
      needsImmediateService: false,
      pictures: ['https://api.mch.weixin.qq.com/v3/merchant-service/images/ChsyMD%3D'],
      revealPhone: expect.any(Function),
    });
  });

  it('reads an answer with the least fields, and ignores malformed informative fields', async () => {
    const malformed = {
      complaint_detail: null,
      complaint_order_info: 'none',
      apply_refund_amount: '10',
      user_tag_list: {},
      complaint_media_list: { media_url: ['https://a.example/1'] },
      incoming_user_response: 'true',
      user_complaint_times: null,
    };
    const expected = {
      complainedAt: '2026-11-20T05:29:35.120Z',
      state: 'PENDING',
      orders: [],
      buyerWaits: false,
      times: 1,
    };
    expect(await query(least)).toMatchObject({ ...expected, pictures: [] });
    expect(await query({ ...least, ...malformed })).toMatchObject({ ...expected, pictures: ['https://a.example/1'] });
  });

  it('leaves out an order without a number, and keeps the others', async () => {
    const [order] = PUBLISHED.complaint_order_info;
    const complaint = await query({ ...least, complaint_order_info: [{ ...order, transaction_id: '' }, null, order] });
    expect(complaint.orders.map(({ outTradeNo }) => outTradeNo)).toEqual(['20230628000000007780']);
  });

  it('treats an unknown state as neither new nor over', async () => {
    expect(await query({ ...least, complaint_state: 'ARBITRATING' })).toMatchObject({ state: 'PROCESSING' });
  });

  it.each([
    ['another complaint', { ...least, complaint_id: '1' }],
    ['no time', { ...least, complaint_time: undefined }],
    ['a time that is no time', { ...least, complaint_time: 'yesterday' }],
    ['no JSON', 'complaint'],
  ])('rejects an answer with %s', async (_, body) => {
    await expect(query(body)).rejects.toMatchObject({ code: 'WECHAT_UNAVAILABLE' });
  });

  it('names the complaint, not a refund, when WeChat Pay has no such complaint', async () => {
    const { deps } = scriptedPay({ status: 400, body: { code: 'RESOURCE_NOT_EXISTS', message: '投诉单不存在' } });
    await expect(queryComplaint(deps, ID)).rejects.toThrow('WeChat Pay has no such complaint; check complaintId');
  });
});

describe('listComplaints', () => {
  const days = { first: '2026-11-01', last: '2026-11-30' };

  it('requests the page of the merchant, and continues after a full page', async () => {
    const { deps, sent } = scriptedPay(
      { body: { data: Array.from({ length: 50 }, () => least), total_count: 51 } },
      { body: { data: [least] } },
    );
    const page = await listComplaints(deps, days);
    expect(page.complaints).toHaveLength(50);
    expect(page.nextOffset).toBe(50);
    expect((await listComplaints(deps, { ...days, offset: 50 })).nextOffset).toBeUndefined();
    expect(sent.map(({ url }) => url.search)).toEqual(
      [0, 50].map(
        (offset) => `?limit=50&offset=${offset}&begin_date=2026-11-01&end_date=2026-11-30&complainted_mchid=1900000001`,
      ),
    );
  });

  it('leaves out an entry that cannot be read, and logs its fields without their values', async () => {
    const { deps, lines } = scriptedPay({ body: { data: [{ ...least, complaint_time: '密密麻麻' }, least] } });
    expect((await listComplaints(deps, days)).complaints).toHaveLength(1);
    expect(lines).toEqual([{ event: 'complaint.unreadable', fields: ['complaint_time'] }]);
  });

  it('reads an answer without entries', async () => {
    expect(await listComplaints(scriptedPay({ body: { limit: 50, offset: 0 } }).deps, days)).toEqual({
      complaints: [],
    });
  });
});

describe('queryHistory', () => {
  const entry = (time: string, change: object = {}) => ({
    log_id: time,
    operate_time: time,
    operator: '投诉人',
    operate_type: 'USER_RESPONSE',
    ...change,
  });

  it('returns the entries oldest first, with the pictures of both fields', async () => {
    const data = [
      entry('2026-11-20T10:00:00+08:00', {
        complaint_media_list: { media_type: 'OPERATION_IMAGE', media_url: ['https://a.example/1'] },
        image_list: ['https://a.example/2'],
      }),
      entry('2026-11-20T09:00:00+08:00', { operate_details: '好的' }),
    ];
    const history = await queryHistory(scriptedPay({ body: { data } }).deps, ID);
    expect(history.map(({ at, text, pictures }) => ({ at, text, pictures }))).toEqual([
      { at: '2026-11-20T01:00:00.000Z', text: '好的', pictures: [] },
      { at: '2026-11-20T02:00:00.000Z', text: '', pictures: ['https://a.example/1', 'https://a.example/2'] },
    ]);
  });

  it('reads further pages of a long history', async () => {
    const page = (size: number) => ({
      body: { data: Array.from({ length: size }, () => entry('2026-11-20T10:00:00+08:00')) },
    });
    const { deps, sent } = scriptedPay(page(300), page(2));
    expect(await queryHistory(deps, ID)).toHaveLength(302);
    expect(sent.map(({ url }) => url.search)).toEqual(['?limit=300&offset=0', '?limit=300&offset=300']);
  });
});

describe('the answers of the merchant', () => {
  const bodyOf = ({ sent }: ReturnType<typeof scriptedPay>) => JSON.parse(String(sent[0]!.body)) as object;
  const done: Answer = { status: 204 };

  it('sends a reply with exactly the fields that the operator gave', async () => {
    const plain = scriptedPay(done);
    await replyToComplaint(plain.deps, ID, { content: '今天发货' });
    expect(plain.sent[0]!.url.pathname).toBe(`/v3/merchant-service/complaints-v2/${ID}/response`);
    expect(bodyOf(plain)).toEqual({ complainted_mchid: '1900000001', response_content: '今天发货' });
    const full = scriptedPay(done);
    await replyToComplaint(full.deps, ID, {
      content: '今天发货',
      images: ['m1'],
      jump: { url: 'https://a.example/', text: '查看' },
    });
    expect(bodyOf(full)).toEqual({
      complainted_mchid: '1900000001',
      response_content: '今天发货',
      response_images: ['m1'],
      jump_url: 'https://a.example/',
      jump_url_text: '查看',
    });
  });

  it('never sends a reply twice, and repeats a completion once', async () => {
    const reply = scriptedPay(timeout(), done);
    await expect(replyToComplaint(reply.deps, ID, { content: '今天发货' })).rejects.toMatchObject({
      code: 'WECHAT_TIMEOUT',
    });
    expect(reply.sent).toHaveLength(1);
    expect(reply.lines).toMatchObject([{ event: 'pay-call.failed' }]);
    const completion = scriptedPay(timeout(), done);
    await completeComplaint(completion.deps, ID);
    expect(completion.sent).toHaveLength(2);
    expect(bodyOf(completion)).toEqual({ complainted_mchid: '1900000001' });
  });

  it.each([
    [{ action: 'APPROVE' }, { action: 'APPROVE' }],
    [
      { action: 'APPROVE', launchRefundDay: 0 },
      { action: 'APPROVE', launch_refund_day: 0 },
    ],
    [
      { action: 'REJECT', reason: '已发货' },
      { action: 'REJECT', reject_reason: '已发货' },
    ],
    [
      { action: 'REJECT', reason: '已发货', remark: '见物流', images: ['m1'] },
      { action: 'REJECT', reject_reason: '已发货', remark: '见物流', reject_media_list: ['m1'] },
    ],
  ] as const)('sends the decision %j', async (decision, expected) => {
    const script = scriptedPay(done);
    await decideComplaintRefund(script.deps, ID, decision as Parameters<typeof decideComplaintRefund>[2]);
    expect(bodyOf(script)).toEqual(expected);
  });

  it.each([
    [400, 'PARAM_ERROR', 'PARAM_ERROR'],
    [400, 'INVALID_REQUEST', 'ORDER_STATE_CONFLICT'],
    [403, 'NO_AUTH', 'WECHAT_CONFIG'],
    [404, 'RESOURCE_NOT_EXISTS', 'NOT_FOUND'],
    [429, 'FREQUENCY_LIMITED', 'RATE_LIMITED'],
  ])('turns %i %s of WeChat Pay into %s, with its sentence', async (status, code, expected) => {
    const { deps } = scriptedPay({ status, body: { code, message: '不能这样处理' } });
    const error = await completeComplaint(deps, ID).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: expected, cause: { words: expect.stringContaining('不能这样处理') } });
  });
});

describe('the address of the notifications', () => {
  const url = 'https://a.example/pay-notify';

  it('is undefined if no address is registered', async () => {
    const missing = { status: 400, body: { code: 'RESOURCE_NOT_EXISTS', message: '查询的通知回调不存在' } };
    expect(await queryComplaintCallback(scriptedPay(missing).deps)).toBeUndefined();
    expect(await queryComplaintCallback(scriptedPay({ body: { mchid: '1900000001', url } }).deps)).toBe(url);
  });

  it('is created with POST and replaced with PUT', async () => {
    const { deps, sent } = scriptedPay({ body: { mchid: '1900000001', url } }, { body: { mchid: '1900000001', url } });
    expect(await createComplaintCallback(deps, url)).toBe(url);
    expect(await updateComplaintCallback(deps, url)).toBe(url);
    expect(sent.map(({ method, body }) => [method, body])).toEqual([
      ['POST', JSON.stringify({ url })],
      ['PUT', JSON.stringify({ url })],
    ]);
  });
});
