import { createHmac } from 'node:crypto';
import { expect, test } from 'vitest';
import { sessionSignature } from '../../../infra/simulator/open-data.ts';
import { useSimulator, useWechatUser } from './fixture.ts';
import { apiCall, logIn, phoneAction } from './support.ts';

const simulator = useSimulator();
const user = useWechatUser(simulator);

const sign = (sessionKey: string) => createHmac('sha256', sessionKey).update('').digest('hex');
const ask = async (call: string, sessionKey: string, changes: Record<string, string> = {}) => {
  const query = { openid: user.openIds.miniapp, signature: sign(sessionKey), sig_method: 'hmac_sha256', ...changes };
  return (await apiCall(simulator, 'miniapp', `/wxa/${call}`, { query })).json;
};

// The first vector is official: https://developers.weixin.qq.com/minigame/dev/tutorial/open-ability/http-signature.html
test.each([
  ['{"foo":"bar"}', '654571f79995b2ce1e149e53c0a33dc39c0a74090db514261454e8dbe432aa0b'],
  ['', '46e043c5525c2d817c44be603d30837a808a1d930d038f6fdc3e62a201fed128'],
])('the signature over %j', (message, signature) => {
  expect(sessionSignature('o0q0otL8aEzpcZL/FT9WsQ==', message)).toBe(signature);
});

test('a session key is valid until the next login', async () => {
  const { session_key: first } = await logIn(simulator, user);
  expect(await ask('checksession', first)).toEqual({ errcode: 0, errmsg: 'ok' });
  await phoneAction(simulator, user, 'login-code');
  expect((await ask('checksession', first)).errcode).toBe(87009);
});

test('a reset returns a new session key and invalidates the old one', async () => {
  const { session_key: first } = await logIn(simulator, user);
  const { session_key: second, ...rest } = await ask('resetusersessionkey', first);
  expect(rest).toEqual({ errcode: 0, errmsg: 'ok', openid: user.openIds.miniapp });
  expect(Buffer.from(second, 'base64')).toHaveLength(16);
  expect((await ask('checksession', first)).errcode).toBe(87009);
  expect((await ask('checksession', second)).errcode).toBe(0);
});

test.each(['checksession', 'resetusersessionkey'])('%s rejects invalid requests without side effects', async (call) => {
  expect((await ask(call, 'any')).errcode).toBe(87007);
  const { session_key: key } = await logIn(simulator, user);
  const decoded = createHmac('sha256', Buffer.from(key, 'base64')).update('').digest('hex');
  expect((await ask(call, key, { signature: decoded })).errcode).toBe(87009);
  expect((await ask(call, key, { signature: '' })).errcode).toBe(40097);
  expect((await ask(call, key, { openid: '' })).errcode).toBe(40097);
  expect((await ask(call, key, { openid: user.openIds.official })).errcode).toBe(40003);
  expect((await ask(call, key, { sig_method: 'sha1' })).errcode).toBe(87008);
  const wrongApp = await apiCall(simulator, 'official', `/wxa/${call}`, { query: {} });
  expect(wrongApp.json.errcode).toBe(40001);
  expect((await apiCall(simulator, 'miniapp', `/wxa/${call}`, { body: {} })).json.errcode).toBe(43001);
  expect((await ask('checksession', key)).errcode).toBe(0);
});
