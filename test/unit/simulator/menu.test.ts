import { expect, test } from 'vitest';
import { useSimulator } from './fixture.ts';
import { settings } from './settings.ts';
import { apiCall, call, newUser, phoneAction } from './support.ts';

const simulator = useSimulator();

const create = async (body: unknown) => (await apiCall(simulator, 'official', '/cgi-bin/menu/create', { body })).json;
const get = async () => (await apiCall(simulator, 'official', '/cgi-bin/menu/get')).json;
const remove = async () => (await apiCall(simulator, 'official', '/cgi-bin/menu/delete')).json;
const ok = { errcode: 0, errmsg: 'ok' };

const click = { type: 'click', name: '赞', key: 'GOOD' };
const view = { type: 'view', name: 'Search', url: 'https://www.example.com/' };
const miniProgram = {
  type: 'miniprogram',
  name: 'wxa',
  url: 'https://www.example.com/',
  appid: settings.miniapp.appId,
  pagepath: 'pages/index/index',
};
const parent = (...buttons: unknown[]) => ({ name: '菜单', sub_button: buttons });

test('creates, returns and deletes a menu', async () => {
  expect((await get()).errcode).toBe(46003);
  expect(await create({ button: [click, parent(view, miniProgram, click)] })).toEqual(ok);
  expect(await get()).toEqual({
    menu: { button: [{ ...click, sub_button: [] }, parent(view, miniProgram, click)] },
  });
  expect((await call(simulator, 'GET', '/_official')).json.menu).toHaveLength(2);
  expect(await remove()).toEqual(ok);
  expect((await get()).errcode).toBe(46003);
  expect((await call(simulator, 'GET', '/_official')).json.menu).toBeNull();
});

test('create rejects the whole answer of get and accepts its menu', async () => {
  await create({ button: [click] });
  expect((await create(await get())).errcode).toBe(40016);
  expect(await create((await get()).menu)).toEqual(ok);
});

test('accepts the longest texts and the largest number of buttons', async () => {
  const most = {
    name: '中'.repeat(5) + 'x',
    sub_button: Array.from({ length: 5 }, () => ({ ...click, name: '中'.repeat(20), key: 'k'.repeat(128) })),
  };
  const longView = { ...view, url: `https://example.com/${'x'.repeat(1004)}` };
  expect(await create({ button: [most, longView, click] })).toEqual(ok);
});

test.each(['scancode_push', 'scancode_waitmsg', 'pic_sysphoto', 'pic_photo_or_album', 'pic_weixin', 'location_select'])(
  'type %s needs a key',
  async (type) => {
    expect(await create({ button: [{ type, name: 'x', key: 'K' }] })).toEqual(ok);
    expect((await create({ button: [{ type, name: 'x' }] })).errcode).toBe(40019);
  },
);

test.each([
  ['media_id', 'media_id', 40007],
  ['view_limited', 'media_id', 40007],
  ['article_id', 'article_id', 40035],
  ['article_view_limited', 'article_id', 40035],
])('type %s needs %s', async (type, field, errcode) => {
  expect(await create({ button: [{ type, name: 'x', [field]: 'id' }] })).toEqual(ok);
  expect((await create({ button: [{ type, name: 'x' }] })).errcode).toBe(errcode);
});

const invalidMenus: [number, unknown][] = [
  [47001, 'not json'],
  [40016, {}],
  [40016, { menu: { button: [click] } }],
  [40016, { button: [] }],
  [40016, { button: [click, click, click, click] }],
  [40016, { button: ['click'] }],
  [40017, { button: [{ name: 'x' }] }],
  [40017, { button: [{ ...click, type: 'CLICK' }] }],
  [40017, { button: [{ ...click, type: 'toString' }] }],
  [40015, { button: [{ ...click, sub_button: [click] }] }],
  [40018, { button: [{ ...click, name: undefined }] }],
  [40018, { button: [{ ...click, name: '' }] }],
  [40018, { button: [{ ...click, name: '六个汉字超了' }] }],
  [40018, { button: [{ name: 'x'.repeat(17), sub_button: [click] }] }],
  [40019, { button: [{ ...click, key: 'k'.repeat(129) }] }],
  [40020, { button: [{ type: 'view', name: 'x', key: 'K' }] }],
  [40020, { button: [{ ...view, url: `https://example.com/${'x'.repeat(1005)}` }] }],
  [40055, { button: [{ ...view, url: 'www.example.com' }] }],
  [40055, { button: [{ ...view, url: 'javascript:alert(1)' }] }],
  [40020, { button: [{ ...miniProgram, url: undefined }] }],
  [40119, { button: [{ ...miniProgram, appid: 'wx286b93c14bbf93aa' }] }],
  [40035, { button: [{ ...miniProgram, pagepath: undefined }] }],
  [40023, { button: [parent()] }],
  [40023, { button: [parent(click, click, click, click, click, click)] }],
  [40022, { button: [parent(parent(click))] }],
  [40016, { button: [parent(null)] }],
  [40024, { button: [parent({ name: 'x' })] }],
  [40025, { button: [parent({ ...click, name: '中'.repeat(21) })] }],
  [40026, { button: [parent({ ...click, key: '' })] }],
  [40027, { button: [parent({ ...view, url: undefined })] }],
  [40054, { button: [parent({ ...view, url: 'ftp://example.com' })] }],
  [40120, { button: [parent({ ...miniProgram, appid: undefined })] }],
];

test.each(invalidMenus)('create answers %i to %j and keeps the menu', async (errcode, body) => {
  await create({ button: [view] });
  expect((await create(body)).errcode).toBe(errcode);
  expect((await get()).menu.button[0].name).toBe('Search');
});

test('rejects escaped characters beyond ASCII', async () => {
  const body = (name: string) => `{"button":[{"type":"click","name":"${name}","key":"K"}]}`;
  expect((await create(body('\\u4eca\\u65e5'))).errcode).toBe(40033);
  expect((await create(body('\\\\\\u4eca'))).errcode).toBe(40033);
  for (const name of ['今日', '\\u0041', '\\\\u4eca', '\\"x']) expect(await create(body(name))).toEqual(ok);
});

test('checks token and method of every menu call', async () => {
  const body = { button: [click] };
  expect((await apiCall(simulator, 'miniapp', '/cgi-bin/menu/create', { body })).json.errcode).toBe(40001);
  expect((await apiCall(simulator, 'official', '/cgi-bin/menu/create')).json.errcode).toBe(43002);
  expect((await apiCall(simulator, 'official', '/cgi-bin/menu/delete', { body })).json.errcode).toBe(43001);
});

test('GET /_official returns mode, menu and followers', async () => {
  expect((await call(simulator, 'GET', '/_official')).json).toEqual({ mode: 'plain', menu: null, followers: [] });
  const user = await newUser(simulator);
  await newUser(simulator);
  await phoneAction(simulator, user, 'event', { event: 'subscribe' });
  const { followers } = (await call(simulator, 'GET', '/_official')).json;
  expect(followers).toEqual([user.openIds.official]);
});
