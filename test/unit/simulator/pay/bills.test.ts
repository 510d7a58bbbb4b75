import { createHash } from 'node:crypto';
import { gunzipSync } from 'node:zlib';
import { beforeEach, expect, test } from 'vitest';
import { useReceiver, useSimulator, useWechatUser } from '../fixture.ts';
import { settings } from '../settings.ts';
import { call, fieldIn, payCall, payOrder, planFault, platformSigned } from '../support.ts';
import { download, readBill } from './bill-support.ts';
import { accepted, payV2Order, refundOrder, v2Call } from './support.ts';

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const beijing = (epochMs: number) => new Date(epochMs + 8 * hourMs);
const dateOf = (epochMs: number) => beijing(epochMs).toISOString().slice(0, 10);

const simulator = useSimulator();
const user = useWechatUser(simulator);
/** Accepts the notifications of payments. */
const paymentReceiver = useReceiver(simulator, { status: 200, body: accepted });

/** The Beijing day of the payments and refunds, and the next day. */
let date: string;
let nextDate: string;
beforeEach(async () => {
  await until(12);
  date = dateOf(simulator.now());
  nextDate = dateOf(simulator.now() + dayMs);
});

/** To this hour of tomorrow in Beijing. */
const until = async (hour: number) => {
  const midnight = Math.floor(beijing(simulator.now()).getTime() / dayMs) * dayMs + dayMs - 8 * hourMs;
  await simulator.advanceClock(midnight + hour * hourMs - simulator.now());
};
const paidOrder = (more: object = {}) => payOrder(simulator, user, { notify_url: paymentReceiver.url, ...more });
const refund = (outTradeNo: string, outRefundNo: string, fen = 700) =>
  refundOrder(simulator, outTradeNo, {
    out_refund_no: outRefundNo,
    amount: { refund: fen, total: 1800, currency: 'CNY' },
  });
const ask = (kind: string, query: object) =>
  payCall(simulator, { method: 'GET', path: `/v3/bill/${kind}?${new URLSearchParams({ ...query })}` });
const trade = (query: object = {}) => ask('tradebill', { bill_date: date, ...query });

const tradeRows = async (query: object = {}) => {
  const { bytes } = await download(simulator, (await trade(query)).json.download_url);
  return readBill(bytes);
};

test('a trade bill has the payments and refunds of its day, and sums them up', async () => {
  const one = await paidOrder({ description: 'a, b', attach: 'x' });
  const two = await paidOrder();
  await refund(two.outTradeNo, 'R1');
  await planFault(simulator, 'refund', 'refund-abnormal');
  await refund(two.outTradeNo, 'R2', 5);
  await planFault(simulator, 'refund', 'refund-closed');
  await refund(two.outTradeNo, 'R3', 6);
  await until(10);
  const later = await paidOrder();
  const { status, json, headers, text } = await trade();
  expect([status, platformSigned(headers, text), json.hash_type]).toEqual([200, true, 'SHA1']);
  const { response, bytes } = await download(simulator, json.download_url);
  expect(response.headers.get('wechatpay-signature')).toBeNull();
  expect(createHash('sha1').update(bytes).digest('hex')).toBe(json.hash_value);
  const { names, rows, summary } = readBill(bytes);
  expect(names).toHaveLength(27);
  expect(rows).toHaveLength(5);
  expect(rows.some((row) => row['商户订单号'] === later.outTradeNo)).toBe(false);
  expect(rows[0]).toEqual({
    交易时间: expect.stringMatching(new RegExp(`^${date} 12:0\\d:\\d\\d$`)),
    公众账号ID: settings.miniapp.appId,
    商户号: settings.pay.mchId,
    特约商户号: '0',
    设备号: '',
    微信订单号: one.transactionId,
    商户订单号: one.outTradeNo,
    用户标识: user.openIds.miniapp,
    交易类型: 'JSAPI',
    交易状态: 'SUCCESS',
    付款银行: 'OTHERS',
    货币种类: 'CNY',
    应结订单金额: '18.00',
    代金券金额: '0.00',
    微信退款单号: '0',
    商户退款单号: '0',
    退款金额: '0.00',
    充值券退款金额: '0.00',
    退款类型: '',
    退款状态: '',
    商品名称: 'a  b',
    商户数据包: 'x',
    手续费: '0.00000',
    费率: '0.00%',
    订单金额: '18.00',
    申请退款金额: '0.00',
    费率备注: '',
  });
  expect(rows[2]).toMatchObject({
    微信订单号: two.transactionId,
    商户订单号: two.outTradeNo,
    交易状态: 'REFUND',
    订单金额: '0.00',
    微信退款单号: expect.stringMatching(/^50\d{27}$/),
    商户退款单号: 'R1',
    申请退款金额: '7.00',
    退款状态: 'SUCCESS',
  });
  expect(rows.slice(3).map((row) => [row['商户退款单号'], row['退款状态'], row['申请退款金额']])).toEqual([
    ['R2', 'CHANGE', '0.05'],
    ['R3', 'FAIL', '0.06'],
  ]);
  expect(summary).toMatchObject({ 总交易单数: '5', 订单总金额: '36.00', 申请退款总金额: '7.11' });
});

