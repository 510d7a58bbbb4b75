// Errors of API v3 as developers observe them, and the documented errors as planned variants.
import { expect, test } from 'vitest';
import { useSimulator, useWechatUser } from '../fixture.ts';
import { settings } from '../settings.ts';
import { jsapi, orderBody, payCall, phoneAction, planFault, platformSigned } from '../support.ts';

const simulator = useSimulator();
const user = useWechatUser(simulator);

const create = (body: object) => payCall(simulator, { path: jsapi, body });
const close = (outTradeNo: string) => {
  const path = `/v3/pay/transactions/out-trade-no/${outTradeNo}/close`;
  return payCall(simulator, { path, body: { mchid: settings.pay.mchId } });
};
const inMs = (ms: number) => new Date(Date.now() + ms).toISOString();
const badUrl = { notify_url: 'https://example.com/pay?token=1' };

test.each<[string, object, unknown]>([
  ['text', badUrl, badUrl.notify_url],
  ['a number', { amount: { total: 0 } }, 0],
  ['null', { attach: null }, null],
  ['a list', { scene_info: [] }, []],
  ['empty for a missing field', { description: undefined }, ''],
])('the detail of PARAM_ERROR has a location and a value, which is %s', async (_, change, value) => {
  const { json } = await create(orderBody(user, change));
  expect(json).toEqual({
    code: 'PARAM_ERROR',
    message: expect.stringMatching(/^输入源“\/body\/[\w/]+”映射到值字段“/),
    detail: { location: 'body', value },
  });
});

test('the planned documented detail names the field and the issue', async () => {
  await planFault(simulator, 'pay-error', 'documented-detail');
  const { json } = await create(orderBody(user, badUrl));
  expect(json.detail).toEqual({
    field: '/notify_url',
    value: badUrl.notify_url,
    issue: expect.any(String),
    location: 'body',
  });
});

test('errors of authenticated requests are signed, unless an unsigned error is planned', async () => {
  const isSigned = async (change: object) => {
    const { headers, text } = await create(orderBody(user, change));
    return headers['wechatpay-signature'] === undefined ? undefined : platformSigned(headers, text);
  };
  expect(await isSigned({ payer: { openid: 'o' } })).toBe(true);
  await planFault(simulator, 'pay-error', 'unsigned');
  expect(await isSigned({ payer: { openid: 'o' } })).toBeUndefined();
  const { status, headers } = await payCall(simulator, { path: jsapi, body: orderBody(user), change: () => ({}) });
  expect([status < 500, headers['wechatpay-signature']]).toEqual([true, undefined]);
});

test('a planned OUT_TRADE_NO_USED replaces INVALID_REQUEST 201', async () => {
  const body = orderBody(user);
  await create(body);
  await planFault(simulator, 'create', 'out-trade-no-used');
  const { status, json, headers } = await create({ ...body, description: 'x' });
  expect([status, json.code]).toEqual([403, 'OUT_TRADE_NO_USED']);
  expect(headers['request-id']).toMatch(/-268498688$/);
});

test('a planned OPENID_MISMATCH replaces PARAM_ERROR', async () => {
  await planFault(simulator, 'create', 'openid-mismatch');
  const { status, json } = await create(orderBody(user, { payer: { openid: user.openIds.official } }));
  expect([status, json.code]).toEqual([500, 'OPENID_MISMATCH']);
});

test.each([
  ['product-not-open', '商户号该产品权限未开通，请前往商户平台>产品中心检查后重试'],
  ['collection-restricted', '此商家的收款功能已被限制，暂无法支付。商家可登录微信商户平台查看原因和解决方案'],
])('the planned restriction %s is NO_AUTH', async (restriction, message) => {
  await planFault(simulator, 'create', restriction);
  const { status, json } = await create(orderBody(user));
  expect([status, json]).toEqual([403, { code: 'NO_AUTH', message }]);
});

test('the close of an unknown order is 204, or a planned 404 or ORDER_CLOSED', async () => {
  const { status, headers, text } = await close('T99999999');
  expect([status, platformSigned(headers, text)]).toEqual([204, true]);
  await planFault(simulator, 'close', 'unknown-order-not-exist');
  const unknown = await close('T99999999');
  expect([unknown.status, unknown.json.code]).toEqual([404, 'ORDER_NOT_EXIST']);
  await planFault(simulator, 'close', 'unknown-order-closed');
  const closed = await close('T99999999');
  expect([closed.status, closed.json.code]).toEqual([400, 'ORDER_CLOSED']);
});

test('a time_expire in the past is moved by a minute, and a late one is accepted', async () => {
  const pay = async (timeExpire: string, advanceMs: number) => {
    const { json } = await create(orderBody(user, { time_expire: timeExpire }));
    await simulator.advanceClock(advanceMs);
    return (await phoneAction(simulator, user, 'pay', { prepayId: json.prepay_id })).json.error;
  };
  expect(await pay('2020-01-01T12:00:00+08:00', 30_000)).toBeUndefined();
  expect(await pay('2020-01-01T12:00:00+08:00', 60_000)).toBe('ORDER_EXPIRED');
  expect(await pay(inMs(40 * 86_400_000), 3_600_000)).toBeUndefined();
});

test.each([['2020-01-01T12:00:00+08:00'], [inMs(16 * 86_400_000)]])(
  'a planned rejection of time_expire %s is PARAM_ERROR',
  async (timeExpire) => {
    await planFault(simulator, 'create', 'expiry-declined');
    const { status, json } = await create(orderBody(user, { time_expire: timeExpire }));
    expect([status, json.code, json.detail]).toEqual([400, 'PARAM_ERROR', { location: 'body', value: '' }]);
  },
);
