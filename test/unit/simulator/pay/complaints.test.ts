import { constants, privateDecrypt } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { merchantKeys, settings } from '../settings.ts';
import { call, fieldIn, jsapi, newUser, orderBody, payCall, payOrder, phoneAction } from '../support.ts';
import { useComplaints } from './complaint-support.ts';
import { refundOrder } from './support.ts';

const merchant = useComplaints();
const { simulator, user, paidOrder, complain, complaintId, details, respond, complete, decideRefund, act } = merchant;

const mchId = settings.pay.mchId;
const refundAll = (outTradeNo: string) =>
  refundOrder(simulator, outTradeNo, { amount: { refund: 1800, total: 1800, currency: 'CNY' } });

/** The day of a time in Beijing, after a number of days. */
const day = (days = 0) => new Date(simulator.now() + (8 + 24 * days) * 3_600_000).toISOString().slice(0, 10);
const list = (query: Record<string, string>) => merchant.get(`/complaints-v2?${new URLSearchParams(query)}`);

describe('a complaint', () => {
  test('has the order, the words and the encrypted phone number of the buyer', async () => {
    const { outTradeNo, transactionId } = await payOrder(simulator, user);
    const { complaintId: id } = (await complain(outTradeNo)).json;
    const found = await details(id);
    expect(found).toMatchObject({
      complaint_id: id,
      complaint_time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00$/),
      complaint_detail: '三天了还没有发货',
      complaint_state: 'PENDING',
      complainted_mchid: mchId,
      payer_openid: user.openIds.miniapp,
      complaint_order_info: [{ transaction_id: transactionId, out_trade_no: outTradeNo, amount: 1800 }],
      complaint_full_refunded: false,
      incoming_user_response: false,
      user_complaint_times: 1,
      problem_type: 'OTHERS',
      in_platform_service: false,
    });
    const key = { key: merchantKeys.privateKey, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' };
    expect(privateDecrypt(key, Buffer.from(found.payer_phone, 'base64')).toString()).toBe('13580006666');
    expect((await call(simulator, 'GET', '/_issued')).json).toEqual(
      expect.arrayContaining(['13580006666', '三天了还没有发货']),
    );
  });

  test('has no phone number if the buyer gives none', async () => {
    expect(await details(await complaintId({ phone: null }))).not.toHaveProperty('payer_phone');
  });

  test('needs a paid order of the buyer, and no other open complaint about the order', async () => {
    const unpaid = orderBody(user);
    await payCall(simulator, { path: jsapi, body: unpaid });
    const outTradeNo = await paidOrder();
    const other = await newUser(simulator);
    const foreign = await phoneAction(simulator, other, 'complain', { outTradeNo, text: 'x' });
    const results = [await complain(unpaid.out_trade_no), await complain('T404404'), foreign];
    expect(results.map(({ status }) => status)).toEqual([404, 404, 404]);
    for (const body of [
      { text: '' },
      { text: '长'.repeat(201) },
      { refundFen: 0 },
      { refundFen: 1801 },
      { phone: 'x' },
    ])
      expect((await complain(outTradeNo, body)).status).toBe(400);
    const { complaintId: id } = (await complain(outTradeNo)).json;
    expect((await complain(outTradeNo)).status).toBe(409);
    await complete(id);
    expect((await complain(outTradeNo)).status).toBe(200);
  });

  test('is PROCESSING after a response of the merchant, and PROCESSED after its completion', async () => {
    const id = await complaintId();
    expect((await respond(id)).status).toBe(204);
    expect((await details(id)).complaint_state).toBe('PROCESSING');
    await act(id, 'user-responds', '请尽快');
    expect((await details(id)).incoming_user_response).toBe(true);
    await respond(id);
    expect((await details(id)).incoming_user_response).toBe(false);
    expect((await complete(id)).status).toBe(204);
    expect((await details(id)).complaint_state).toBe('PROCESSED');
    for (const late of [await respond(id), await complete(id)])
      expect([late.status, late.json.code]).toEqual([400, 'INVALID_REQUEST']);
    expect((await act(id, 'user-responds', '还在吗')).status).toBe(409);
  });

  test('waits again when the buyer continues it', async () => {
    const id = await complaintId();
    expect((await act(id, 'user-continues')).status).toBe(409);
    await complete(id);
    await act(id, 'user-continues', '没有解决');
    expect(await details(id)).toMatchObject({ complaint_state: 'PENDING', user_complaint_times: 2 });
  });

  test('shows the words of both sides in its history', async () => {
    const id = await complaintId();
    await respond(id);
    await act(id, 'user-responds', '好的');
    const { data, limit, offset, total_count: total } = await merchant.history(id);
    expect([limit, offset, total]).toEqual([100, 0, 3]);
    expect(data).toMatchObject([
      { operator: '投诉人', operate_type: 'USER_CREATE_COMPLAINT', operate_details: '三天了还没有发货' },
      { operator: '商户', operate_type: 'MERCHANT_RESPONSE', operate_details: '今天发货' },
      { operator: '投诉人', operate_type: 'USER_RESPONSE', operate_details: '好的' },
    ]);
    const second = await merchant.get(`/complaints-v2/${id}/negotiation-historys?limit=1&offset=1`);
    expect(second.json).toEqual({ data: [data[1]], limit: 1, offset: 1 });
    expect(fieldIn((await merchant.get(`/complaints-v2/${id}/negotiation-historys?limit=301`)).json)).toBe('/limit');
  });
});

