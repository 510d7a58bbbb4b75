import { describe, expect, test } from 'vitest';
import { useSimulator, useWechatUser } from './fixture.ts';
import { settings } from './settings.ts';
import { call, newUser, officialToken, phoneAction } from './support.ts';

const simulator = useSimulator({ official: { oauthDomain: 'localhost' } });
const user = useWechatUser(simulator, { nickname: '小明', avatarUrl: 'https://example.com/132' });

const { appId, appSecret } = settings.official;
const callback = encodeURIComponent('http://localhost:3000/oauth/callback');
const authorizeUrl = ({ id = appId, uri = callback, scope = 'snsapi_userinfo', state = 'abc123', tail = '' } = {}) =>
  `https://open.weixin.qq.com/connect/oauth2/authorize?appid=${id}&redirect_uri=${uri}` +
  `&response_type=code&scope=${scope}&state=${state}${tail}#wechat_redirect`;
const open = (url: string, how: object = {}) => phoneAction(simulator, user, 'open', { url, ...how });
const consent = async (options: Parameters<typeof authorizeUrl>[0] = {}, how: object = {}): Promise<string> => {
  const { location } = (await open(authorizeUrl(options), how)).json;
  return new URL(location).searchParams.get('code') ?? '';
};

const get = async (path: string, query: Record<string, string | undefined>) => {
  const present = Object.entries(query).filter((pair): pair is [string, string] => pair[1] !== undefined);
  return call(simulator, 'GET', `${path}?${new URLSearchParams(present)}`);
};
const exchange = async (code: string | undefined, changes: Record<string, string | undefined> = {}) => {
  const query = { appid: appId, secret: appSecret, code, grant_type: 'authorization_code', ...changes };
  return (await get('/sns/oauth2/access_token', query)).json;
};
const refresh = async (token: string | undefined, changes: Record<string, string | undefined> = {}) =>
  (
    await get('/sns/oauth2/refresh_token', {
      appid: appId,
      grant_type: 'refresh_token',
      refresh_token: token,
      ...changes,
    })
  ).json;
const userInfo = async (token: string, openid: string | undefined = user.openIds.official) =>
  (await get('/sns/userinfo', { access_token: token, openid, lang: 'zh_CN' })).json;

test('consent redirects with a code and the state; the code exchange returns tokens as text/plain', async () => {
  const { location } = (await open(authorizeUrl())).json;
  expect(location).toMatch(/^http:\/\/localhost:3000\/oauth\/callback\?code=\w{32}&state=abc123$/);
  const code = new URL(location).searchParams.get('code') ?? '';
  const { type, json } = await get('/sns/oauth2/access_token', {
    appid: appId,
    secret: appSecret,
    code,
    grant_type: 'authorization_code',
  });
  expect(type).toBe('text/plain');
  expect(json).toEqual({
    access_token: expect.stringMatching(/^85_/),
    expires_in: 7200,
    refresh_token: expect.stringMatching(/^85_/),
    openid: user.openIds.official,
    scope: 'snsapi_userinfo',
    unionid: user.unionId,
  });
  expect(await userInfo(json.access_token)).toEqual({
    openid: user.openIds.official,
    nickname: '小明',
    sex: 0,
    province: '',
    city: '',
    country: '',
    headimgurl: 'https://example.com/132',
    privilege: [],
    unionid: user.unionId,
  });
  const check = await get('/sns/auth', { access_token: json.access_token, openid: json.openid });
  expect(check.json).toEqual({ errcode: 0, errmsg: 'ok' });
});

test('leaves control characters of the nickname unescaped, which is invalid JSON', async () => {
  const nickname = 'a\u0007b\u0014\tc"\\u0007\\';
  const named = await newUser(simulator, { nickname });
  const { location } = (await phoneAction(simulator, named, 'open', { url: authorizeUrl() })).json;
  const { access_token: token, openid } = await exchange(new URL(location).searchParams.get('code') ?? '');
  const { text, json } = await get('/sns/userinfo', { access_token: token, openid });
  expect(json).toBeUndefined();
  expect(text).toContain('"nickname":"a\u0007b\u0014\tc\\"\\\\u0007\\\\"');
  expect(JSON.parse(text.replaceAll(/\p{Cc}/gu, '')).nickname).toBe('abc"\\u0007\\');
});

test('keeps the query and fragment of the callback', async () => {
  const uri = encodeURIComponent('http://localhost/cb?a=1&b=%2F#part');
  expect((await open(authorizeUrl({ uri, state: '' }))).json.location).toMatch(
    /^http:\/\/localhost\/cb\?a=1&b=%2F&code=\w{32}&state=#part$/,
  );
});

