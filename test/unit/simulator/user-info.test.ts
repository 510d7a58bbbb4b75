import { expect, test } from 'vitest';
import { useSimulator, useWechatUser } from './fixture.ts';
import { apiCall, call, createQr, newUser, phoneAction } from './support.ts';

const simulator = useSimulator();
const user = useWechatUser(simulator);

const ask = async (query: Record<string, string> = {}) =>
  (await apiCall(simulator, 'official', '/cgi-bin/user/info', { query: { openid: user.openIds.official, ...query } }))
    .json;
const follow = async (content: string) => phoneAction(simulator, user, 'scan', { content });

test('returns no details of a user who does not follow', async () => {
  const nothing = { subscribe: 0, openid: user.openIds.official, tagid_list: [] };
  expect(await ask()).toEqual(nothing);
  await follow((await createQr(simulator, 'x')).url);
  await phoneAction(simulator, user, 'unfollow');
  expect(await ask()).toEqual(nothing);
});

test('returns time, QR code and unionid of a follower, and no nickname', async () => {
  await follow((await createQr(simulator, 'login:1')).url);
  const follower = await ask({ lang: 'en' });
  expect(follower).toEqual({
    subscribe: 1,
    openid: user.openIds.official,
    language: 'en',
    subscribe_time: expect.any(Number),
    unionid: user.unionId,
    remark: '',
    groupid: 0,
    tagid_list: [],
    subscribe_scene: 'ADD_SCENE_QR_CODE',
    qr_scene: 0,
    qr_scene_str: 'login:1',
  });
  expect(Math.abs(follower.subscribe_time - Date.now() / 1000)).toBeLessThan(5);
});

test('returns a numeric scene as qr_scene; the account’s own code has no scene', async () => {
  const body = { action_name: 'QR_SCENE', action_info: { scene: { scene_id: 98_765 } } };
  await follow((await apiCall(simulator, 'official', '/cgi-bin/qrcode/create', { body })).json.url);
  expect(await ask()).toMatchObject({ qr_scene: 98_765, qr_scene_str: '' });
  await phoneAction(simulator, user, 'unfollow');
  await follow((await call(simulator, 'GET', '/')).json.accountQr);
  expect(await ask()).toMatchObject({ subscribe: 1, qr_scene: 0, qr_scene_str: '' });
});

test('returns no unionid while the account is not bound', async () => {
  await follow((await createQr(simulator, 'x')).url);
  await call(simulator, 'POST', '/_open-platform', { bound: [] });
  expect(await ask()).not.toHaveProperty('unionid');
});

test('rejects a wrong openid, token or method', async () => {
  expect((await ask({ openid: user.openIds.miniapp })).errcode).toBe(40003);
  expect((await ask({ openid: '' })).errcode).toBe(41009);
  const query = { openid: user.openIds.official };
  expect((await apiCall(simulator, 'miniapp', '/cgi-bin/user/info', { query })).json.errcode).toBe(40001);
  expect((await apiCall(simulator, 'official', '/cgi-bin/user/info', { query, body: {} })).json.errcode).toBe(43001);
});

test('returns the unionid of a user who followed before the deployment', async () => {
  const old = await newUser(simulator, { follows: true });
  expect(await ask({ openid: old.openIds.official })).toMatchObject({ subscribe: 1, unionid: old.unionId });
});
