import { expect, test } from 'vitest';
import { useSimulator, useWechatUser } from '../fixture.ts';
import { settings } from '../settings.ts';
import { jsapi, orderBody, payCall, phoneAction, planFault, queryOrder } from '../support.ts';
import { signV2, v2Call, v2Order } from './support.ts';

const simulator = useSimulator({}, 'file');
const user = useWechatUser(simulator);

const create = async (order: Record<string, string | undefined>) =>
  (await v2Call(simulator, '/pay/unifiedorder', order)).xml;
const query = async (about: Record<string, string>) => (await v2Call(simulator, '/pay/orderquery', about)).xml;
const close = async (outTradeNo: string) =>
  (await v2Call(simulator, '/pay/closeorder', { out_trade_no: outTradeNo })).xml;
const pay = (payment: object) => phoneAction(simulator, user, 'pay', payment);
const scene = '{"h5_info":{"type":"Wap","wap_url":"https://example.com","wap_name":"Coffee"}}';

const invalidOrders: [string, Record<string, string | undefined>][] = [
  ['LACK_PARAMS', { body: undefined }],
  ['LACK_PARAMS', { body: '' }],
  ['LACK_PARAMS', { nonce_str: undefined }],
  ['LACK_PARAMS', { out_trade_no: undefined }],
  ['LACK_PARAMS', { total_fee: undefined }],
  ['LACK_PARAMS', { spbill_create_ip: undefined }],
  ['LACK_PARAMS', { notify_url: undefined }],
  ['LACK_PARAMS', { trade_type: undefined }],
  ['LACK_PARAMS', { openid: undefined }],
  ['LACK_PARAMS', { trade_type: 'NATIVE' }],
  ['LACK_PARAMS', { trade_type: 'MWEB' }],
  ['PARAM_ERROR', { nonce_str: 'x'.repeat(33) }],
  ['PARAM_ERROR', { body: 'x'.repeat(128) }],
  ['PARAM_ERROR', { body: '字'.repeat(43) }],
  ['PARAM_ERROR', { attach: '字'.repeat(43) }],
  ['PARAM_ERROR', { out_trade_no: 'T1234' }],
  ['PARAM_ERROR', { out_trade_no: 'T12345@' }],
  ['PARAM_ERROR', { total_fee: '0' }],
  ['PARAM_ERROR', { total_fee: '18.00' }],
  ['PARAM_ERROR', { spbill_create_ip: 'localhost' }],
  ['PARAM_ERROR', { notify_url: 'https://example.com/pay?token=1' }],
  ['PARAM_ERROR', { trade_type: 'H5' }],
  ['PARAM_ERROR', { fee_type: 'USD' }],
  ['PARAM_ERROR', { attach: 'x'.repeat(128) }],
  ['PARAM_ERROR', { time_expire: '2030-01-01 12:00:00' }],
  ['PARAM_ERROR', { time_expire: '20300230120000' }],
  ['PARAM_ERROR', { detail: 'coffee' }],
  ['PARAM_ERROR', { trade_type: 'MWEB', scene_info: '{"h5_info":{"type":"Wap"}}' }],
  ['PARAM_ERROR', { trade_type: 'MWEB', scene_info: '{"h5_info":{"type":"toString"}}' }],
];

const texts: Record<string, RegExp> = { LACK_PARAMS: /^缺少参数\w+$/, PARAM_ERROR: /^\w+参数/ };

test.each(invalidOrders)('unifiedorder returns an unsigned text for %s of %j', async (code, change) => {
  const xml = await create(v2Order(user, change));
  expect(xml).toEqual({ return_code: 'FAIL', return_msg: expect.stringMatching(texts[code]!) });
});

test.each(invalidOrders.slice(0, 2))('a planned signed field error has the code %s for %j', async (code, change) => {
  await planFault(simulator, 'v2', 'signed-field-error');
  const xml = await create(v2Order(user, change));
  expect([xml.return_code, xml.result_code, xml.err_code]).toEqual(['SUCCESS', 'FAIL', code]);
  expect(xml.sign).toBe(signV2(xml));
});

test('counts characters once, as documented, after the variant is planned', async () => {
  await planFault(simulator, 'text-length', 'characters');
  expect((await create(v2Order(user, { body: '字'.repeat(127) }))).result_code).toBe('SUCCESS');
  expect((await create(v2Order(user, { body: '字'.repeat(127) }))).return_code).toBe('FAIL');
});

