import { randomUUID } from 'node:crypto';
import { expect, test } from 'vitest';
import { useSimulator, useWechatUser } from '../fixture.ts';
import { settings } from '../settings.ts';
import { fieldIn, jsapi, newUser, orderBody, payCall, phoneAction, planFault, platformSigned } from '../support.ts';

const simulator = useSimulator();
const user = useWechatUser(simulator);

const { mchId } = settings.pay;
const minuteMs = 60_000;
const create = (body: object, path = jsapi) => payCall(simulator, { path, body });
const byNo = (outTradeNo: string) => `/v3/pay/transactions/out-trade-no/${outTradeNo}`;
const query = (path: string) => payCall(simulator, { method: 'GET', path: `${path}?mchid=${mchId}` });
const close = (outTradeNo: string) => payCall(simulator, { path: `${byNo(outTradeNo)}/close`, body: { mchid: mchId } });
const pay = (payment: object, payer = user) => phoneAction(simulator, payer, 'pay', payment);
const inMs = (ms: number) => new Date(simulator.now() + ms).toISOString();

const fieldCases: [string, object][] = [
  ['/unknown', { unknown: 1 }],
  ['/attach', { attach: null }],
  ['/description', { description: '' }],
  ['/description', { description: '字'.repeat(43) }],
  ['/attach', { attach: '字'.repeat(43) }],
  [
    '/scene_info/store_info/name',
    { scene_info: { payer_client_ip: '1.2.3.4', store_info: { id: 's', name: '字'.repeat(86) } } },
  ],
  ['/description', { description: 'coffee ☕😀' }],
  ['/description', { description: undefined }],
  ['/out_trade_no', { out_trade_no: 'T1234' }],
  ['/out_trade_no', { out_trade_no: 'T'.repeat(33) }],
  ['/out_trade_no', { out_trade_no: 'T12345@' }],
  ['/out_trade_no', { out_trade_no: 123456 }],
  ['/notify_url', { notify_url: 'http://example.com/pay' }],
  ['/notify_url', { notify_url: 'https://example.com/pay?token=1' }],
  ['/notify_url', { notify_url: ' https://example.com/pay' }],
  ['/notify_url', { notify_url: 'http://localhost.evil.com/pay' }],
  ['/amount', { amount: 1800 }],
  ['/amount/total', { amount: { total: 0 } }],
  ['/amount/total', { amount: { total: 18.5 } }],
  ['/amount/total', { amount: { total: '1800' } }],
  ['/amount/currency', { amount: { total: 1, currency: 'USD' } }],
  ['/payer', { payer: undefined }],
  ['/payer/openid', { payer: {} }],
  ['/time_expire', { time_expire: '2030-01-01 12:00:00' }],
  ['/detail/goods_detail/0/quantity', { detail: { goods_detail: [{ merchant_goods_id: '1', unit_price: 1 }] } }],
  ['/scene_info/payer_client_ip', { scene_info: {} }],
  ['/settle_info/profit_sharing', { settle_info: { profit_sharing: 'true' } }],
];

test.each(fieldCases)('PARAM_ERROR names %s of %j', async (field, changes) => {
  const { status, json, headers, text } = await create(orderBody(user, changes));
  expect([status, json.code, fieldIn(json)]).toEqual([400, 'PARAM_ERROR', field]);
  expect(platformSigned(headers, text)).toBe(true);
});

test('accepts every documented field, and http for local receivers', async () => {
  const body = orderBody(user, {
    description: `${'字'.repeat(42)}a`,
    out_trade_no: 'Tt0_-|*'.padEnd(32, '9'),
    time_expire: inMs(30 * minuteMs),
    attach: 'a',
    notify_url: 'http://127.0.0.1:3001/pay-notify',
    goods_tag: 'tag',
    support_fapiao: false,
    detail: { cost_price: 1, invoice_id: 'i', goods_detail: [{ merchant_goods_id: '1', quantity: 1, unit_price: 0 }] },
    scene_info: { payer_client_ip: '2001:db8::1', device_id: 'd', store_info: { id: 's' } },
    settle_info: { profit_sharing: false },
  });
  expect((await create(body)).status).toBe(200);
  expect((await query(byNo(encodeURIComponent(body.out_trade_no)))).json.out_trade_no).toBe(body.out_trade_no);
});

