import { expect, test } from 'vitest';
import { useSimulator } from './fixture.ts';
import { settings } from './settings.ts';
import { apiCall, call, newUser, officialToken, phoneAction, planFault } from './support.ts';
import type { User } from './support.ts';

const simulator = useSimulator();

const create = async (body: unknown) => (await apiCall(simulator, 'official', '/cgi-bin/menu/create', { body })).json;
const get = async () => (await apiCall(simulator, 'official', '/cgi-bin/menu/get')).json;
const remove = async () => (await apiCall(simulator, 'official', '/cgi-bin/menu/delete')).json;
const post = async (name: string, body: unknown) =>
  (await apiCall(simulator, 'official', `/cgi-bin/menu/${name}`, { body })).json;
const add = (matchrule: unknown, ...buttons: unknown[]) => post('addconditional', { button: buttons, matchrule });
const tryMatch = ({ openIds }: User) => post('trymatch', { user_id: openIds.official });
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
/** A button as WeChat returns it. */
const leaf = (button: object) => ({ ...button, sub_button: [] });

test('creates, returns and deletes a menu', async () => {
  expect((await get()).errcode).toBe(46003);
  expect(await create({ button: [click, parent(view, miniProgram, click)] })).toEqual(ok);
  expect(await get()).toEqual({
    menu: { button: [leaf(click), parent(leaf(view), leaf(miniProgram), leaf(click))] },
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

test('create accepts an empty list of sub-buttons on every leaf and ignores a match rule and unknown fields', async () => {
  const button = [{ ...leaf(click), menuid: 1 }, parent(leaf(view))];
  expect(await create({ button, matchrule: { tag_id: '2' } })).toEqual(ok);
  expect(await get()).toEqual({ menu: { button: [leaf(click), parent(leaf(view))] } });
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
  for (const name of ['addconditional', 'delconditional', 'trymatch']) {
    expect((await apiCall(simulator, 'miniapp', `/cgi-bin/menu/${name}`, { body })).json.errcode).toBe(40001);
    expect((await apiCall(simulator, 'official', `/cgi-bin/menu/${name}`)).json.errcode).toBe(43002);
  }
});

test('conditional menus need a default menu', async () => {
  expect((await add({ tag_id: '2' }, click)).errcode).toBe(65303);
  expect((await tryMatch(await newUser(simulator))).errcode).toBe(65303);
});

test('adds conditional menus and lists the newest first, with the tag as group_id', async () => {
  await create({ button: [view] });
  const first = await add({ tag_id: '2' }, click);
  const second = await add({ tag_id: 2, client_platform_type: 1, sex: '' }, view);
  expect(second.menuid).toBeGreaterThan(first.menuid);
  const conditional = [
    { button: [leaf(view)], matchrule: { group_id: '2', client_platform_type: '1' }, menuid: second.menuid },
    { button: [leaf(click)], matchrule: { group_id: '2' }, menuid: first.menuid },
  ];
  expect(await get()).toEqual({
    menu: { button: [leaf(view)], menuid: expect.any(Number) },
    conditionalmenu: conditional,
  });
  expect((await call(simulator, 'GET', '/_official')).json.conditionalMenus).toEqual([
    { ...conditional[0], matchrule: { tag_id: '2', client_platform_type: '1' } },
    { ...conditional[1], matchrule: { tag_id: '2' } },
  ]);
});

test('stores an identical conditional menu again', async () => {
  await create({ button: [view] });
  await add({ group_id: '2' }, click);
  await add({ tag_id: '2' }, click);
  expect((await get()).conditionalmenu).toHaveLength(2);
});

test('create keeps the conditional menus, and delete removes them', async () => {
  await create({ button: [view] });
  const { menuid } = await add({ tag_id: '2' }, click);
  await create({ button: [click] });
  expect((await get()).conditionalmenu).toMatchObject([{ menuid }]);
  expect(await remove()).toEqual(ok);
  await create({ button: [view] });
  expect(await get()).not.toHaveProperty('conditionalmenu');
});

test('removes one conditional menu by its id, as text or as a number', async () => {
  await create({ button: [view] });
  const [first, second] = [await add({ tag_id: '2' }, click), await add({ tag_id: '3' }, click)];
  expect((await post('delconditional', { menuid: 'menuid' })).errcode).toBe(65301);
  expect((await post('delconditional', { menuid: (await get()).menu.menuid })).errcode).toBe(65301);
  expect(await post('delconditional', { menuid: String(first.menuid) })).toEqual(ok);
  expect((await get()).conditionalmenu).toMatchObject([{ menuid: second.menuid }]);
  expect(await post('delconditional', { menuid: second.menuid })).toEqual(ok);
  expect((await post('delconditional', { menuid: second.menuid })).errcode).toBe(65301);
});

test.each([
  [65304, undefined],
  [65304, {}],
  [65304, { tag_id: '', client_platform_type: '', group_id: '' }],
  [65304, 'tag_id'],
  [65320, { tag_id: '2', sex: '1' }],
  [65320, { country: '中国', province: '广东', city: '广州' }],
  [65320, { language: 'zh_CN' }],
  [40035, { tag_id: 'vip' }],
  [40035, { client_platform_type: '4' }],
])('addconditional answers %i to the rule %j', async (errcode, rule) => {
  await create({ button: [view] });
  expect((await add(rule, click)).errcode).toBe(errcode);
  expect(await get()).not.toHaveProperty('conditionalmenu');
});

test('addconditional checks the buttons like create', async () => {
  await create({ button: [view] });
  for (const [errcode, body] of invalidMenus) {
    const answer = await post(
      'addconditional',
      typeof body === 'string' ? body : { ...Object(body), matchrule: { tag_id: '2' } },
    );
    expect([answer.errcode, body]).toEqual([errcode, body]);
  }
});

test('all conditional menus together lead to at most three domains', async () => {
  await create({ button: [{ ...view, url: 'https://0.example.com/' }] });
  const to = (host: string) => ({ ...view, url: `https://${host}.example.com/` });
  await add({ tag_id: '1' }, to('a'), parent(to('b'), to('a')));
  const { menuid } = await add({ tag_id: '2' }, to('c'));
  expect((await add({ tag_id: '3' }, to('d'))).errcode).toBe(65316);
  await add({ tag_id: '3' }, to('a'));
  await post('delconditional', { menuid });
  expect(await add({ tag_id: '3' }, to('d'))).toHaveProperty('menuid');
});

test('trymatch shows the newest matching menu: by the last tag and by the phone', async () => {
  await create({ button: [view] });
  await add({ tag_id: '2', client_platform_type: '2' }, { ...click, name: 'old' });
  await add({ tag_id: '2' }, { ...click, name: 'tag' });
  await add({ client_platform_type: '3' }, { ...click, name: 'others' });
  const seen = async (about: object) =>
    (await tryMatch(await newUser(simulator, { follows: true, ...about }))).button[0].name;
  expect(await seen({})).toBe('Search');
  expect(await seen({ tagIds: [3, 2] })).toBe('tag');
  expect(await seen({ tagIds: [2, 3] })).toBe('Search');
  expect(await seen({ tagIds: [2], clientPlatformType: 2 })).toBe('tag');
  expect(await seen({ tagIds: [2], clientPlatformType: 3 })).toBe('others');
});

test('trymatch rejects unknown users and users who do not follow', async () => {
  await create({ button: [view] });
  expect((await post('trymatch', { user_id: 'oUnknown' })).errcode).toBe(65302);
  expect((await tryMatch(await newUser(simulator))).errcode).toBe(65315);
});

test('the variant retired-rule stores a menu from the time before the change, which no user sees', async () => {
  await create({ button: [view] });
  await planFault(simulator, 'menu', 'retired-rule');
  expect(await add({ sex: '1' }, click)).toHaveProperty('menuid');
  expect((await get()).conditionalmenu).toMatchObject([{ matchrule: { sex: '1' } }]);
  expect((await tryMatch(await newUser(simulator, { follows: true }))).button).toEqual([leaf(view)]);
  expect((await add({ sex: '1' }, click)).errcode).toBe(65320);
});

test('the variant menu-id-as-text answers the id as documented', async () => {
  await create({ button: [view] });
  await planFault(simulator, 'menu', 'menu-id-as-text');
  expect((await add({ tag_id: '2' }, click)).menuid).toMatch(/^\d+$/);
});

test('limits the menus created in a day', async () => {
  const token = await officialToken(simulator);
  const createQuickly = () => call(simulator, 'POST', `/cgi-bin/menu/create?access_token=${token}`, { button: [view] });
  for (let done = 0; done < 1_000; done += 1) await createQuickly();
  expect((await createQuickly()).json.errcode).toBe(45009);
  await call(simulator, 'POST', '/_clock', { advanceMs: 86_400_000 });
  expect(await create({ button: [view] })).toEqual(ok);
});

test('a user has tags in user/info, and rejects tags that are no list of integers', async () => {
  const { openIds } = await newUser(simulator, { follows: true, tagIds: [2, 3] });
  const info = await apiCall(simulator, 'official', '/cgi-bin/user/info', { query: { openid: openIds.official } });
  expect(info.json.tagid_list).toEqual([2, 3]);
  expect((await call(simulator, 'POST', '/_phone/users', { tagIds: 'vip' })).status).toBe(400);
});

test('GET /_official returns mode, menu and followers', async () => {
  expect((await call(simulator, 'GET', '/_official')).json).toEqual({
    mode: 'plain',
    menu: null,
    conditionalMenus: [],
    followers: [],
  });
  const user = await newUser(simulator);
  await newUser(simulator);
  await phoneAction(simulator, user, 'event', { event: 'subscribe' });
  const { followers } = (await call(simulator, 'GET', '/_official')).json;
  expect(followers).toEqual([user.openIds.official]);
});
