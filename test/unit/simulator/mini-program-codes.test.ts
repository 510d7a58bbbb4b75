import jsQr from 'jsqr';
import { PNG } from 'pngjs';
import { expect, test } from 'vitest';
import { startFurtherSimulator, useSimulator, useWechatUser } from './fixture.ts';
import { settings } from './settings.ts';
import { apiCall, appToken, call, phoneAction, planFault } from './support.ts';

const simulator = useSimulator();
const user = useWechatUser(simulator);

const path = async (app: 'miniapp' | 'official' = 'miniapp') =>
  `/wxa/getwxacodeunlimit?access_token=${await appToken(simulator, app)}`;
const createError = async (body: unknown) => (await call(simulator, 'POST', await path(), body)).json;
const create = async (body: object) => {
  const response = await fetch(simulator.url + (await path()), { method: 'POST', body: JSON.stringify(body) });
  return { type: response.headers.get('content-type'), image: Buffer.from(await response.arrayBuffer()) };
};
const scan = (content: string) => phoneAction(simulator, user, 'scan', { content });

test('the image holds a URL of WeChat and not the scene', async () => {
  const { type, image } = await create({ scene: 'ticket:1', page: 'pages/login/index', width: 280 });
  expect(type).toBe('image/png');
  const { data, width, height } = PNG.sync.read(image);
  expect(width).toBe(280);
  const content = jsQr.default(new Uint8ClampedArray(data), width, height)?.data ?? '';
  expect(content).toMatch(/^http:\/\/weixin\.qq\.com\/m\/\w{22}$/);
  const opened = {
    kind: 'mini-program',
    page: 'pages/login/index',
    query: { scene: 'ticket%3A1' },
    scene: 'ticket:1',
    envVersion: 'release',
  };
  expect((await scan(content)).json).toEqual(opened);
  expect((await scan(`data:image/png;base64,${image.toString('base64')}`)).json).toEqual(opened);
});

test('a code never expires, opens the home page by default, and causes no push', async () => {
  const { image } = await create({ scene: 'x', check_path: false, env_version: 'develop', is_hyaline: true });
  await simulator.advanceClock(365 * 86_400_000);
  const { json } = await scan(`data:image/jpeg;base64,${image.toString('base64')}`);
  expect(json).toMatchObject({ kind: 'mini-program', page: 'pages/index/index', envVersion: 'develop' });
  const log = (await call(simulator, 'GET', '/_log')).json;
  expect(log.filter(({ kind }: { kind: string }) => kind === 'push')).toEqual([]);
});

test('rejects an image that WeChat did not create', async () => {
  const { image } = await create({ scene: 'x' });
  image.writeUInt8(0, image.length - 1);
  for (const content of [`data:image/png;base64,${image.toString('base64')}`, 'data:image/png;base64,', 'data:x']) {
    const { status, json } = await scan(content);
    expect([status, json.error]).toEqual([404, 'CONTENT_UNKNOWN']);
  }
});

test('accepts every allowed character in a scene', async () => {
  const all = `0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ!#$&'()*+,/:;=?@-._~`;
  for (let at = 0; at < all.length; at += 32) {
    const scene = all.slice(at, at + 32);
    const { image } = await create({ scene });
    const { json } = await scan(`data:image/png;base64,${image.toString('base64')}`);
    expect([json.scene, decodeURIComponent(json.query.scene)]).toEqual([scene, scene]);
  }
});

test.each([
  [40169, ''],
  [40169, 'scene=x'],
  [40169, []],
  [40169, {}],
  [40169, { scene: '' }],
  [40169, { scene: 7 }],
  [40169, { scene: 'x'.repeat(33) }],
  [40129, { scene: 'a%20b' }],
  [40129, { scene: 'a b' }],
  [40129, { scene: '中文' }],
  [85096, { scene: 'scancode_time=1' }],
  [41030, { scene: 'x', page: '/pages/index/index' }],
  [41030, { scene: 'x', page: 'pages/index/index?a=1' }],
  [40097, { scene: 'x', env_version: 'beta' }],
  [40097, { scene: 'x', width: 279 }],
  [40097, { scene: 'x', width: 1281 }],
  [40097, { scene: 'x', width: '430' }],
  [40097, { scene: 'x', check_path: 'false' }],
])('rejects a code with %i for %j', async (errcode, body) => {
  expect((await createError(body)).errcode).toBe(errcode);
});

test('a mini-program without a release gets 41030, unless env_version and check_path allow another version', async () => {
  await planFault(simulator, 'getwxacodeunlimit', 'unreleased', 5);
  const scene = 'x';
  for (const body of [
    { scene },
    { scene, env_version: 'release', check_path: false },
    { scene, env_version: 'trial' },
    { scene, env_version: 'trial', check_path: true },
  ]) {
    expect((await createError(body)).errcode).toBe(41030);
  }
  expect((await create({ scene, env_version: 'trial', check_path: false })).type).toBe('image/png');
  expect((await create({ scene })).type).toBe('image/png');
});

test('rejects a page that the released version does not have, unless check_path is false', async () => {
  const further = await startFurtherSimulator({ miniapp: { pages: ['pages/index/index'] } });
  const codeOf = async (body: object) =>
    (await apiCall(further, 'miniapp', '/wxa/getwxacodeunlimit', { body: { scene: 'x', ...body } })).json?.errcode;
  expect(await codeOf({})).toBeUndefined();
  expect(await codeOf({ page: 'pages/login/index' })).toBe(41030);
  expect(await codeOf({ page: 'pages/login/index', env_version: 'trial' })).toBe(41030);
  expect(await codeOf({ page: 'pages/login/index', check_path: false })).toBeUndefined();
});

test('rejects a wrong token or method in JSON', async () => {
  const { appId } = settings.official;
  expect(appId).not.toBe(settings.miniapp.appId);
  expect((await call(simulator, 'POST', await path('official'), { scene: 'x' })).json.errcode).toBe(40001);
  expect((await call(simulator, 'GET', await path())).json.errcode).toBe(43002);
});