test('counts the bytes of a text, and names their number', async () => {
  const tooLong = await create(orderBody(user, { description: `${'字'.repeat(48)}a` }));
  expect(tooLong).toMatchObject({ status: 400, json: { code: 'PARAM_ERROR' } });
  expect(tooLong.json.message).toContain('字节数 145，大于最大值 127');
});

test('counts characters once, as documented, after the variant is planned', async () => {
  await planFault(simulator, 'text-length', 'characters');
  expect((await create(orderBody(user, { description: '字'.repeat(127) }))).status).toBe(200);
  expect((await create(orderBody(user, { description: '字'.repeat(127) }))).status).toBe(400);
});

test('a body that is not a JSON object is PARAM_ERROR', async () => {
  for (const body of ['{', '[]', 'null']) {
    expect((await payCall(simulator, { path: jsapi, body })).json.code).toBe('PARAM_ERROR');
  }
});

test('app, merchant and payer must belong together', async () => {
  const stranger = await create(orderBody(user, { appid: 'wx9999999999999999' }));
  expect([stranger.status, stranger.json.code]).toEqual([400, 'APPID_MCHID_NOT_MATCH']);
  const mch = await create(orderBody(user, { mchid: '1900000000' }));
  expect([mch.status, mch.json.code]).toEqual([400, 'PARAM_ERROR']);
  expect(mch.json.message).toContain('mchid不匹配');
  const payer = await create(orderBody(user, { payer: { openid: user.openIds.official } }));
  expect([payer.status, payer.json]).toEqual([400, { code: 'PARAM_ERROR', message: '无效的openid' }]);
  const official = { appid: settings.official.appId, payer: { openid: user.openIds.official } };
  expect((await create(orderBody(user, official))).status).toBe(200);
});

test('a repeated request returns a new prepay_id, whatever the order of its keys', async () => {
  const body = orderBody(user);
  const first = await create(body);
  const second = await create(Object.fromEntries(Object.entries(body).toReversed()));
  expect([first.status, second.status]).toEqual([200, 200]);
  expect(second.json.prepay_id).not.toBe(first.json.prepay_id);
});

test.each([
  { description: 'x' },
  { notify_url: 'https://example.com/other' },
  { amount: { total: 1 } },
  { attach: 'a' },
])('the same number with %j is INVALID_REQUEST 201', async (changes) => {
  const body = orderBody(user);
  await create(body);
  const { status, json } = await create({ ...body, ...changes });
  expect([status, json]).toEqual([400, { code: 'INVALID_REQUEST', message: '201 商户订单号重复' }]);
});

test('a paid number is ORDERPAID on create and close; both query paths show the payment', async () => {
  const body = orderBody(user, { attach: 'a' });
  const { prepay_id: prepayId } = (await create(body)).json;
  const before = await query(byNo(body.out_trade_no));
  expect(before.json).toMatchObject({ trade_state: 'NOTPAY', amount: { total: 1800 } });
  expect(before.json).not.toHaveProperty('transaction_id');
  const { transactionId } = (await pay({ prepayId })).json;
  for (const answer of [await create(body), await close(body.out_trade_no)]) {
    expect([answer.status, answer.json.code]).toEqual([400, 'ORDERPAID']);
  }
  for (const path of [byNo(body.out_trade_no), `/v3/pay/transactions/id/${transactionId}`]) {
    const { status, json, headers, text } = await query(path);
    expect([status, platformSigned(headers, text)]).toEqual([200, true]);
    expect(json).toMatchObject({
      appid: settings.miniapp.appId,
      mchid: mchId,
      out_trade_no: body.out_trade_no,
      transaction_id: transactionId,
      trade_type: 'JSAPI',
      trade_state: 'SUCCESS',
      attach: 'a',
      payer: { openid: user.openIds.miniapp },
      amount: { total: 1800, payer_total: 1800, currency: 'CNY', payer_currency: 'CNY' },
    });
    expect(json.success_time).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+08:00$/);
  }
});

