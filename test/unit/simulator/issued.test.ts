import { expect, test } from 'vitest';
import { useSimulator } from './fixture.ts';
import { settings, virtual } from './settings.ts';
import { apiCall, appToken, call, logIn, newUser, phoneAction } from './support.ts';

const aesKey = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG';

const simulator = useSimulator({ official: { aesKey } });

const issued = async (): Promise<string[]> => (await call(simulator, 'GET', '/_issued')).json;

test('lists the secrets of the settings, before and after a change', async () => {
  const { apiV3Key, apiV2Key = '' } = settings.pay;
  const appKeys = [virtual.liveAppKey, virtual.sandboxAppKey];
  const known = [
    ...appKeys,
    settings.miniapp.appSecret,
    settings.official.appSecret,
    'AAAAA',
    aesKey,
    apiV3Key,
    apiV2Key,
  ];
  expect((await issued()).toSorted()).toEqual(known.toSorted());
  await call(simulator, 'POST', '/_official', { token: 'BBBBB', aesKey: 'A'.repeat(43) });
  expect((await issued()).toSorted()).toEqual([...known, 'BBBBB', 'A'.repeat(43)].toSorted());
});

test('lists the identifiers, codes and tokens of a user', async () => {
  const user = await newUser(simulator, { phone: '13580006666', nickname: '一个长长的名字' });
  const session = await logIn(simulator, user);
  const phoneCode = (await phoneAction(simulator, user, 'phone-code')).json.code;
  const { appId, appSecret } = settings.official;
  const url = `/connect/oauth2/authorize?appid=${appId}&redirect_uri=${encodeURIComponent('http://localhost/')}&response_type=code&scope=snsapi_userinfo&state=1#wechat_redirect`;
  const { location } = (await phoneAction(simulator, user, 'open', { url, snapshot: true })).json;
  const code = new URL(location).searchParams.get('code') ?? '';
  const query = new URLSearchParams({ appid: appId, secret: appSecret, code, grant_type: 'authorization_code' });
  const consent = (await call(simulator, 'GET', `/sns/oauth2/access_token?${query}`)).json;
  const ticketQuery = { type: 'jsapi' };
  const { ticket } = (await apiCall(simulator, 'official', '/cgi-bin/ticket/getticket', { query: ticketQuery })).json;
  const tokens = [await appToken(simulator, 'miniapp'), await appToken(simulator, 'official')];
  const list = await issued();
  expect(list).toEqual(
    expect.arrayContaining([
      user.openIds.miniapp,
      user.openIds.official,
      user.unionId,
      '13580006666',
      '一个长长的名字',
      session.session_key,
      phoneCode,
      code,
      consent.access_token,
      consent.refresh_token,
      consent.openid,
      consent.unionid,
      ticket,
      ...tokens,
    ]),
  );
  expect(new Set(list).size).toBe(list.length);
});

test('does not list short or generated names, nor absent values', async () => {
  const before = await issued();
  await newUser(simulator, { nickname: 'Short', phone: null });
  await newUser(simulator, {});
  const added = (await issued()).filter((text) => !before.includes(text));
  expect(added.toSorted().filter((text) => !text.startsWith('o'))).toEqual(['13800000002']);
});
