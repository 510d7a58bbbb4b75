import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { useSimulator, useWechatUser } from '../fixture.ts';
import { fieldIn, jsapi, orderBody, payCall, payOrder, planFault, platformSigned, queryOrder } from '../support.ts';
import { payV2Order, refunds, v2Call } from './support.ts';

const simulator = useSimulator();
const user = useWechatUser(simulator);

const paidOrder = () => payOrder(simulator, user);
const refundBody = (outTradeNo: string, more: object = {}) => ({
  out_trade_no: outTradeNo,
  out_refund_no: `R${randomUUID()}`,
  amount: { refund: 1000, total: 1800, currency: 'CNY' },
  ...more,
});
const refund = (body: object) => payCall(simulator, { path: refunds, body });
const query = (outRefundNo: string) =>
  payCall(simulator, { method: 'GET', path: `${refunds}/${encodeURIComponent(outRefundNo)}` });
const amount = (refundFen: unknown, total = 1800) => ({ refund: refundFen, total, currency: 'CNY' });

test('counts the bytes of the reason', async () => {
  const { outTradeNo } = await paidOrder();
  const reasoned = (reason: string) => refund(refundBody(outTradeNo, { reason, amount: amount(1) }));
  const tooLong = await reasoned('退'.repeat(27));
  expect([tooLong.status, tooLong.json.code]).toEqual([400, 'PARAM_ERROR']);
  expect(tooLong.json.message).toContain('字节数 81，大于最大值 80');
  expect((await reasoned(`${'退'.repeat(26)}款`.slice(0, 26))).status).toBe(200);
  await planFault(simulator, 'text-length', 'characters');
  expect((await reasoned('退'.repeat(80))).status).toBe(200);
});

test('a refund is PROCESSING at first, SUCCESS a second later; the order is REFUND from the start', async () => {
  const { outTradeNo, transactionId } = await paidOrder();
  const body = refundBody(outTradeNo, { reason: '咖啡凉了', out_refund_no: 'R-_|*@1' });
  const created = await refund(body);
  expect([created.status, platformSigned(created.headers, created.text)]).toEqual([200, true]);
  expect(created.json).toMatchObject({
    refund_id: expect.stringMatching(/^50\d{27}$/),
    out_refund_no: 'R-_|*@1',
    transaction_id: transactionId,
    out_trade_no: outTradeNo,
    channel: 'ORIGINAL',
    status: 'PROCESSING',
    create_time: expect.stringMatching(/\+08:00$/),
    amount: { total: 1800, refund: 1000, payer_total: 1800, payer_refund: 1000, currency: 'CNY' },
  });
  expect(created.json).not.toHaveProperty('success_time');
  expect((await queryOrder(simulator, outTradeNo)).json).toMatchObject({
    trade_state: 'REFUND',
    transaction_id: transactionId,
    amount: { total: 1800 },
  });
  await simulator.advanceClock(1_000);
  const settled = await query('R-_|*@1');
  expect([settled.status, platformSigned(settled.headers, settled.text)]).toEqual([200, true]);
  expect(settled.json).toMatchObject({ ...created.json, status: 'SUCCESS' });
  expect(settled.json.success_time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00$/);
});

test('a refund ends by real time too', async () => {
  const { outTradeNo } = await paidOrder();
  const body = refundBody(outTradeNo);
  await refund(body);
  await expect.poll(async () => (await query(body.out_refund_no)).json.status).toBe('SUCCESS');
});

const fieldCases: [string, object][] = [
  ['/out_refund_no', { out_refund_no: undefined }],
  ['/out_refund_no', { out_refund_no: 'R'.repeat(65) }],
  ['/out_refund_no', { out_refund_no: 'R#' }],
  ['/reason', { reason: '字'.repeat(81) }],
  ['/notify_url', { notify_url: 'https://example.com/?a=1' }],
  ['/funds_account', { funds_account: 'BASIC' }],
  ['/amount', { amount: undefined }],
  ['/amount/refund', { amount: amount(0) }],
  ['/amount/refund', { amount: amount('1') }],
  ['/amount/total', { amount: { refund: 1, currency: 'CNY' } }],
  ['/amount/currency', { amount: { refund: 1, total: 1800 } }],
  ['/amount/from', { amount: { ...amount(1000), from: [{ account: 'AVAILABLE', amount: 999 }] } }],
  ['/unknown', { unknown: 1 }],
  ['/transaction_id', { out_trade_no: undefined }],
  ['/transaction_id', { transaction_id: '4'.repeat(28) }],
];

test.each(fieldCases)('PARAM_ERROR names %s of %j', async (field, change) => {
  const { status, json } = await refund(refundBody('T123456', change));
  expect([status, json.code, fieldIn(json)]).toEqual([400, 'PARAM_ERROR', field]);
});