test('close is re-entrant; then create is ORDER_CLOSED and the phone cannot pay', async () => {
  const body = orderBody(user);
  const { prepay_id: prepayId } = (await create(body)).json;
  expect([(await close(body.out_trade_no)).status, (await close(body.out_trade_no)).status]).toEqual([204, 204]);
  expect((await create(body)).json.code).toBe('ORDER_CLOSED');
  expect((await query(byNo(body.out_trade_no))).json.trade_state).toBe('CLOSED');
  expect((await pay({ prepayId })).json.error).toBe('ORDER_CLOSED');
});

test('the query of an unknown number is 404 ORDER_NOT_EXIST, of a malformed transaction id INVALID_TRANSACTIONID', async () => {
  const answer = await query(byNo('T99999999'));
  expect([answer.status, answer.json.code]).toEqual([404, 'ORDER_NOT_EXIST']);
  expect((await query('/v3/pay/transactions/id/7')).json.code).toBe('INVALID_TRANSACTIONID');
  expect((await query(`/v3/pay/transactions/id/${'4'.repeat(28)}`)).json.code).toBe('ORDER_NOT_EXIST');
});

test('query needs mchid in the query, close needs it in the body', async () => {
  const body = orderBody(user);
  await create(body);
  const path = byNo(body.out_trade_no);
  expect((await payCall(simulator, { method: 'GET', path })).json.code).toBe('PARAM_ERROR');
  const misplaced = await payCall(simulator, { path: `${path}/close?mchid=${mchId}`, body: {} });
  expect(misplaced.json.code).toBe('PARAM_ERROR');
});

test('a prepay_id expires after two hours; a repeated create returns a valid one', async () => {
  const body = orderBody(user);
  const first = (await create(body)).json.prepay_id;
  await simulator.advanceClock(120 * minuteMs);
  const late = await pay({ prepayId: first });
  expect([late.status, late.json.error]).toEqual([410, 'PREPAY_EXPIRED']);
  expect((await pay({ prepayId: (await create(body)).json.prepay_id })).status).toBe(200);
});

test('time_expire of a new order does not depend on earlier clock steps', async () => {
  await simulator.advanceClock(30 * 3_600_000);
  const { json } = await create(orderBody(user, { time_expire: inMs(10 * minuteMs) }));
  await simulator.advanceClock(9 * minuteMs);
  expect((await pay({ prepayId: json.prepay_id })).status).toBe(200);
});

test('after time_expire payment is impossible, the order stays NOTPAY, and create returns ORDER_CLOSED', async () => {
  const body = orderBody(user, { time_expire: inMs(10 * minuteMs) });
  const { prepay_id: prepayId } = (await create(body)).json;
  await simulator.advanceClock(10 * minuteMs);
  expect((await pay({ prepayId })).json.error).toBe('ORDER_EXPIRED');
  expect((await query(byNo(body.out_trade_no))).json.trade_state).toBe('NOTPAY');
  expect((await create(body)).json.code).toBe('ORDER_CLOSED');
});

test('an unpaid order closes by itself after seven days', async () => {
  const body = orderBody(user);
  await create(body);
  await simulator.advanceClock(7 * 24 * 60 * minuteMs);
  expect((await query(byNo(body.out_trade_no))).json.trade_state).toBe('CLOSED');
});