describe('a complaint that asks for a refund', () => {
  test('ends when the approved refund has arrived', async () => {
    const outTradeNo = await paidOrder();
    const { complaintId: id } = (await complain(outTradeNo, { refundFen: 700 })).json;
    expect(await details(id)).toMatchObject({ problem_type: 'REFUND', apply_refund_amount: 700 });
    expect((await decideRefund(id, { action: 'APPROVE', launch_refund_day: 0 })).status).toBe(204);
    expect((await details(id)).complaint_state).toBe('PROCESSING');
    expect((await decideRefund(id, { action: 'APPROVE' })).status).toBe(400);
    await refundOrder(simulator, outTradeNo);
    expect(await details(id)).toMatchObject({ complaint_state: 'PROCESSED', complaint_full_refunded: false });
  });

  test('ends with the approval if the refund arrived before', async () => {
    const outTradeNo = await paidOrder();
    const { complaintId: id } = (await complain(outTradeNo, { refundFen: 1800 })).json;
    await refundAll(outTradeNo);
    expect(await details(id)).toMatchObject({ complaint_state: 'PENDING', complaint_full_refunded: true });
    await decideRefund(id, { action: 'APPROVE' });
    expect((await details(id)).complaint_state).toBe('PROCESSED');
  });

  test('ends with the rejection, whose reason is in the history', async () => {
    const id = await complaintId({ refundFen: 1800 });
    expect((await decideRefund(id, { action: 'REJECT', reject_reason: '已发货' })).status).toBe(204);
    expect((await details(id)).complaint_state).toBe('PROCESSED');
    const { data } = await merchant.history(id);
    expect(data[1]).toMatchObject({ operate_type: 'MERCHANT_REFUSE_RERUND', operate_details: '已发货' });
  });

  test.each([
    [{ action: 'DENY' }, '/action'],
    [{ action: 'REJECT' }, '/reject_reason'],
    [{ action: 'REJECT', reject_reason: '已发货', launch_refund_day: 3 }, '/launch_refund_day'],
    [{ action: 'APPROVE', launch_refund_day: -1 }, '/launch_refund_day'],
    [{ action: 'APPROVE', complainted_mchid: mchId }, '/complainted_mchid'],
  ])('declines %j', async (body, field) => {
    const { status, json } = await decideRefund(await complaintId({ refundFen: 1800 }), body);
    expect([status, json.code, fieldIn(json)]).toEqual([400, 'PARAM_ERROR', field]);
  });

  test('is the only complaint whose refund can be decided', async () => {
    const { status, json } = await decideRefund(await complaintId(), { action: 'APPROVE' });
    expect([status, json.code]).toEqual([400, 'INVALID_REQUEST']);
  });
});