test('bill_type chooses rows and columns', async () => {
  const { outTradeNo } = await paidOrder();
  await refund(outTradeNo, 'R1');
  await until(10);
  const success = await tradeRows({ bill_type: 'SUCCESS' });
  expect([success.names.includes('申请退款金额'), success.rows.length]).toEqual([false, 1]);
  const refunded = await tradeRows({ bill_type: 'REFUND' });
  expect(refunded.rows).toMatchObject([{ 商户退款单号: 'R1', 退款成功时间: expect.stringContaining(date) }]);
});

test('a bill shows a refund with its status at the time of the bill', async () => {
  const { outTradeNo } = await paidOrder();
  await planFault(simulator, 'refund', 'refund-abnormal');
  await refund(outTradeNo, 'R1');
  await until(10);
  await call(simulator, 'POST', '/_merchant/refunds/R1', { status: 'SUCCESS' });
  expect((await tradeRows()).rows[1]).toMatchObject({ 商户退款单号: 'R1', 退款状态: 'CHANGE' });
});

test('GZIP compresses the file; the hash covers the uncompressed bytes', async () => {
  await paidOrder();
  await until(10);
  const { json } = await trade({ tar_type: 'GZIP' });
  const { response, bytes } = await download(simulator, json.download_url);
  expect(response.headers.get('content-encoding')).toBeNull();
  const plain = gunzipSync(bytes);
  expect(createHash('sha1').update(plain).digest('hex')).toBe(json.hash_value);
  expect(readBill(plain).rows).toHaveLength(1);
});

test('wrong-hash returns a wrong hash once', async () => {
  await paidOrder();
  await until(10);
  await planFault(simulator, 'bill', 'wrong-hash');
  const [wrong, right] = [(await trade()).json.hash_value, (await trade()).json.hash_value];
  expect([/^[0-9a-f]{40}$/.test(wrong), wrong === right]).toEqual([true, false]);
});

test('a download URL requires a signature and expires after five minutes', async () => {
  await paidOrder();
  await until(10);
  const { json } = await trade();
  expect((await fetch(json.download_url)).status).toBe(401);
  const { pathname, search } = new URL(json.download_url);
  const get = (path: string) => payCall(simulator, { method: 'GET', path });
  expect((await get(`${pathname}?token=x`)).json.code).toBe('INVALID_REQUEST');
  await simulator.advanceClock(290_000);
  expect((await get(pathname + search)).status).toBe(200);
  await simulator.advanceClock(10_000);
  expect((await get(pathname + search)).json.code).toBe('INVALID_REQUEST');
});

test('there are bills of the last three months, from nine in the morning', async () => {
  const code = async (query: object = {}) => (await trade(query)).json.code;
  await paidOrder();
  for (const day of [date, nextDate]) expect(await code({ bill_date: day })).toBe('INVALID_REQUEST');
  await until(8);
  expect(await code()).toBe('STATEMENT_CREATING');
  await simulator.advanceClock(hourMs);
  expect(await code()).toBeUndefined();
  const empty = await trade({ bill_date: dateOf(simulator.now() - 5 * dayMs) });
  expect([empty.status, empty.json.code]).toEqual([400, 'NO_STATEMENT_EXIST']);
  expect(await code({ bill_date: dateOf(simulator.now() - 100 * dayMs) })).toBe('INVALID_REQUEST');
  await simulator.advanceClock(92 * dayMs);
  expect(await code()).toBe('INVALID_REQUEST');
});

test.each([
  ['/bill_date', { bill_date: '20260101' }],
  ['/bill_date', { bill_date: '2026-02-30' }],
  ['/bill_type', { bill_type: 'NONE' }],
  ['/tar_type', { tar_type: 'ZIP' }],
  ['/account_type', { account_type: 'BASIC' }],
])('PARAM_ERROR names %s of %j', async (field, query) => {
  const { status, json } = await trade(query);
  expect([status, json.code, fieldIn(json)]).toEqual([400, 'PARAM_ERROR', field]);
});

test('a fund-flow bill continues the balance of the day before', async () => {
  await paidOrder();
  await until(12);
  const { outTradeNo, transactionId } = await paidOrder();
  await refund(outTradeNo, 'R1');
  await planFault(simulator, 'refund', 'refund-closed');
  await refund(outTradeNo, 'R2', 1);
  await until(10);
  const { json } = await ask('fundflowbill', { bill_date: nextDate });
  const { rows, summary } = readBill((await download(simulator, json.download_url)).bytes);
  expect(rows).toMatchObject([
    { 微信支付业务单号: transactionId, 收支类型: '收入', '收支金额(元)': '18.00', '账户结余(元)': '36.00' },
    { 业务凭证号: 'R1', 收支类型: '支出', '收支金额(元)': '7.00', '账户结余(元)': '29.00' },
  ]);
  expect(summary).toEqual({ 资金流水总笔数: '2', 收入笔数: '1', 收入金额: '18.00', 支出笔数: '1', 支出金额: '7.00' });
  const fees = await ask('fundflowbill', { bill_date: nextDate, account_type: 'FEES' });
  expect(fees.json.code).toBe('NO_STATEMENT_EXIST');
});