test('the payer must belong to the app', async () => {
  const foreign = v2Order(user, { openid: user.openIds.official });
  expect(await create(foreign)).toEqual({ return_code: 'FAIL', return_msg: '无效的openid' });
  await planFault(simulator, 'v2', 'signed-field-error');
  expect(await create(foreign)).toMatchObject({ err_code: 'PARAM_ERROR', err_code_des: '无效的openid' });
});

test('an overload can be an unsigned text', async () => {
  await planFault(simulator, 'v2', 'busy-text');
  const order = v2Order(user);
  expect(await create(order)).toEqual({ return_code: 'FAIL', return_msg: '系统繁忙,请稍后再试.' });
  expect((await create(order)).result_code).toBe('SUCCESS');
});

test.each([
  ['product-not-open', /产品权限未开通/],
  ['collection-restricted', /收款功能已被限制/],
])('the planned restriction %s is an unsigned text, or NOAUTH', async (restriction, text) => {
  await planFault(simulator, 'create', restriction, 2);
  const refused = await create(v2Order(user));
  expect(refused).toEqual({ return_code: 'FAIL', return_msg: expect.stringMatching(text) });
  await planFault(simulator, 'v2', 'signed-field-error');
  expect((await create(v2Order(user))).err_code).toBe('NOAUTH');
});

test('shows an order as NOTPAY, then as paid, in both protocols', async () => {
  const order = v2Order(user, { attach: 'a', device_info: 'WEB' });
  const { prepay_id: prepayId, trade_type: tradeType } = await create(order);
  expect([prepayId, tradeType]).toEqual([expect.stringMatching(/^wx\d{14}\w{20}$/), 'JSAPI']);
  const about = { out_trade_no: order.out_trade_no };
  const before = await query(about);
  expect(before).toMatchObject({ trade_state: 'NOTPAY', attach: 'a', device_info: 'WEB', ...about });
  expect(before.total_fee).toBeUndefined();
  const { transactionId } = (await pay({ prepayId })).json;
  const paid = {
    ...about,
    transaction_id: transactionId,
    trade_state: 'SUCCESS',
    trade_type: 'JSAPI',
    openid: user.openIds.miniapp,
    is_subscribe: 'N',
    total_fee: '1800',
    cash_fee: '1800',
    fee_type: 'CNY',
    attach: 'a',
    time_end: expect.stringMatching(/^\d{14}$/),
  };
  expect(await query(about)).toMatchObject(paid);
  expect(await query({ transaction_id: transactionId, out_trade_no: 'ignored' })).toMatchObject(paid);
  expect((await queryOrder(simulator, order.out_trade_no)).json).toMatchObject({
    transaction_id: transactionId,
    trade_state: 'SUCCESS',
    amount: { total: 1800 },
    mchid: settings.pay.mchId,
    attach: 'a',
    scene_info: { device_id: 'WEB' },
  });
  expect((await create(order)).err_code).toBe('ORDERPAID');
  expect((await close(order.out_trade_no)).err_code).toBe('ORDERPAID');
});

test('time_end is Beijing time', async () => {
  const order = v2Order(user);
  await pay({ prepayId: (await create(order)).prepay_id });
  const { time_end: end = '' } = await query({ out_trade_no: order.out_trade_no });
  const [, year, month, day, hour, minute, second] = /^(....)(..)(..)(..)(..)(..)$/.exec(end) ?? [];
  const epoch = Date.UTC(
    Number(year),
    Number(month) - 1,
    Number(day),
    Number(hour) - 8,
    Number(minute),
    Number(second),
  );
  expect(Math.abs(epoch - simulator.now())).toBeLessThan(3_000);
});

test('a repeated unifiedorder returns a new prepay_id; a changed one is rejected', async () => {
  const order = v2Order(user);
  const first = await create(order);
  const second = await create(order);
  expect([second.result_code, second.prepay_id === first.prepay_id]).toEqual(['SUCCESS', false]);
  const other = await create({ ...order, total_fee: '1801' });
  expect([other.err_code, other.err_code_des]).toEqual(['INVALID_REQUEST', '201 商户订单号重复']);
});