test('accepts either number of the order; unknown ones are 404', async () => {
  const { transactionId } = await paidOrder();
  const byTransaction = { out_trade_no: undefined, transaction_id: transactionId };
  expect((await refund(refundBody('', byTransaction))).json.status).toBe('PROCESSING');
  for (const body of [refundBody('T99999999'), refundBody('', { ...byTransaction, transaction_id: '4'.repeat(28) })]) {
    const { status, json } = await refund(body);
    expect([status, json.code]).toEqual([404, 'RESOURCE_NOT_EXISTS']);
  }
  const unknown = await query('R9');
  expect([unknown.status, unknown.json.code]).toEqual([404, 'RESOURCE_NOT_EXISTS']);
});

test('an unpaid order, another total, and more than is left are INVALID_REQUEST', async () => {
  const unpaid = orderBody(user);
  await payCall(simulator, { path: jsapi, body: unpaid });
  expect((await refund(refundBody(unpaid.out_trade_no))).json.code).toBe('INVALID_REQUEST');
  const { outTradeNo } = await paidOrder();
  expect((await refund(refundBody(outTradeNo, { amount: amount(1, 1801) }))).json.code).toBe('INVALID_REQUEST');
  expect((await refund(refundBody(outTradeNo, { amount: amount(1801) }))).json.code).toBe('INVALID_REQUEST');
  expect((await refund(refundBody(outTradeNo, { amount: amount(1000) }))).status).toBe(200);
  expect((await refund(refundBody(outTradeNo, { amount: amount(801) }))).json.code).toBe('INVALID_REQUEST');
  expect((await refund(refundBody(outTradeNo, { amount: amount(800) }))).status).toBe(200);
  const { status, json } = await refund(refundBody(outTradeNo, { amount: amount(1) }));
  expect([status, json.code]).toEqual([400, 'INVALID_REQUEST']);
});

test('a repeated number returns the same refund, or INVALID_REQUEST for other terms', async () => {
  const { outTradeNo } = await paidOrder();
  const body = refundBody(outTradeNo, { reason: 'x' });
  const first = await refund(body);
  await simulator.advanceClock(1_000);
  const second = await refund(Object.fromEntries(Object.entries(body).toReversed()));
  expect([second.json.refund_id, second.json.status]).toEqual([first.json.refund_id, 'SUCCESS']);
  const other = await paidOrder();
  for (const change of [{ amount: amount(999) }, { reason: 'y' }, { out_trade_no: other.outTradeNo }]) {
    const { status, json } = await refund({ ...body, ...change });
    expect([status, json.code]).toEqual([400, 'INVALID_REQUEST']);
  }
  expect((await refund(refundBody(outTradeNo, { amount: amount(800) }))).status).toBe(200);
});

test('a number of another system is declined, and its query returns the other refund', async () => {
  const { outTradeNo } = await paidOrder();
  for (const code of ['INVALID_REQUEST', 'REFUND_FEE_MISMATCH']) {
    await planFault(simulator, 'refund', 'foreign-number');
    if (code === 'REFUND_FEE_MISMATCH') await planFault(simulator, 'refund', 'fee-mismatch');
    const body = refundBody(outTradeNo);
    const declined = await refund(body);
    expect([declined.status, declined.json.code]).toEqual([400, code]);
    const { json } = await query(body.out_refund_no);
    expect(json).toMatchObject({ out_refund_no: body.out_refund_no, status: 'SUCCESS', amount: { refund: 6_600 } });
    expect(json.out_trade_no).not.toBe(outTradeNo);
  }
});

test('unsettled funds that are too small decline a refund unless the available balance pays', async () => {
  const { outTradeNo } = await paidOrder();
  await planFault(simulator, 'refund', 'unsettled-not-enough');
  const body = refundBody(outTradeNo);
  expect((await refund({ ...body, funds_account: 'AVAILABLE' })).status).toBe(200);
  const declined = await refund(refundBody(outTradeNo, { amount: amount(1) }));
  expect([declined.status, declined.json.code]).toEqual([403, 'NOT_ENOUGH']);
  expect(declined.json.message).toContain('请使用可用余额退款');
});

test('a second refund of an order within a minute is FREQUENCY_LIMITED if planned', async () => {
  const { outTradeNo } = await paidOrder();
  await planFault(simulator, 'refund', 'too-frequent');
  expect((await refund(refundBody(outTradeNo, { amount: amount(1) }))).status).toBe(200);
  const second = await refund(refundBody(outTradeNo, { amount: amount(1) }));
  expect([second.status, second.json.code]).toEqual([429, 'FREQUENCY_LIMITED']);
  await simulator.advanceClock(60_000);
  await planFault(simulator, 'refund', 'too-frequent');
  expect((await refund(refundBody(outTradeNo, { amount: amount(1) }))).status).toBe(200);
});