test.each([
  ['appends text to the state, like a browser that adds its start page', true, 'abc123https://i.maxthon.cn'],
  ['appends text to the state by name', 'appended', 'abc123https://i.maxthon.cn'],
  ['drops the state', 'missing', null],
  ['keeps the state', false, 'abc123'],
])('alteredState %2$j: %s', async (_, alteredState, state) => {
  const { location } = (await open(authorizeUrl(), { alteredState })).json;
  const { searchParams, origin, pathname } = new URL(location);
  expect(origin + pathname).toBe('http://localhost:3000/oauth/callback');
  expect(searchParams.get('state')).toBe(state);
  expect((await exchange(searchParams.get('code')!)).openid).toBe(user.openIds.official);
});

test.each([['lost'], [1]])('rejects %j as alteredState', async (alteredState) => {
  const { status, json } = await open(authorizeUrl(), { alteredState });
  expect([status, json.error]).toEqual([400, 'PARAM_ERROR']);
});

test('issues two codes for one state when a page is opened twice', async () => {
  const [one, two] = [await consent(), await consent()];
  expect(one).not.toBe(two);
  for (const code of [one, two]) expect((await exchange(code)).openid).toBe(user.openIds.official);
});

describe('lostCookie', () => {
  const local = useSimulator();
  const back = async (uri: string, lostCookie: boolean) => {
    const url = authorizeUrl({ uri: encodeURIComponent(uri) });
    const owner = await newUser(local);
    return (await phoneAction(local, owner, 'open', { url, lostCookie })).json.location as string;
  };

  test.each([
    ['http://localhost:3000/oauth/callback', 'http://127.0.0.1:3000/oauth/callback'],
    ['http://127.0.0.1:3000/oauth/callback?a=1', 'http://localhost:3000/oauth/callback?a=1'],
    ['https://localhost/cb', 'https://127.0.0.1/cb'],
  ])('returns the browser from %s to the other name of the machine, which has no cookies', async (uri, other) => {
    expect(await back(uri, true)).toContain(other);
    expect(await back(uri, false)).toContain(uri);
  });

  test.each(['https://api.example.com/cb', 'http://localhost.example.com/cb', 'http://192.168.1.2/cb'])(
    'leaves %s as it is',
    async (uri) => expect(await back(uri, true)).toContain(uri),
  );
});

test("returns no location without the user's consent", async () => {
  expect((await open(authorizeUrl(), { agree: false })).json).toEqual({ location: null });
});

test.each([
  [
    'a sorted query',
    authorizeUrl().replace(/\?appid=(.*)&redirect_uri=(.*)&response/, '?redirect_uri=$2&appid=$1&response'),
  ],
  ['no fragment', authorizeUrl().replace('#wechat_redirect', '')],
  ['no state', authorizeUrl().replace('&state=abc123', '')],
  ['another response_type', authorizeUrl().replace('=code&', '=token&')],
  ['an unknown parameter', authorizeUrl({ tail: '&theme=dark' })],
  ['a bad forcePopup', authorizeUrl({ tail: '&forcePopup=1' })],
  ['a state with other characters', authorizeUrl({ state: 'a-b' })],
  ['a long state', authorizeUrl({ state: 'x'.repeat(129) })],
  ['an address that is not encoded', authorizeUrl({ uri: 'http://localhost:3000/cb' })],
  ['an address that is encoded twice', authorizeUrl({ uri: encodeURIComponent(callback) })],
  ['an address with a broken encoding', authorizeUrl({ uri: '%E4%' })],
  ['an address of another scheme', authorizeUrl({ uri: encodeURIComponent('app://localhost/cb') })],
  ['something else', 'http://localhost:3000/'],
])('rejects an authorization URL with %s', async (_, url) => {
  const { status, json } = await open(url);
  expect([status, json.error]).toEqual([400, 'PARAM_ERROR']);
});

test.each([
  ['40013', { id: settings.miniapp.appId }],
  ['10005', { scope: 'snsapi_login' }],
  ['10003', { uri: encodeURIComponent('https://localhost.example.com/cb') }],
  ['10003', { uri: encodeURIComponent('http://sub.localhost/cb') }],
])('error %s for %j', async (error, options) => {
  const { status, json } = await open(authorizeUrl(options));
  expect([status, json.error]).toEqual([400, error]);
});

test('accepts forcePopup and the longest state', async () => {
  const { json } = await open(authorizeUrl({ state: 'x'.repeat(128), tail: '&forcePopup=true' }));
  expect(json.location).toContain(`&state=${'x'.repeat(128)}`);
});

test('asks any other browser to open the page in WeChat', async () => {
  const { status, type, text } = await call(
    simulator,
    'GET',
    authorizeUrl().slice('https://open.weixin.qq.com'.length),
  );
  expect([status, type]).toEqual([200, 'text/html; charset=utf-8']);
  expect(text).toContain('请在微信客户端打开链接');
});