test('a number belongs to one protocol only', async () => {
  const body = orderBody(user);
  await payCall(simulator, { path: jsapi, body });
  const repeated = await create(v2Order(user, { out_trade_no: body.out_trade_no }));
  expect([repeated.err_code, repeated.err_code_des]).toEqual(['INVALID_REQUEST', '201 商户订单号重复']);
  const order = v2Order(user);
  await create(order);
  const taken = await payCall(simulator, { path: jsapi, body: { ...body, out_trade_no: order.out_trade_no } });
  expect([taken.status, taken.json.code]).toEqual([400, 'INVALID_REQUEST']);
  // Both protocols can query and close either order.
  expect((await query({ out_trade_no: body.out_trade_no })).trade_state).toBe('NOTPAY');
  const path = `/v3/pay/transactions/out-trade-no/${order.out_trade_no}/close`;
  expect((await payCall(simulator, { path, body: { mchid: settings.pay.mchId } })).status).toBe(204);
  expect((await create(order)).err_code).toBe('ORDERCLOSED');
  expect((await query({ out_trade_no: order.out_trade_no })).trade_state).toBe('CLOSED');
});

test('closeorder is idempotent, also for an unknown number, whose query is ORDERNOTEXIST', async () => {
  const order = v2Order(user);
  await create(order);
  expect([(await close(order.out_trade_no)).result_code, (await close(order.out_trade_no)).result_code]).toEqual([
    'SUCCESS',
    'SUCCESS',
  ]);
  expect(await close('T99999999')).toMatchObject({ result_code: 'SUCCESS', result_msg: 'OK' });
  await planFault(simulator, 'close', 'unknown-order-not-exist');
  expect((await close('T99999999')).err_code).toBe('ORDERNOTEXIST');
  await planFault(simulator, 'close', 'unknown-order-closed');
  expect((await close('T99999999')).err_code).toBe('ORDERCLOSED');
  expect((await query({ out_trade_no: 'T99999999' })).err_code).toBe('ORDERNOTEXIST');
  expect((await query({ transaction_id: '7' })).err_code).toBe('ORDERNOTEXIST');
  expect((await query({})).return_msg).toBe('缺少参数out_trade_no');
});

test('native: the code_url is scanned and paid', async () => {
  const order = v2Order(user, { trade_type: 'NATIVE', product_id: 'coffee', openid: undefined });
  const { code_url: codeUrl, prepay_id: prepayId } = await create(order);
  expect(prepayId).toMatch(/^wx\d{14}/);
  expect((await phoneAction(simulator, user, 'scan', { content: codeUrl })).json).toMatchObject({
    kind: 'pay',
    outTradeNo: order.out_trade_no,
    amountFen: 1800,
  });
  expect((await pay({ codeUrl })).status).toBe(200);
  expect((await query({ out_trade_no: order.out_trade_no })).trade_type).toBe('NATIVE');
});

test('H5: the mweb_url is paid, with a redirect_url behind it', async () => {
  const order = v2Order(user, { trade_type: 'MWEB', scene_info: scene, openid: undefined });
  const { mweb_url: h5Url } = await create(order);
  expect((await pay({ h5Url: `${h5Url}&redirect_url=https%3A%2F%2Fa.example` })).status).toBe(200);
  expect((await query({ out_trade_no: order.out_trade_no })).trade_type).toBe('MWEB');
});

/** `yyyyMMddHHmmss` in Beijing, so long from now. */
const inMs = (ms: number) => new Date(Date.now() + 8 * 3_600_000 + ms).toISOString().replaceAll(/\D/g, '').slice(0, 14);

test('an order lives for five minutes at least', async () => {
  const code = async (lifeMs: number) =>
    (await create(v2Order(user, { time_start: inMs(0), time_expire: inMs(lifeMs) }))).return_code;
  expect([await code(295_000), await code(305_000)]).toEqual(['FAIL', 'SUCCESS']);
});

test('time_expire is the last moment to pay', async () => {
  const { prepay_id: prepayId } = await create(v2Order(user, { time_expire: inMs(600_000) }));
  await simulator.advanceClock(10 * 60_000);
  expect((await pay({ prepayId })).json.error).toBe('ORDER_EXPIRED');
});