test('rejects the 51st refund of an order', async () => {
  const { outTradeNo } = await paidOrder();
  for (let done = 0; done < 50; done += 1) {
    expect((await refund(refundBody(outTradeNo, { amount: amount(1) }))).status).toBe(200);
  }
  expect((await refund(refundBody(outTradeNo, { amount: amount(1) }))).json.code).toBe('INVALID_REQUEST');
  const { xml } = await v2Call(simulator, '/pay/refundquery', { out_trade_no: outTradeNo });
  expect([xml.refund_count, xml.total_refund_count]).toEqual(['10', '50']);
  const last = await v2Call(simulator, '/pay/refundquery', { out_trade_no: outTradeNo, offset: '45' });
  expect([last.xml.refund_count, last.xml.out_refund_no_4 !== undefined, last.xml.out_refund_no_5]).toEqual([
    '5',
    true,
    undefined,
  ]);
});

test('rejects a refund after a year', async () => {
  const { outTradeNo } = await paidOrder();
  await simulator.advanceClock(366 * 86_400_000);
  const { status, json } = await refund(refundBody(outTradeNo));
  expect([status, json.code]).toEqual([403, 'TRADE_OVERDUE']);
});

test('refund-closed closes the refund and releases its amount', async () => {
  const { outTradeNo } = await paidOrder();
  await planFault(simulator, 'refund', 'refund-closed');
  const body = refundBody(outTradeNo, { amount: amount(1800) });
  expect((await refund(body)).json.status).toBe('PROCESSING');
  await simulator.advanceClock(1_000);
  expect((await query(body.out_refund_no)).json).toMatchObject({ status: 'CLOSED' });
  expect((await queryOrder(simulator, outTradeNo)).json.trade_state).toBe('REFUND');
  expect((await refund(refundBody(outTradeNo, { amount: amount(1800) }))).status).toBe(200);
});

test('refund-abnormal keeps the amount reserved', async () => {
  const { outTradeNo } = await paidOrder();
  await planFault(simulator, 'refund', 'refund-abnormal');
  const body = refundBody(outTradeNo, { amount: amount(1800) });
  await refund(body);
  await simulator.advanceClock(1_000);
  expect((await query(body.out_refund_no)).json.status).toBe('ABNORMAL');
  expect((await refund(refundBody(outTradeNo, { amount: amount(1) }))).json.code).toBe('INVALID_REQUEST');
});

test('refund-not-enough returns 403, creates nothing, and the same number works later', async () => {
  const { outTradeNo } = await paidOrder();
  await planFault(simulator, 'refund', 'refund-not-enough');
  const body = refundBody(outTradeNo);
  const { status, json } = await refund(body);
  expect([status, json.code]).toEqual([403, 'NOT_ENOUGH']);
  expect((await query(body.out_refund_no)).status).toBe(404);
  expect((await queryOrder(simulator, outTradeNo)).json.trade_state).toBe('SUCCESS');
  expect((await refund(body)).status).toBe(200);
});

test('API v3 refunds an API v2 order, and refundquery finds the refund by any of four numbers', async () => {
  const { order, transactionId } = await payV2Order(simulator, user);
  const ask = async (about: Record<string, string>) => (await v2Call(simulator, '/pay/refundquery', about)).xml;
  expect((await ask({ out_trade_no: order.out_trade_no })).err_code).toBe('REFUNDNOTEXIST');
  const body = refundBody(order.out_trade_no, { out_refund_no: 'first', amount: amount(1000) });
  const { refund_id: refundId } = (await refund(body)).json;
  expect((await ask({ refund_id: refundId })).refund_status_0).toBe('PROCESSING');
  await simulator.advanceClock(1_000);
  await planFault(simulator, 'refund', 'refund-abnormal');
  await refund(refundBody(order.out_trade_no, { out_refund_no: 'second', amount: amount(800) }));
  await simulator.advanceClock(1_000);
  const both = await ask({ transaction_id: transactionId, out_trade_no: 'ignored' });
  expect(both).toMatchObject({
    result_code: 'SUCCESS',
    transaction_id: transactionId,
    out_trade_no: order.out_trade_no,
    total_fee: '1800',
    cash_fee: '1800',
    refund_count: '2',
    out_refund_no_0: 'first',
    refund_id_0: refundId,
    refund_fee_0: '1000',
    refund_status_0: 'SUCCESS',
    refund_success_time_0: expect.stringMatching(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/),
    refund_recv_accout_0: '支付用户零钱',
    out_refund_no_1: 'second',
    refund_fee_1: '800',
    refund_status_1: 'CHANGE',
  });
  expect(both).not.toHaveProperty('refund_success_time_1');
  const one = await ask({ out_refund_no: 'second', transaction_id: transactionId });
  expect([one.refund_count, one.out_refund_no_0]).toEqual(['1', 'second']);
  expect((await ask({ out_refund_no: 'third' })).err_code).toBe('REFUNDNOTEXIST');
  expect((await ask({ refund_id: '50' })).err_code).toBe('REFUNDNOTEXIST');
  const { xml } = await v2Call(simulator, '/pay/orderquery', { out_trade_no: order.out_trade_no });
  expect(xml).toMatchObject({ trade_state: 'REFUND', total_fee: '1800' });
});