describe('a response', () => {
  test('has up to 200 characters, also of three bytes each', async () => {
    const id = await complaintId();
    expect((await respond(id, { response_content: '长'.repeat(200) })).status).toBe(204);
    expect(fieldIn((await respond(id, { response_content: '长'.repeat(201) })).json)).toBe('/response_content');
  });

  test.each([
    [{ complainted_mchid: undefined }, '/complainted_mchid'],
    [{ jump_url: 'https://example.com/help' }, '/jump_url_text'],
    [{ jump_url: 'http://example.com', jump_url_text: '查看' }, '/jump_url'],
    [{ response_images: ['file000000_0000000000'] }, '/response_images'],
    [{ mini_program_jump_info: { appid: 'wx1111111111111111', text: '查看' } }, '/mini_program_jump_info/path'],
  ])('is declined with %j', async (more, field) => {
    const { status, json } = await respond(await complaintId(), more);
    expect([status, json.code, fieldIn(json)]).toEqual([400, 'PARAM_ERROR', field]);
  });

  test('is declined in the name of another merchant, and for an unknown complaint', async () => {
    const foreign = await respond(await complaintId(), { complainted_mchid: '1900000009' });
    expect([foreign.status, foreign.json.code]).toEqual([403, 'NO_AUTH']);
    const unknown = await respond('200201820200101080076610000');
    expect([unknown.status, unknown.json.code]).toEqual([404, 'RESOURCE_NOT_EXISTS']);
  });
});

describe('the list', () => {
  test('contains the complaints of the days, newest first, and the total with the first page', async () => {
    const ids = [await complaintId(), await complaintId(), await complaintId()];
    const days = { begin_date: day(), end_date: day() };
    const first = (await list({ ...days, limit: '2', complainted_mchid: mchId })).json;
    expect(first).toMatchObject({ limit: 2, offset: 0, total_count: 3 });
    expect(first.data.map(({ complaint_id: id }: { complaint_id: string }) => id)).toEqual([ids[2], ids[1]]);
    const second = (await list({ ...days, limit: '2', offset: '2' })).json;
    expect(second).toMatchObject({ limit: 2, offset: 2, data: [{ complaint_id: ids[0] }] });
    expect(second).not.toHaveProperty('total_count');
    expect((await list({ begin_date: day(-2), end_date: day(-1) })).json).toMatchObject({ data: [], total_count: 0 });
  });

  test.each([
    ['no begin_date', () => ({ end_date: day() }), '/begin_date'],
    ['a date of another form', () => ({ begin_date: '20250801', end_date: day() }), '/begin_date'],
    ['a date that does not exist', () => ({ begin_date: '2025-02-30', end_date: day() }), '/begin_date'],
    ['31 days', () => ({ begin_date: day(-30), end_date: day() }), '/end_date'],
    ['days in the wrong order', () => ({ begin_date: day(), end_date: day(-1) }), '/end_date'],
    ['51 complaints in one page', () => ({ begin_date: day(), end_date: day(), limit: '51' }), '/limit'],
    ['a negative offset', () => ({ begin_date: day(), end_date: day(), offset: '-1' }), '/offset'],
  ])('declines %s', async (_, query, field) => {
    const { status, json } = await list({ ...query() });
    expect([status, json.code, fieldIn(json)]).toEqual([400, 'PARAM_ERROR', field]);
  });

  test('accepts 30 days', async () => {
    expect((await list({ begin_date: day(-29), end_date: day() })).status).toBe(200);
  });
});

test('the complaint console lists the complaints and rejects unknown actions', async () => {
  const id = await complaintId({ refundFen: 500 });
  await act(id, 'platform-steps-in');
  const { json } = await call(simulator, 'GET', '/_merchant/complaints');
  expect(json).toMatchObject([
    {
      complaintId: id,
      state: 'PENDING',
      text: '三天了还没有发货',
      refundFen: 500,
      isRefunded: false,
      inPlatformService: true,
      history: [{ type: 'USER_CREATE_COMPLAINT' }, { type: 'USER_APPLY_PLATFORM_SERVICE' }],
    },
  ]);
  expect((await act(id, 'user-shouts')).status).toBe(400);
  expect((await act(id, 'user-responds')).status).toBe(400);
  expect((await act('200201820200101080076610000', 'user-cancels')).status).toBe(404);
});
