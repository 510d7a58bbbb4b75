import { expect, test } from 'vitest';
import { useSimulator, useWechatUser } from './fixture.ts';
import { settings } from './settings.ts';
import { call, phoneAction } from './support.ts';

const simulator = useSimulator();
const user = useWechatUser(simulator);

const { appId, appSecret } = settings.miniapp;

const code2Session = (changes: Record<string, string | undefined>, method = 'GET') => {
  const all = { appid: appId, secret: appSecret, grant_type: 'authorization_code', ...changes };
  const query = Object.entries(all).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return call(simulator, method, `/sns/jscode2session?${new URLSearchParams(query)}`);
};
const loginCode = async (): Promise<string> => (await phoneAction(simulator, user, 'login-code')).json.code;

test('a code answers openid, session_key and unionid as text/plain and without errcode', async () => {
  const { status, type, json } = await code2Session({ js_code: await loginCode() });
  expect([status, type]).toEqual([200, 'text/plain']);
  expect(Object.keys(json)).toEqual(['openid', 'session_key', 'unionid']);
  expect([json.openid, json.unionid]).toEqual([user.openIds.miniapp, user.unionId]);
  expect(Buffer.from(json.session_key, 'base64')).toHaveLength(16);
});

test('openids have 28 characters, start with o, and differ between the apps', () => {
  const { miniapp, official } = user.openIds;
  for (const id of [miniapp, official, user.unionId]) expect(id).toMatch(/^o[\w-]{27}$/);
  expect(new Set([miniapp, official, user.unionId]).size).toBe(3);
});

test('a code is single use', async () => {
  const code = await loginCode();
  await code2Session({ js_code: code });
  const { json } = await code2Session({ js_code: code });
  expect(json.errcode).toBe(40163);
  expect(json.errmsg).toMatch(/^code been used, rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$/);
});

test('a code lives five minutes', async () => {
  const [early, late] = [await loginCode(), await loginCode()];
  await simulator.advanceClock(5 * 60_000 - 2_000);
  expect((await code2Session({ js_code: early })).json.errcode).toBeUndefined();
  await simulator.advanceClock(2_000);
  expect((await code2Session({ js_code: late })).json.errcode).toBe(40029);
});

test('each login replaces the session key', async () => {
  const first = await code2Session({ js_code: await loginCode() });
  const second = await code2Session({ js_code: await loginCode() });
  expect(second.json.session_key).not.toBe(first.json.session_key);
  expect(second.json.openid).toBe(first.json.openid);
});

test.each([
  [41002, { appid: undefined }],
  [41002, { appid: undefined, appId }],
  [41004, { secret: undefined, appsecret: appSecret }],
  [41008, { js_code: undefined, code: 'x' }],
  [40002, { grant_type: 'client_credential' }],
  [40002, { grant_type: undefined }],
  [40013, { appid: settings.official.appId }],
  [40013, { appid: ` ${appId}` }],
  [40125, { secret: 'wrong' }],
  [40029, { js_code: 'never issued' }],
])('code2session answers %i to %j', async (errcode, changes) => {
  const { status, json } = await code2Session({ js_code: await loginCode(), ...changes });
  expect([status, json.errcode]).toEqual([200, errcode]);
});

test('code2session must be called with GET', async () => {
  expect((await code2Session({ js_code: await loginCode() }, 'POST')).json.errcode).toBe(41002);
});
