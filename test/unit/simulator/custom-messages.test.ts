// Customer-service messages of both apps, their windows, and the temporary files that they send.
import { expect, test } from 'vitest';
import { useFollower, useSimulator, useWechatUser } from './fixture.ts';
import { settings } from './settings.ts';
import { apiCall, newUser, phoneAction, planFault, showUser, uploadMedia } from './support.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;

const simulator = useSimulator();
const user = useWechatUser(simulator);
const follower = useFollower(simulator);

type App = 'miniapp' | 'official';
const path = '/cgi-bin/message/custom/send';
const userOf = (app: App) => (app === 'miniapp' ? user : follower);
const sendBody = async (app: App, body: unknown) => (await apiCall(simulator, app, path, { body })).json;
const send = async (app: App, msgtype: string, fields: unknown, change: object = {}) =>
  sendBody(app, { touser: userOf(app).openIds[app], msgtype, [msgtype]: fields, ...change });
const sendText = async (app: App, content: unknown = 'hi') => (await send(app, 'text', { content })).errcode;
const write = (app: App) => phoneAction(simulator, userOf(app), 'message', { app, text: 'hello' });
const enter = () => phoneAction(simulator, user, 'enter-service');
const chat = async (app: App) => (await showUser(simulator, userOf(app)))[app === 'miniapp' ? 'serviceChat' : 'chat'];

/** Sends texts until the platform declines. @returns the number sent, and the errcode */
async function sendAll(app: App) {
  for (let count = 0; ; count += 1) {
    const errcode = await sendText(app);
    if (errcode !== 0) return [count, errcode];
  }
}

test.each<[string, App, () => Promise<unknown>, number, number]>([
  ['a message to the mini-program', 'miniapp', () => write('miniapp'), 5, 48 * hourMs],
  ['the entry to the customer service', 'miniapp', enter, 2, minuteMs],
  ['a message to the official account', 'official', () => write('official'), 5, 48 * hourMs],
  ['a menu click', 'official', () => phoneAction(simulator, follower, 'menu-click', { key: 'K' }), 3, minuteMs],
])('%s allows messages of the %s for a time', async (_, app, act, count, ms) => {
  await simulator.advanceClock(minuteMs);
  expect(await sendText(app)).toBe(45015);
  await act();
  expect(await sendAll(app)).toEqual([count, 45047]);
  await act();
  expect(await sendText(app)).toBe(0);
  await simulator.advanceClock(ms);
  expect(await sendText(app)).toBe(45015);
});

test('a follow allows three messages, and an account that the user left may send none', async () => {
  expect(await sendAll('official')).toEqual([3, 45047]);
  await write('official');
  await phoneAction(simulator, follower, 'unfollow');
  expect(await sendText('official')).toBe(45015);
});

test('the window of one app allows no message of the other', async () => {
  await simulator.advanceClock(minuteMs);
  await phoneAction(simulator, follower, 'message', { text: 'hello' });
  const body = { touser: follower.openIds.miniapp, msgtype: 'text', text: { content: 'hi' } };
  expect((await sendBody('miniapp', body)).errcode).toBe(45015);
});

test('a message after the entry is taken from the window that ends first', async () => {
  await write('miniapp');
  await enter();
  for (const expected of [0, 0]) expect(await sendText('miniapp')).toBe(expected);
  await simulator.advanceClock(minuteMs);
  expect(await sendAll('miniapp')).toEqual([5, 45047]);
});

test('shows each type of the mini-program in the chat of the user', async () => {
  await write('miniapp');
  const { media_id: mediaId } = await uploadMedia(simulator, 'miniapp');
  const link = { title: 't', description: 'd', url: 'https://example.com', thumb_url: 'https://example.com/a.png' };
  const card = { title: 't', pagepath: 'pages/index?a=1', thumb_media_id: mediaId };
  expect(await send('miniapp', 'text', { content: '好' })).toEqual({ errcode: 0, errmsg: 'ok' });
  expect((await send('miniapp', 'image', { media_id: mediaId })).errcode).toBe(0);
  expect((await send('miniapp', 'link', link)).errcode).toBe(0);
  expect((await send('miniapp', 'miniprogrampage', card)).errcode).toBe(0);
  expect((await chat('miniapp')).slice(1)).toEqual([
    { from: 'account', type: 'text', content: '好' },
    { from: 'account', type: 'image', mediaId },
    { from: 'account', type: 'link', title: 't', description: 'd', url: link.url, thumbUrl: link.thumb_url },
    { from: 'account', type: 'miniprogrampage', title: 't', pagePath: 'pages/index?a=1', thumbMediaId: mediaId },
  ]);
});

