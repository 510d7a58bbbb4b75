import { expect, test } from 'vitest';
import { useSimulator, useWechatUser } from './fixture.ts';
import { settings } from './settings.ts';
import { apiCall, call, logIn, newUser, phoneAction } from './support.ts';

const simulator = useSimulator();
const user = useWechatUser(simulator, { phone: '13580006666' });

const path = '/wxa/business/getuserphonenumber';
const phoneCode = async (of = user): Promise<string> => (await phoneAction(simulator, of, 'phone-code')).json.code;
const ask = async (body: unknown, app: 'miniapp' | 'official' = 'miniapp') =>
  (await apiCall(simulator, app, path, { body })).json;

test('a phone code answers the number with a watermark of the mini-program', async () => {
  const { errcode, phone_info: info } = await ask({ code: await phoneCode(), openid: user.openIds.miniapp });
  expect(errcode).toBe(0);
  expect(info).toEqual({
    phoneNumber: '13580006666',
    purePhoneNumber: '13580006666',
    countryCode: '86',
    watermark: { timestamp: expect.any(Number), appid: settings.miniapp.appId },
  });
  expect(Math.abs(info.watermark.timestamp - Date.now() / 1000)).toBeLessThan(5);
});

test('a foreign number starts with its country code; countryCode is a number for every second user', async () => {
  const abroad = await newUser(simulator, { phone: '98765432', countryCode: '852' });
  expect((await ask({ code: await phoneCode(abroad) })).phone_info).toMatchObject({
    phoneNumber: '+85298765432',
    purePhoneNumber: '98765432',
    countryCode: 852,
  });
});

test.each([
  ['+86', '13580006666', undefined, '13580006666'],
  ['', '13580006666', undefined, '13580006666'],
  ['', '98765432', '+85298765432', '+85298765432'],
  ['1242', '3456789', undefined, '+12423456789'],
  ['+1876', '8765551234', '+18765551234', '+18765551234'],
])('countryCode %j of an area list is returned with %s and %s', async (countryCode, phone, fullPhone, full) => {
  const listed = await newUser(simulator, { phone, countryCode, fullPhone });
  const { phone_info: info } = await ask({ code: await phoneCode(listed) });
  expect([String(info.countryCode), info.purePhoneNumber, info.phoneNumber]).toEqual([countryCode, phone, full]);
});

test('two users can have one phone number, as after a number was reissued', async () => {
  const later = await newUser(simulator, { phone: '13580006666' });
  for (const owner of [user, later]) {
    expect((await ask({ code: await phoneCode(owner), openid: owner.openIds.miniapp })).phone_info).toMatchObject({
      purePhoneNumber: '13580006666',
    });
  }
});

test('change-account moves the number to a new WeChat account with other identifiers', async () => {
  const changed = (await phoneAction(simulator, user, 'change-account')).json;
  expect(changed.openIds.miniapp).not.toBe(user.openIds.miniapp);
  expect(changed.unionId).not.toBe(user.unionId);
  const { phone_info: info } = await ask({ code: await phoneCode(changed), openid: changed.openIds.miniapp });
  expect(info.purePhoneNumber).toBe('13580006666');
  expect((await phoneAction(simulator, user, 'phone-code')).json.error).toBe('NO_PHONE');
});

test('choose-avatar returns a temporary file of the phone in three forms', async () => {
  const choose = async (body: object) => (await phoneAction(simulator, user, 'choose-avatar', body)).json.avatarUrl;
  expect(await choose({})).toMatch(/^http:\/\/tmp\/\w{32}\.jpeg$/);
  expect(await choose({ form: 'wxfile' })).toMatch(/^wxfile:\/\/tmp_\w{32}\.jpeg$/);
  expect(await choose({ form: 'devtools' })).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/__tmp__\/\w{32}\.jpeg$/);
  expect((await phoneAction(simulator, user, 'choose-avatar', { form: 'x' })).status).toBe(400);
});