test('POST /_merchant/bills sets and removes discrepancies between bill and ledger', async () => {
  const distort = (body: object) => call(simulator, 'POST', '/_merchant/bills', body);
  const [one, two] = [await paidOrder(), await paidOrder()];
  await until(10);
  const made = { outTradeNo: 'X123456', transactionId: '4'.repeat(28), amountFen: 5 };
  const rows = async () => (await tradeRows()).rows.map((row) => [row['商户订单号'], row['订单金额']]);
  const change = { drop: [one.outTradeNo], amounts: { [two.outTradeNo]: 1799 }, add: [made] };
  const changed = [
    [two.outTradeNo, '17.99'],
    ['X123456', '0.05'],
  ];
  expect((await distort({ date, ...change })).status).toBe(204);
  expect((await rows()).toSorted()).toEqual(changed.toSorted());
  await distort({ date });
  const honest = [
    [one.outTradeNo, '18.00'],
    [two.outTradeNo, '18.00'],
  ];
  expect((await rows()).toSorted()).toEqual(honest.toSorted());
  await distort({ date: nextDate, ...change });
  expect((await rows()).toSorted()).toEqual(honest.toSorted());
  for (const wrong of [
    { date: 'today' },
    { drop: one.outTradeNo },
    { amounts: { x: '1' } },
    { add: [{}] },
    { add: 1 },
  ]) {
    expect((await distort(wrong)).status).toBe(400);
  }
});

test('discrepancies without a date apply to each day without its own', async () => {
  const { outTradeNo } = await paidOrder();
  await until(10);
  await call(simulator, 'POST', '/_merchant/bills', { drop: [outTradeNo] });
  expect((await trade()).json.code).toBe('NO_STATEMENT_EXIST');
  await call(simulator, 'POST', '/_merchant/bills', {});
  expect((await trade()).status).toBe(200);
});

test('API v2 downloads the same bill, with errors in return_msg', async () => {
  const { order } = await payV2Order(simulator, user, { notify_url: paymentReceiver.url });
  const day = date.replaceAll('-', '');
  const get = (about: Record<string, string | undefined>) => v2Call(simulator, '/pay/downloadbill', about);
  expect((await get({ bill_date: day })).xml).toEqual({ return_code: 'FAIL', return_msg: 'invalid bill_date' });
  await until(8);
  expect((await get({ bill_date: day })).xml).toEqual({ return_code: 'FAIL', return_msg: 'Bill Creating' });
  await simulator.advanceClock(2 * hourMs);
  const { status, text } = await get({ bill_date: day, bill_type: 'ALL' });
  expect(status).toBe(200);
  // fetch's text() has swallowed the byte order mark.
  expect(readBill(Buffer.from(`\uFEFF${text}`)).rows).toMatchObject([{ 商户订单号: order.out_trade_no }]);
  expect((await get({ bill_date: day, bill_type: 'REFUND' })).xml.return_msg).toBe('No Bill Exist');
  for (const wrong of [{ bill_date: date }, { bill_date: day, bill_type: 'X' }, { bill_date: day, tar_type: 'ZIP' }]) {
    expect((await get(wrong)).xml.return_msg).toMatch(/^invalid /);
  }
});

test('the bill of an older merchant has one amount of each payment, and another summary', async () => {
  const { outTradeNo } = await paidOrder();
  await until(11);
  await planFault(simulator, 'bill', 'old-format');
  const { names, rows, summary } = await tradeRows();
  expect(names).toEqual(expect.arrayContaining(['总金额', '企业红包金额', '企业红包退款金额']));
  expect(names).not.toContain('应结订单金额');
  expect(rows.find((row) => row['商户订单号'] === outTradeNo)).toMatchObject({ 总金额: '18.00', 企业红包金额: '0.00' });
  expect(Object.keys(summary)).toEqual(['总交易单数', '总交易额', '总退款金额', '总企业红包退款金额', '手续费总金额']);
});

test('a bill can contain the lines of another system, and a payment by coupon', async () => {
  await planFault(simulator, 'pay', 'coupon');
  const { outTradeNo } = await paidOrder();
  await until(11);
  await planFault(simulator, 'bill', 'foreign-lines');
  const { rows } = await tradeRows();
  expect(rows.map((row) => row['交易状态']).toSorted()).toEqual(['REFUND', 'REVOKED', 'SUCCESS', 'SUCCESS', 'SUCCESS']);
  expect(rows.find((row) => row['交易状态'] === 'REVOKED')).toMatchObject({
    订单金额: '0.00',
    商户退款单号: '0',
    申请退款金额: '66.00',
  });
  expect(rows.find((row) => row['商户订单号'] === outTradeNo)).toMatchObject({
    应结订单金额: '9.00',
    代金券金额: '9.00',
    订单金额: '18.00',
  });
});
