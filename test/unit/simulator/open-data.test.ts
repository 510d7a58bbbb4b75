import { createDecipheriv, createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { encryptOpenData, rawDataSignature } from '../../../infra/simulator/open-data.ts';
import { useSimulator, useWechatUser } from './fixture.ts';
import { settings } from './settings.ts';
import { call, logIn, phoneAction, planFault } from './support.ts';

const simulator = useSimulator();
const user = useWechatUser(simulator, {
  phone: '13580006666',
  nickname: '小明 🐼',
  avatarUrl: 'https://example.com/a.png',
});

const give = async (body: object) => (await phoneAction(simulator, user, 'encrypted', body)).json;

function open({ encryptedData, iv }: { encryptedData: string; iv: string }, sessionKey: string) {
  const decipher = createDecipheriv('aes-128-cbc', Buffer.from(sessionKey, 'base64'), Buffer.from(iv, 'base64'));
  const plain = Buffer.concat([decipher.update(encryptedData, 'base64'), decipher.final()]);
  return JSON.parse(plain.toString());
}

test('the rawData signature of the official documentation', () => {
  const rawData =
    '{"nickName":"Band","gender":1,"language":"zh_CN","city":"Guangzhou","province":"Guangdong","country":"CN","avatarUrl":"http://wx.qlogo.cn/mmopen/vi_32/1vZvI39NWFQ9XM4LtQpFrQJ1xlgZxx3w7bQxKARol6503Iuswjjn6nIGBiaycAjAtpujxyzYsrztuuICqIM5ibXQ/0"}';
  expect(rawDataSignature(rawData, 'HyVFkGl5F5OQWJZZaNzBBg==')).toBe('75e81ceda165f4ffa64f4068af58c64b8f54b88c');
});

test('the encryptedData of the official demo', () => {
  const plain =
    '{"openId":"oGZUI0egBJY1zhBYw2KhdUfwVJJE","nickName":"Band","gender":1,"language":"zh_CN","city":"Guangzhou","province":"Guangdong","country":"CN","avatarUrl":"http://wx.qlogo.cn/mmopen/vi_32/aSKcBBPpibyKNicHNTMM0qJVh8Kjgiak2AHWr8MHM4WgMEm7GFhsf8OYrySdbvAMvTsw3mo8ibKicsnfN5pRjl1p8HQ/0","unionId":"ocMvos6NjeKLIBqg5Mr9QjxrP1FA","watermark":{"timestamp":1477314187,"appid":"wx4f4bc4dec97d474b"}}';
  const iv = Buffer.from('r7BXXKkLb8qrSNn05n0qiA==', 'base64');
  expect(encryptOpenData(plain, 'tiihtNczf5v6AKRyjwEUhQ==', iv)).toEqual({
    iv: 'r7BXXKkLb8qrSNn05n0qiA==',
    encryptedData:
      'CiyLU1Aw2KjvrjMdj8YKliAjtP4gsMZMQmRzooG2xrDcvSnxIMXFufNstNGTyaGS9uT5geRa0W4oTOb1WT7fJlAC+oNPdbB+3hVbJSRgv+4lGOETKUQz6OYStslQ142dNCuabNPGBzlooOmB231qMM85d2/fV6ChevvXvQP8Hkue1poOFtnEtpyxVLW1zAo6/1Xx1COxFvrc2d7UL/lmHInNlxuacJXwu0fjpXfz/YqYzBIBzD6WUfTIF9GRHpOn/Hz7saL8xz+W//FRAUid1OksQaQx4CMs8LOddcQhULW4ucetDf96JcR3g0gfRK4PC7E/r7Z6xNrXd2UIeorGj5Ef7b1pJAYB6Y5anaHqZ9J6nKEBvB4DnNLIVWSgARns/8wR2SiRS7MNACwTyrGvt9ts8p12PKFdlqYTopNHR1Vf7XjfhQlVsAJdNiKdYmYVoKlaRv85IfVunYzO0IKXsyl7JCUjCpoG20f0a04COwfneQAGGwd5oa+T8yO5hzuyDb/XcxxmK01EpqOyuxINew==',
  });
});

const blank = { gender: 0, language: '', city: '', province: '', country: '' };
const placeholder = {
  nickName: '微信用户',
  ...blank,
  avatarUrl: expect.stringMatching(/^https:\/\/thirdwx\.qlogo\.cn\/mmopen\/vi_32\/POgEwh4mIHO4/),
};

test('userInfo is encrypted under the current session key, and signed', async () => {
  const { session_key: sessionKey } = await logIn(simulator, user);
  const data = await give({ kind: 'userInfo' });
  expect(open(data, sessionKey)).toEqual({
    openId: user.openIds.miniapp,
    ...placeholder,
    unionId: user.unionId,
    watermark: { timestamp: expect.any(Number), appid: settings.miniapp.appId },
  });
  expect(JSON.parse(data.rawData)).toEqual(placeholder);
  expect(data.signature).toBe(
    createHash('sha1')
      .update(data.rawData + sessionKey)
      .digest('hex'),
  );
});

test('getUserProfile returns no openid and no unionid', async () => {
  const { session_key: sessionKey } = await logIn(simulator, user);
  expect(open(await give({ kind: 'userInfo', api: 'getUserProfile' }), sessionKey)).toEqual({
    ...placeholder,
    watermark: { timestamp: expect.any(Number), appid: settings.miniapp.appId },
  });
});

test('the variant real-profile returns the real name and picture once', async () => {
  const { session_key: sessionKey } = await logIn(simulator, user);
  expect((await planFault(simulator, 'encrypted', 'real-profile', 2)).status).toBe(204);
  const names = [];
  for (const api of ['getUserInfo', 'getUserProfile', 'getUserInfo']) {
    const data = await give({ kind: 'userInfo', api });
    names.push([open(data, sessionKey).nickName, JSON.parse(data.rawData).nickName]);
  }
  expect(names).toEqual([
    ['小明 🐼', '小明 🐼'],
    ['小明 🐼', '小明 🐼'],
    ['微信用户', '微信用户'],
  ]);
});

test('phone data contains no user id and has no signature', async () => {
  const { session_key: sessionKey } = await logIn(simulator, user);
  const data = await give({ kind: 'phone' });
  expect([data.rawData, data.signature]).toEqual(['', '']);
  expect(open(data, sessionKey)).toEqual({
    phoneNumber: '13580006666',
    purePhoneNumber: '13580006666',
    countryCode: '86',
    watermark: { timestamp: expect.any(Number), appid: settings.miniapp.appId },
  });
});

test('a watermark can be old or of another app, and the country a number', async () => {
  const { session_key: sessionKey } = await logIn(simulator, user);
  const data = await give({ kind: 'phone', appId: 'wx0', ageSeconds: 600, countryCodeAs: 'number' });
  const { watermark, countryCode } = open(data, sessionKey);
  expect([watermark.appid, countryCode]).toEqual(['wx0', 86]);
  expect(Math.abs(watermark.timestamp + 600 - Date.now() / 1000)).toBeLessThan(5);
});

test('wx.login replaces the session key unless rotate is false', async () => {
  const first = await logIn(simulator, user);
  const early = await give({ kind: 'phone' });
  expect((await logIn(simulator, user, { rotate: false })).session_key).toBe(first.session_key);
  const second = await logIn(simulator, user);
  expect(second.session_key).not.toBe(first.session_key);
  expect(open(early, first.session_key).purePhoneNumber).toBe('13580006666');
  expect(() => open(early, second.session_key)).toThrow(/decrypt|JSON/);
});

test('open data before any login use a key that the next login can return', async () => {
  const data = await give({ kind: 'userInfo' });
  const { session_key: sessionKey } = await logIn(simulator, user, { rotate: false });
  expect(open(data, sessionKey).openId).toBe(user.openIds.miniapp);
});

test.each([
  {},
  { kind: 'other' },
  { kind: 'userInfo', api: 'login' },
  { kind: 'phone', ageSeconds: 'x' },
  { kind: 'phone', countryCodeAs: 'roman' },
])('rejects the action with %j', async (body) => {
  expect((await phoneAction(simulator, user, 'encrypted', body)).status).toBe(400);
});

test('only bound apps receive a unionid', async () => {
  const bind = (bound: unknown) => call(simulator, 'POST', '/_open-platform', { bound });
  expect((await bind(['official'])).status).toBe(204);
  const { unionid, session_key: sessionKey } = await logIn(simulator, user);
  expect(unionid).toBeUndefined();
  expect(open(await give({ kind: 'userInfo' }), sessionKey)).not.toHaveProperty('unionId');
  await bind([]);
  expect(await logIn(simulator, user)).not.toHaveProperty('unionid');
  await bind(['official', 'miniapp']);
  expect((await logIn(simulator, user)).unionid).toBe(user.unionId);
  expect([(await bind(['website'])).status, (await bind('miniapp')).status]).toEqual([400, 400]);
});