test.each([
  ['jpeg', /^ffd8ff.*ffd9$/],
  ['png', /^89504e470d0a1a0a/],
  ['gif', /^474946383961.*3b$/],
])('choose-avatar keeps the bytes of a new picture of the type %s', async (picture, form) => {
  const choose = async () => {
    const { avatarUrl } = (await phoneAction(simulator, user, 'choose-avatar', { picture })).json;
    const response = await fetch(`${simulator.url}/_phone/files/${avatarUrl.split('/').at(-1)}`);
    return { type: response.headers.get('content-type'), bytes: Buffer.from(await response.arrayBuffer()) };
  };
  const { type, bytes } = await choose();
  expect([type, bytes.toString('hex')]).toEqual([`image/${picture}`, expect.stringMatching(form)]);
  expect((await choose()).bytes).not.toEqual(bytes);
});

test('choose-avatar takes any bytes in base64, which are a file of the phone only while the simulator runs', async () => {
  const bytes = Buffer.from('GIF89a…<script>');
  const { avatarUrl } = (await phoneAction(simulator, user, 'choose-avatar', { picture: bytes.toString('base64') }))
    .json;
  const { text } = await call(simulator, 'GET', `/_phone/files/${avatarUrl.split('/').at(-1)}`);
  expect(text).toBe(bytes.toString());
  expect((await call(simulator, 'GET', '/_phone/files/x.jpeg')).json.error).toBe('FILE_UNKNOWN');
  expect((await phoneAction(simulator, user, 'choose-avatar', { picture: 'x!' })).status).toBe(400);
});

test('a code is single use and lives five minutes', async () => {
  const code = await phoneCode();
  expect((await ask({ code })).errcode).toBe(0);
  expect((await ask({ code })).errcode).toBe(40029);
  const late = await phoneCode();
  await simulator.advanceClock(5 * 60_000);
  expect((await ask({ code: late })).errcode).toBe(40029);
});

test('rejects the openid of another user without using the code', async () => {
  const code = await phoneCode();
  const other = await newUser(simulator);
  expect((await ask({ code, openid: other.openIds.miniapp })).errcode).toBe(40003);
  expect((await ask({ code, openid: user.openIds.official })).errcode).toBe(40003);
  expect((await ask({ code, openid: user.openIds.miniapp })).errcode).toBe(0);
});

test('rejects a login code as a phone code, and the reverse', async () => {
  const { code } = (await phoneAction(simulator, user, 'login-code')).json;
  expect((await ask({ code })).errcode).toBe(40029);
  const { appId: appid, appSecret: secret } = settings.miniapp;
  const query = new URLSearchParams({ appid, secret, js_code: await phoneCode(), grant_type: 'authorization_code' });
  expect((await call(simulator, 'GET', `/sns/jscode2session?${query}`)).json.errcode).toBe(40029);
});

test('rejects a wrong token, method or body without using the code', async () => {
  const code = await phoneCode();
  expect((await ask({ code }, 'official')).errcode).toBe(40001);
  expect((await call(simulator, 'POST', path, { code })).json.errcode).toBe(41001);
  expect((await apiCall(simulator, 'miniapp', path)).json.errcode).toBe(43002);
  expect((await ask('')).errcode).toBe(44002);
  expect((await ask(`code=${code}`)).errcode).toBe(47001);
  expect((await ask({})).errcode).toBe(40029);
  expect((await ask({ code })).errcode).toBe(0);
});

test('a user without a phone number gets NO_PHONE', async () => {
  const poor = await newUser(simulator, { phone: null });
  for (const [action, body] of [
    ['phone-code', {}],
    ['encrypted', { kind: 'phone' }],
  ] as const) {
    const { status, json } = await phoneAction(simulator, poor, action, body);
    expect([status, json.error]).toEqual([409, 'NO_PHONE']);
  }
  expect((await logIn(simulator, poor)).openid).toBe(poor.openIds.miniapp);
});

test.each([
  { phone: 1 },
  { phone: '' },
  { countryCode: '+' },
  { countryCode: '12421' },
  { countryCode: 86 },
  { fullPhone: '' },
  { avatarUrl: 1 },
])('rejects a new user with %j', async (about) => {
  expect((await call(simulator, 'POST', '/_phone/users', about)).status).toBe(400);
});
