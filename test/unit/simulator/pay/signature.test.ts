import { expect, test } from 'vitest';
import { useSimulator, useWechatUser } from '../fixture.ts';
import { platformKeys, settings } from '../settings.ts';
import { jsapi, orderBody, payCall, platformSigned } from '../support.ts';
import type { PayCall } from '../support.ts';

const simulator = useSimulator({}, 'file');
const user = useWechatUser(simulator);

const create = (options: Partial<PayCall> = {}) =>
  payCall(simulator, { path: jsapi, body: orderBody(user), ...options });
const now = () => Math.floor(Date.now() / 1000);
const without = (name: string) => (headers: Record<string, string>) =>
  Object.fromEntries(Object.entries(headers).filter(([key]) => key !== name));
const withSerial = (serial: string) => create({ change: (headers) => ({ ...headers, 'Wechatpay-Serial': serial }) });
const authorization = (edit: (value: string) => string) => (headers: Record<string, string>) => ({
  ...headers,
  Authorization: edit(headers.Authorization ?? ''),
});

test('a correct request is answered, signed with the platform key', async () => {
  const { status, headers, text, json } = await create();
  expect([status, Object.keys(json)]).toEqual([200, ['prepay_id']]);
  expect(json.prepay_id).toMatch(/^wx\d{14}\w{20}$/);
  expect(headers['wechatpay-serial']).toBe(settings.pay.platformKeyId);
  expect(headers['wechatpay-signature-type']).toBe('WECHATPAY2-SHA256-RSA2048');
  expect(headers['request-id']).toMatch(/-0$/);
  expect(platformSigned(headers, text)).toBe(true);
  expect(platformSigned(headers, `${text} `)).toBe(false);
});

test('a 204 is signed over an empty body', async () => {
  const body = orderBody(user);
  await create({ body });
  const path = `/v3/pay/transactions/out-trade-no/${body.out_trade_no}/close`;
  const { status, headers, text } = await payCall(simulator, { path, body: { mchid: settings.pay.mchId } });
  expect([status, text, platformSigned(headers, '')]).toEqual([204, '', true]);
});

const malformed = '签名信息错误，验签失败';
const clock = 'Http头Authorization中的timestamp与发起请求的时间不得超过5分钟';
const cases: [string, string, Partial<PayCall>][] = [
  ['no Authorization', malformed, { change: without('Authorization') }],
  ['another scheme', malformed, { change: authorization((value) => value.replace('RSA2048', 'RSA4096')) }],
  ['spaces between the pairs', malformed, { change: authorization((value) => value.replaceAll(',', ', ')) }],
  ['a missing pair', malformed, { change: authorization((value) => value.replace(/,timestamp="\d+"/, '')) }],
  ['a repeated pair', malformed, { change: authorization((value) => value.replace('nonce_str=', 'mchid=')) }],
  ['a nonce of 33 characters', malformed, { nonce: 'x'.repeat(33) }],
  ['a clock more than 5 min behind', clock, { timestamp: now() - 302 }],
  ['a clock more than 5 min ahead', clock, { timestamp: now() + 320 }],
  ['milliseconds', clock, { timestamp: Date.now() }],
  ['a wrong serial', '商户证书序列号有误。请使用签名私钥匹配的证书序列号', { serial: settings.pay.platformKeyId }],
  ['another private key', '签名错误，请检查后再试', { privateKey: platformKeys.privateKey }],
  [
    'a signature that is not base64',
    '签名错误，请检查后再试',
    { change: authorization((value) => value.replace(/signature="./, 'signature="*')) },
  ],
];

test.each(cases)('%s is 401 SIGN_ERROR "%s", unsigned and without Request-ID', async (_, message, options) => {
  const { status, headers, json } = await create(options);
  expect([status, json.code, json.message]).toEqual([401, 'SIGN_ERROR', message]);
  expect(Object.keys(headers).filter((name) => /^(wechatpay-|request-id)/.test(name))).toEqual([]);
});

test('the order of the pairs is free and almost 5 min of clock difference are fine', async () => {
  const reversed = authorization((value) => {
    const [scheme, pairs] = value.split(/ (.*)/);
    return `${scheme} ${pairs?.split(',').toReversed().join(',')}`;
  });
  expect((await create({ change: reversed })).status).toBe(200);
  expect((await create({ timestamp: now() - 297 })).status).toBe(200);
});

test('rejects a body changed after signing, with the checked text in the answer', async () => {
  const body = { ...orderBody(user) };
  const signedHeaders = await new Promise<Record<string, string>>((resolve) => {
    void create({ body, change: (headers) => (resolve(headers), headers) });
  });
  const { status, json } = await create({ body: { ...body, amount: { total: 1 } }, change: () => signedHeaders });
  expect([status, json.code]).toEqual([401, 'SIGN_ERROR']);
  expect(json.detail.sign_information.truncated_sign_message).toContain('"amount":{"total":1}');
});

test.each(['Accept', 'User-Agent'])('rejects a request without %s before it checks the signature', async (name) => {
  const { status, json } = await create({ change: without(name), privateKey: platformKeys.privateKey });
  expect([status, json.code, json.message]).toEqual([400, 'INVALID_REQUEST', 'Http头缺少Accept或User-Agent']);
});

test('an unknown merchant is MCH_NOT_EXISTS', async () => {
  const { status, json } = await create({ mchId: '1900000000' });
  expect([status, json.code]).toEqual([400, 'MCH_NOT_EXISTS']);
});

test('Wechatpay-Serial may be absent or name the public key; empty or anything else is an error', async () => {
  expect((await withSerial(settings.pay.platformKeyId)).status).toBe(200);
  for (const serial of ['', settings.pay.certSerial, settings.pay.platformKeyId.toLowerCase()]) {
    const { status, headers, json } = await withSerial(serial);
    expect([status, json.code]).toEqual([400, 'PARAM_ERROR']);
    expect(headers['request-id']).toMatch(/-268435461$/);
  }
});

test('an unknown pay route is an empty 404, a wrong method an empty 405, a wrong content type 415', async () => {
  expect(await payCall(simulator, { path: '/v3/nothing' })).toMatchObject({ status: 404, text: '' });
  expect(await payCall(simulator, { path: jsapi, method: 'GET' })).toMatchObject({ status: 405, text: '' });
  const { status } = await create({ change: (headers) => ({ ...headers, 'Content-Type': 'text/plain' }) });
  expect(status).toBe(415);
});