test('shows each type of the official account in the chat of the user', async () => {
  await write('official');
  const { media_id: mediaId } = await uploadMedia(simulator, 'official');
  const article = { title: 't', description: 'd', url: 'https://example.com', picurl: 'https://example.com/a.png' };
  const card = { title: 't', appid: settings.miniapp.appId, pagepath: 'pages/index', thumb_media_id: mediaId };
  const list = [{ id: 'yes', content: '满意' }];
  expect((await send('official', 'image', { media_id: mediaId })).errcode).toBe(0);
  expect((await send('official', 'news', { articles: [article] })).errcode).toBe(0);
  expect((await send('official', 'miniprogrampage', card)).errcode).toBe(0);
  expect((await send('official', 'msgmenu', { head_content: 'h', list, tail_content: 'e' })).errcode).toBe(0);
  expect((await chat('official')).slice(1)).toEqual([
    { from: 'account', type: 'image', mediaId },
    {
      from: 'account',
      type: 'news',
      articles: [{ title: 't', description: 'd', url: article.url, picUrl: article.picurl }],
    },
    { from: 'account', type: 'miniprogrampage', title: 't', pagePath: 'pages/index', thumbMediaId: mediaId },
    { from: 'account', type: 'msgmenu', headContent: 'h', list, tailContent: 'e' },
  ]);
  await phoneAction(simulator, follower, 'tap', { menuId: 'yes' });
  expect((await chat('official')).at(-1)).toEqual({ from: 'person', type: 'text', content: '满意' });
});

test.each<[string, number, App, string, unknown, object?]>([
  ['an unknown openid', 40003, 'miniapp', 'text', { content: 'x' }, { touser: 'o' }],
  ['no openid', 40003, 'miniapp', 'text', { content: 'x' }, { touser: undefined }],
  ['an unknown type', 40008, 'miniapp', 'news', { articles: [] }],
  ['a type with a name that every object has', 40008, 'official', 'constructor', {}],
  ['no type', 40008, 'miniapp', 'text', { content: 'x' }, { msgtype: undefined }],
  ['a type without its fields', 47001, 'miniapp', 'text', undefined],
  ['an empty text', 44004, 'miniapp', 'text', { content: '' }],
  ['no text', 44004, 'official', 'text', {}],
  ['a text that is a number', 47001, 'miniapp', 'text', { content: 1 }],
  ['a text of 2,048 bytes', 45002, 'miniapp', 'text', { content: `ab${'汉'.repeat(682)}` }],
  ['an unknown picture', 40007, 'miniapp', 'image', { media_id: 'x' }],
  ['a link without a title', 47001, 'miniapp', 'link', { description: 'd', url: 'u', thumb_url: 'p' }],
  ['a link of the official account', 40008, 'official', 'link', {}],
  ['two articles', 45008, 'official', 'news', { articles: [{}, {}] }],
  ['news without a list', 47001, 'official', 'news', { articles: {} }],
  ['an empty menu', 47001, 'official', 'msgmenu', { head_content: 'h', list: [], tail_content: 't' }],
  ['a card of another mini-program', 40013, 'official', 'miniprogrampage', { title: 't', pagepath: 'p', appid: 'wx0' }],
])('declines %s with %i, and the window stays as it was', async (_, errcode, app, msgtype, fields, change) => {
  await simulator.advanceClock(minuteMs);
  await write(app);
  expect((await send(app, msgtype, fields, change)).errcode).toBe(errcode);
  expect(await sendAll(app)).toEqual([5, 45047]);
});

test('declines a body that is empty, and one that is not JSON', async () => {
  expect((await sendBody('miniapp', '')).errcode).toBe(44002);
  expect((await sendBody('miniapp', '{')).errcode).toBe(47001);
});

test('the openid of one app is unknown to the other', async () => {
  await write('miniapp');
  const body = { touser: user.openIds.miniapp, msgtype: 'text', text: { content: 'x' } };
  expect((await sendBody('official', body)).errcode).toBe(40003);
});

test('a temporary file belongs to one app and lives three days', async () => {
  const { type, media_id: mediaId, created_at: createdAt } = await uploadMedia(simulator, 'miniapp');
  expect([type, typeof createdAt]).toEqual(['image', 'number']);
  await write('official');
  expect((await send('official', 'image', { media_id: mediaId })).errcode).toBe(40007);
  await simulator.advanceClock(72 * hourMs);
  await write('miniapp');
  expect((await send('miniapp', 'image', { media_id: mediaId })).errcode).toBe(40007);
});

test.each([
  [40004, { type: 'voice' }],
  [40005, { bytes: Buffer.from('<svg/>') }],
  [41005, { field: 'file' }],
])('an upload is declined with %i: %j', async (errcode, change) => {
  expect((await uploadMedia(simulator, 'miniapp', change)).errcode).toBe(errcode);
});

test('an upload that is no form, and a call without a token, are declined', async () => {
  const query = { type: 'image' };
  expect((await apiCall(simulator, 'official', '/cgi-bin/media/upload', { body: {}, query })).json.errcode).toBe(41005);
  const response = await fetch(`${simulator.url}${path}`, { method: 'POST', body: '{}' });
  expect(((await response.json()) as { errcode: number }).errcode).toBe(41001);
});

test('a planned fault of the call is returned', async () => {
  await write('miniapp');
  await planFault(simulator, 'custom/send', 'busy');
  expect(await sendText('miniapp')).toBe(-1);
  expect(await sendText('miniapp')).toBe(0);
});

test('a user who never wrote receives no message', async () => {
  const other = await newUser(simulator);
  const body = { touser: other.openIds.miniapp, msgtype: 'text', text: { content: 'x' } };
  expect((await sendBody('miniapp', body)).errcode).toBe(45015);
});
