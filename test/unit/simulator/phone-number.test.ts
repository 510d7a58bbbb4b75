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

test.each([{ phone: 1 }, { phone: '' }, { countryCode: '+86' }, { countryCode: 86 }, { avatarUrl: 1 }])(
  'rejects a new user with %j',
  async (about) => {
    expect((await call(simulator, 'POST', '/_phone/users', about)).status).toBe(400);
  },
);
