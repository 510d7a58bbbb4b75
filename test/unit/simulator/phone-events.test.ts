import { expect, test } from 'vitest';
import { useOfficialReceiver, useSimulator, useWechatUser } from './fixture.ts';
import { call, createQr, newUser, phoneAction, showUser } from './support.ts';

const simulator = useSimulator();
const receiver = useOfficialReceiver(simulator);
const user = useWechatUser(simulator);

const act = (action: string, body: object = {}) => phoneAction(simulator, user, action, body);
const follow = async () => act('scan', { content: (await createQr(simulator, 'x')).url });
const lastBody = () => receiver.received.at(-1)?.body ?? '';
const show = async () => showUser(simulator, user);

test('any event can be sent, with text, numbers, lists and nested fields', async () => {
  const fields = {
    EventKey: '6',
    MenuId: 417_111_111,
    ScanCodeInfo: { ScanType: 'qrcode', ScanResult: 'a > b' },
    SendPicsInfo: { Count: 2, PicList: { item: [{ PicMd5Sum: '1' }, { PicMd5Sum: '2' }] } },
  };
  const { json } = await act('event', { event: 'scancode_push', fields });
  expect(json).toEqual({ push: { status: 200, body: 'success', reply: null } });
  expect(lastBody()).toMatch(/<CreateTime>\d{10}<\/CreateTime>\n<MsgType><!\[CDATA\[event\]\]><\/MsgType>/);
  expect(lastBody().split('\n').slice(4)).toEqual([
    '<Event><![CDATA[scancode_push]]></Event>',
    '<EventKey><![CDATA[6]]></EventKey>',
    '<MenuId>417111111</MenuId>',
    '<ScanCodeInfo><ScanType><![CDATA[qrcode]]></ScanType><ScanResult><![CDATA[a > b]]></ScanResult></ScanCodeInfo>',
    '<SendPicsInfo><Count>2</Count><PicList><item><PicMd5Sum><![CDATA[1]]></PicMd5Sum></item><item><PicMd5Sum><![CDATA[2]]></PicMd5Sum></item></PicList></SendPicsInfo>',
    '</xml>',
  ]);
});

test('given fields replace the common fields of an event', async () => {
  await act('event', { event: 'VIEW', fields: { CreateTime: 1, ToUserName: 'gh_other' } });
  expect(lastBody()).toContain('<xml><ToUserName><![CDATA[gh_other]]></ToUserName>');
  expect(lastBody()).toContain('<CreateTime>1</CreateTime>');
});

test('the events subscribe and unsubscribe change the follow', async () => {
  await act('event', { event: 'subscribe', fields: { EventKey: 'last_trade_no_1' } });
  expect((await show()).follows).toBe(true);
  await act('event', { event: 'unsubscribe' });
  expect((await show()).follows).toBe(false);
});

test.each([
  {},
  { event: 'VIEW', fields: [] },
  { event: 'VIEW', fields: { 'a b': '1' } },
  { event: 'VIEW', fields: { a: null } },
  { event: 'VIEW', fields: { a: [{ b: true }] } },
])('rejects the event %j', async (body) => {
  expect((await act('event', body)).status).toBe(400);
  expect(receiver.received).toEqual([]);
});

test('messages of other types have their own fields and a MsgId', async () => {
  await follow();
  const fields = { PicUrl: 'https://example.com/a.jpg', MediaId: 'm1' };
  expect((await act('message', { msgType: 'image', fields })).json.push.status).toBe(200);
  expect(lastBody()).toMatch(
    /<MsgType><!\[CDATA\[image\]\]><\/MsgType>\n<PicUrl>.*<\/PicUrl>\n<MediaId>.*<\/MediaId>\n<MsgId>\d+<\/MsgId>\n<\/xml>$/,
  );
  expect((await show()).chat).toEqual([
    { from: 'person', type: 'image', picUrl: 'https://example.com/a.jpg', mediaId: 'm1' },
  ]);
  expect((await act('message', { msgType: 'event' })).status).toBe(400);
  expect((await act('message', { msgType: 'image', fields: 'x' })).status).toBe(400);
});

test('resend repeats the newest pushes of the user, content unchanged', async () => {
  await follow();
  await act('message', { text: 'one' });
  await act('menu-click', { key: 'two' });
  const other = await newUser(simulator);
  await phoneAction(simulator, other, 'event', { event: 'VIEW' });
  const [, message, click] = receiver.received;
  expect((await act('resend')).json).toEqual({ push: { status: 200, body: 'success', reply: null } });
  expect(receiver.received.slice(4).map(({ body }) => body)).toEqual([click?.body]);
  await act('resend', { last: 2 });
  expect(receiver.received.slice(5).map(({ body }) => body)).toEqual([message?.body, click?.body]);
  const nonces = receiver.received.map(({ url }) => url.searchParams.get('nonce'));
  expect(new Set(nonces).size).toBe(receiver.received.length);
});

test('resend rejects a user without pushes', async () => {
  const { status, json } = await act('resend');
  expect([status, json.error]).toEqual([409, 'NO_PUSH']);
  for (const last of [0, 1.5, '1']) expect((await act('resend', { last })).status).toBe(400);
});

test('GET /_phone/users/{id} returns the user with chat and messages', async () => {
  const before = await show();
  expect(before).toEqual({ ...user, follows: false, chat: [], serviceChat: [], received: [] });
  await follow();
  await act('menu-click', { key: 'K' });
  expect(await show()).toEqual({
    ...user,
    follows: true,
    chat: [{ from: 'person', type: 'menu-click', key: 'K' }],
    serviceChat: [],
    received: [],
  });
  expect((await call(simulator, 'GET', '/_phone/users/nobody')).status).toBe(404);
});