test('a code is new each time, single use, and lives five minutes', async () => {
  const [one, other] = [await consent(), await consent()];
  expect(one).not.toBe(other);
  expect((await exchange(one)).openid).toBe(user.openIds.official);
  expect((await exchange(one)).errcode).toBe(40163);
  await simulator.advanceClock(5 * 60_000);
  expect((await exchange(other)).errcode).toBe(42003);
});

test.each([
  [41002, { appid: undefined }],
  [41004, { secret: undefined }],
  [41008, { code: undefined }],
  [40002, { grant_type: 'client_credential' }],
  [40013, { appid: settings.miniapp.appId }],
  [40125, { secret: settings.miniapp.appSecret }],
  [40029, { code: 'made-up' }],
])('the exchange answers %i to %j', async (errcode, changes) => {
  expect((await exchange(await consent(), changes)).errcode).toBe(errcode);
});

test('rejects a login code of the mini-program', async () => {
  expect((await exchange((await phoneAction(simulator, user, 'login-code')).json.code)).errcode).toBe(40029);
});

test('snsapi_base gives access to the openid only', async () => {
  const session = await exchange(await consent({ scope: 'snsapi_base' }));
  expect(session).toMatchObject({ openid: user.openIds.official, scope: 'snsapi_base' });
  expect(session).not.toHaveProperty('unionid');
  expect((await userInfo(session.access_token)).errcode).toBe(48001);
});

test('a snapshot page has the identifiers of no real user', async () => {
  const session = await exchange(await consent({}, { snapshot: true }));
  expect(session.is_snapshotuser).toBe(1);
  expect(session.openid).toMatch(/^o[\w-]{27}$/);
  expect(session.openid).not.toBe(user.openIds.official);
  expect(session.unionid).not.toBe(user.unionId);
  expect((await userInfo(session.access_token, session.openid)).errcode).toBe(48001);
});

test('a user token lives two hours and is refreshed for thirty days', async () => {
  const first = await exchange(await consent());
  await simulator.advanceClock(2 * 3_600_000);
  expect((await userInfo(first.access_token)).errcode).toBe(42001);
  const second = await refresh(first.refresh_token);
  expect(Object.keys(second)).toEqual(['access_token', 'expires_in', 'refresh_token', 'openid', 'scope']);
  expect((await userInfo(second.access_token)).nickname).toBe('小明');
  await simulator.advanceClock(30 * 86_400_000);
  expect((await refresh(second.refresh_token)).errcode).toBe(42002);
});

test.each([
  [41002, { appid: undefined }],
  [41003, { refresh_token: undefined }],
  [40002, { grant_type: 'authorization_code' }],
  [40013, { appid: settings.miniapp.appId }],
  [40030, { refresh_token: 'made-up' }],
])('refreshing answers %i to %j', async (errcode, changes) => {
  const { refresh_token: token } = await exchange(await consent());
  expect((await refresh(token, changes)).errcode).toBe(errcode);
});

test('a password change revokes all tokens of that user and of no other', async () => {
  const mine = await exchange(await consent());
  const other = await newUser(simulator);
  await phoneAction(simulator, other, 'change-password');
  expect((await userInfo(mine.access_token)).nickname).toBe('小明');
  await phoneAction(simulator, user, 'change-password');
  expect((await userInfo(mine.access_token)).errcode).toBe(42007);
  expect((await refresh(mine.refresh_token)).errcode).toBe(42007);
  expect((await exchange(await consent())).openid).toBe(user.openIds.official);
});

test.each(['/sns/userinfo', '/sns/auth'])('%s requires a user token and its openid', async (path) => {
  const { access_token: token, openid } = await exchange(await consent());
  const errcode = async (query: Record<string, string | undefined>) => (await get(path, query)).json.errcode;
  expect(await errcode({ openid })).toBe(41001);
  expect(await errcode({ access_token: token })).toBe(41009);
  expect(await errcode({ access_token: token.slice(0, 50), openid })).toBe(40014);
  expect(await errcode({ access_token: await officialToken(simulator), openid })).toBe(40001);
  expect(await errcode({ access_token: token, openid: user.openIds.miniapp })).toBe(40003);
});

test('rejects a user token as an access token of the app', async () => {
  const { access_token: token, openid } = await exchange(await consent());
  expect((await get('/cgi-bin/user/info', { access_token: token, openid })).json.errcode).toBe(40001);
});

test('returns returns no unionid while the account is not bound', async () => {
  await call(simulator, 'POST', '/_open-platform', { bound: ['miniapp'] });
  const session = await exchange(await consent());
  expect(session).not.toHaveProperty('unionid');
  expect(await userInfo(session.access_token)).not.toHaveProperty('unionid');
});