test('only the payer of the order can pay it, and only once', async () => {
  const other = await newUser(simulator);
  const { prepay_id: prepayId } = (await create(orderBody(user))).json;
  expect((await pay({ prepayId }, other)).json.error).toBe('WRONG_PAYER');
  expect((await pay({ prepayId })).json.transactionId).toMatch(/^4200\d{24}$/);
  expect((await pay({ prepayId })).json.error).toBe('ORDER_PAID');
  expect((await pay({ prepayId: 'wx1' })).status).toBe(404);
  expect((await pay({})).status).toBe(400);
});

test('native: a scan opens the payment sheet for one user, and a repeated create voids the old code', async () => {
  const { payer: _, ...body } = orderBody(user);
  const path = '/v3/pay/transactions/native';
  const old = (await create(body, path)).json.code_url;
  const { code_url: codeUrl } = (await create(body, path)).json;
  expect(codeUrl).toMatch(/^weixin:\/\/wxpay\/bizpayurl\/up\?pr=/);
  expect((await phoneAction(simulator, user, 'scan', { content: old })).status).toBe(404);
  const sheet = (await phoneAction(simulator, user, 'scan', { content: codeUrl })).json;
  expect(sheet).toEqual({
    kind: 'pay',
    codeUrl,
    outTradeNo: body.out_trade_no,
    description: '一杯咖啡',
    amountFen: 1800,
  });
  expect((await pay({ codeUrl }, await newUser(simulator))).json.error).toBe('WRONG_PAYER');
  expect((await pay({ codeUrl })).status).toBe(200);
  expect((await query(byNo(body.out_trade_no))).json.trade_type).toBe('NATIVE');
  expect(fieldIn((await create(orderBody(user), path)).json)).toBe('/payer');
  expect((await create(body)).json.code).toBe('PARAM_ERROR');
});

test('h5: rejects a payer whose network differs from the address of the order', async () => {
  const { payer: _, ...plain } = orderBody(user);
  const h5 = async (address: string) => {
    const scene = { payer_client_ip: address, h5_info: { type: 'Wap' } };
    const body = { ...plain, out_trade_no: `N${randomUUID().slice(0, 18)}`, scene_info: scene };
    return pay({ h5Url: (await create(body, '/v3/pay/transactions/h5')).json.h5_url });
  };
  expect((await h5('203.0.113.7')).status).toBe(200);
  const shop = { url: simulator.url };
  for (const [via, edge] of [
    ['cloudfront', '127.0.0.3'],
    ['carrier', '127.0.0.9'],
  ] as const) {
    await phoneAction(simulator, user, 'visit', { ...shop, via });
    const proxied = await h5(edge);
    expect([proxied.status, proxied.json.error]).toEqual([403, 'WRONG_NETWORK']);
    expect(proxied.json.message).toContain('网络环境未能通过安全验证');
    const own = /the phone has ([\d.]+)/.exec(proxied.json.message)![1]!;
    expect((await h5(own)).status).toBe(200);
  }
});

test('h5: requires scene_info, expires after five minutes, and accepts an appended redirect_url', async () => {
  const { payer: _, ...plain } = orderBody(user);
  const path = '/v3/pay/transactions/h5';
  expect(fieldIn((await create(plain, path)).json)).toBe('/scene_info');
  const body = { ...plain, scene_info: { payer_client_ip: '1.2.3.4', h5_info: { type: 'Wap' } } };
  const first = (await create(body, path)).json.h5_url;
  await simulator.advanceClock(5 * minuteMs);
  expect((await pay({ h5Url: first })).json.error).toBe('PREPAY_EXPIRED');
  const { h5_url: h5Url } = (await create(body, path)).json;
  expect((await pay({ prepayId: /prepay_id=(\w+)/.exec(h5Url)?.[1] })).status).toBe(404);
  expect((await pay({ h5Url: `${h5Url}&redirect_url=https%3A%2F%2Fa.example` })).status).toBe(200);
  expect((await query(byNo(body.out_trade_no))).json.trade_type).toBe('MWEB');
});
