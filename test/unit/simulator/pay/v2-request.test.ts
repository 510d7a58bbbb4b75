import { expect, test } from 'vitest';
import { startFurtherSimulator, useSimulator, useWechatUser } from '../fixture.ts';
import { settings } from '../settings.ts';
import { call, planFault } from '../support.ts';
import { readXml, signV2, v2Call, v2Order, writeXml } from './support.ts';

const simulator = useSimulator({}, 'file');
const user = useWechatUser(simulator);

const unified = '/pay/unifiedorder';
const send = async (body: string, method = 'POST') => {
  const answer = await call(simulator, method, unified, method === 'POST' ? body : undefined);
  return { ...answer, xml: readXml(answer.text) };
};

test.each([undefined, 'MD5', 'HMAC-SHA256'])('sign_type %s: the answer is signed with the same', async (signType) => {
  const { status, type, xml } = await v2Call(simulator, unified, v2Order(user, { sign_type: signType }));
  expect([status, type]).toEqual([200, 'text/plain']);
  expect(xml).toMatchObject({ return_code: 'SUCCESS', result_code: 'SUCCESS', mch_id: settings.pay.mchId });
  expect(xml.sign).toBe(signV2(xml, { type: signType ?? 'MD5' }));
});

test.each([
  ['another key', { sign: signV2({ a: 'b' }) }],
  ['lower case', { sign: 'a'.repeat(32) }],
  ['HMAC without saying so', { sign: signV2({ a: 'b' }, { type: 'HMAC-SHA256' }) }],
  ['a sign_type that does not exist', { sign_type: 'SHA1' }],
])('%s: FAIL in return_code, unsigned, at HTTP 200', async (_, change) => {
  const { status, xml } = await v2Call(simulator, unified, v2Order(user, change));
  expect([status, xml]).toEqual([200, { return_code: 'FAIL', return_msg: '签名错误' }]);
});

test('a field changed or added after signing is a signature error', async () => {
  const fields = { appid: settings.miniapp.appId, mch_id: settings.pay.mchId, nonce_str: 'x', out_trade_no: 'T123456' };
  const sign = signV2(fields);
  const query = async (sent: Record<string, string>) =>
    readXml((await call(simulator, 'POST', '/pay/orderquery', writeXml(sent))).text);
  expect(await query({ ...fields, sign })).toMatchObject({ err_code: 'ORDERNOTEXIST' });
  expect(await query({ ...fields, empty: '', sign })).toMatchObject({ err_code: 'ORDERNOTEXIST' });
  expect(await query({ ...fields, out_trade_no: 'T123457', sign })).toMatchObject({ return_msg: '签名错误' });
  expect(await query({ ...fields, more: '1', sign })).toMatchObject({ return_msg: '签名错误' });
});

test('rejects anything but a flat XML document first', async () => {
  const doctype = '<!DOCTYPE xml [<!ENTITY a SYSTEM "file:///etc/passwd">]>';
  const declared = `<?xml version="1.0"?>${doctype}`;
  for (const body of ['{}', '<xml></xml>', '<xml><a>', '<xml><a><b>1</b></a></xml>', '<xml><a>1</a><a>2</a></xml>']) {
    expect((await send(body)).xml).toEqual({ return_code: 'FAIL', return_msg: 'XML格式错误' });
  }
  for (const body of [
    `${doctype}<xml><a>&a;</a></xml>`,
    `${declared}<xml><a>&a;</a></xml>`,
    `<xml>${doctype}<a>1</a></xml>`,
    `<xml><a>${doctype}</a></xml>`,
  ]) {
    expect((await send(body)).xml.return_msg).toBe('XML格式错误');
  }
  expect((await send('')).xml.return_msg).toBe('post数据为空');
  expect((await send('', 'GET')).xml.return_msg).toBe('请使用post方法');
  const bytes = Buffer.from('<xml><a>\xff</a></xml>', 'latin1');
  const latin = await fetch(simulator.url + unified, { method: 'POST', body: bytes });
  expect(await latin.text()).toContain('编码格式错误');
});

const declarations = [
  '<?xml version="1.0"?>',
  '<?xml version="1.0" encoding="UTF-8"?>\n',
  "\n<?xml version='1.0' encoding='utf-8' standalone='yes' ?>\r\n",
];
test.each(declarations)('accepts the declaration %j before the request', async (declaration) => {
  const fields = { appid: settings.miniapp.appId, mch_id: settings.pay.mchId, nonce_str: 'x', out_trade_no: 'T123456' };
  const body = declaration + writeXml({ ...fields, sign: signV2(fields) });
  const { text } = await call(simulator, 'POST', '/pay/orderquery', body);
  expect(readXml(text)).toMatchObject({ return_code: 'SUCCESS', err_code: 'ORDERNOTEXIST' });
});

test.each(['<?xml version="1.0" encoding="GBK"?>', '<?php echo 1 ?>', `${declarations[0]}${declarations[0]}`])(
  'rejects %s before the request',
  async (start) => {
    expect((await send(`${start}<xml><a>1</a></xml>`)).xml.return_msg).toBe('XML格式错误');
  },
);

test('merchant and app must be known', async () => {
  expect((await v2Call(simulator, unified, v2Order(user, { mch_id: '1900000000' }))).xml).toEqual({
    return_code: 'FAIL',
    return_msg: 'MCHID不存在',
  });
  const { xml } = await v2Call(simulator, unified, v2Order(user, { appid: 'wx9999999999999999' }));
  expect(xml).toMatchObject({ result_code: 'FAIL', err_code: 'APPID_MCHID_NOT_MATCH' });
});

test('rejects every signature of a merchant without an API v2 key', async () => {
  const keyless = await startFurtherSimulator({ pay: { apiV2Key: '' } });
  const fields = { appid: settings.miniapp.appId, mch_id: settings.pay.mchId, nonce_str: 'x', out_trade_no: 'T123456' };
  const { xml } = await v2Call(keyless, '/pay/orderquery', { ...fields, sign: signV2(fields, { key: '' }) });
  expect(xml).toEqual({ return_code: 'FAIL', return_msg: '签名错误' });
  await planFault(keyless, '/pay/', 'busy');
  expect((await v2Call(keyless, '/pay/orderquery', { out_trade_no: 'T123456' })).xml.return_code).toBe('FAIL');
});

test('an unknown path is 404', async () => {
  expect((await call(simulator, 'POST', '/pay/toString', '<xml><a>1</a></xml>')).status).toBe(404);
});

test('busy returns a signed SYSTEMERROR and creates no order', async () => {
  await planFault(simulator, unified, 'busy');
  const order = v2Order(user, { sign_type: 'HMAC-SHA256' });
  const { status, xml } = await v2Call(simulator, unified, order);
  expect([status, xml.return_code, xml.result_code, xml.err_code]).toEqual([200, 'SUCCESS', 'FAIL', 'SYSTEMERROR']);
  expect(xml.sign).toBe(signV2(xml, { type: 'HMAC-SHA256' }));
  const { xml: query } = await v2Call(simulator, '/pay/orderquery', { out_trade_no: order.out_trade_no });
  expect(query.err_code).toBe('ORDERNOTEXIST');
});
