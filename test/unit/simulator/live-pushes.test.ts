// Pushes of the live platform that differ from its documentation.
import { expect, test } from 'vitest';
import { useFollower, useOfficialReceiver, useSimulator } from './fixture.ts';
import { settings } from './settings.ts';
import { createQr, newUser, phoneAction, planFault, showUser } from './support.ts';

const simulator = useSimulator();
const receiver = useOfficialReceiver(simulator);
const user = useFollower(simulator);

const plan = (action: string, times?: number) => planFault(simulator, 'official-push', action, times);
const act = (action: string, body: object) => phoneAction(simulator, user, action, body);
const say = (text: string) => act('message', { text });
const lastBody = () => receiver.received.at(-1)?.body ?? '';
const lastOf = (name: string) =>
  new RegExp(`<${name}>(?:<!\\[CDATA\\[)?(.*?)(?:\\]\\]>)?</${name}>`).exec(lastBody())?.[1];
const FAULT_TEXT = '该公众号提供的服务出现故障，请稍后再试';

test.each([
  ['lower-case', 'text', 'event', 'scan'],
  ['upper-case', 'TEXT', 'EVENT', 'SCAN'],
  ['mixed-case', 'Text', 'Event', 'Scan'],
])('the variant %s sends one push with %s, %s and %s', async (action, text, msgType, event) => {
  await plan(action);
  await say('Hi');
  expect([lastOf('MsgType'), lastOf('Content')]).toEqual([text, 'Hi']);
  await plan(action);
  await act('scan', { content: (await createQr(simulator, 'Login:aB')).url });
  expect([lastOf('MsgType'), lastOf('Event'), lastOf('EventKey')]).toEqual([msgType, event, 'Login:aB']);
  await say('Hi');
  expect(lastOf('MsgType')).toBe('text');
});

test('the text of a user is not escaped, so it can make a push ill-formed', async () => {
  await say('<![CDATA[x]]>');
  expect(lastBody()).toContain('<Content><![CDATA[<![CDATA[x]]>]]></Content>');
  await act('event', { event: 'scancode_push', fields: { ScanCodeInfo: { ScanResult: 'a]]>b' } } });
  expect(lastBody()).toContain('<ScanResult><![CDATA[a]]>b]]></ScanResult>');
});

test('the variant escaped-text splits the end of a CDATA section', async () => {
  await plan('escaped-text');
  await say('a]]>b');
  expect(lastBody()).toContain('<Content><![CDATA[a]]]]><![CDATA[>b]]></Content>');
});

test('the variant shared-msg-id sends messages of several users with one MsgId', async () => {
  await say('one');
  const msgId = lastOf('MsgId');
  const other = await newUser(simulator, { follows: true });
  await plan('shared-msg-id');
  await phoneAction(simulator, other, 'message', { text: 'two' });
  expect(lastOf('MsgId')).toBe(msgId);
  expect(lastOf('FromUserName')).toBe(other.openIds.official);
  await say('three');
  expect(lastOf('MsgId')).not.toBe(msgId);
});

test('the variant same-second sends pushes with the CreateTime of the push before', async () => {
  await say('one');
  const createTime = lastOf('CreateTime');
  await plan('same-second', 2);
  await act('unfollow', {});
  expect([lastOf('Event'), lastOf('CreateTime')]).toEqual(['unsubscribe', createTime]);
  await act('event', { event: 'subscribe' });
  expect([lastOf('Event'), lastOf('CreateTime')]).toEqual(['subscribe', createTime]);
});

test.each([
  ['2,047 bytes', `ab${'汉'.repeat(681)}cd`, `ab${'汉'.repeat(681)}cd`],
  ['2,048 bytes', `ab${'汉'.repeat(682)}`, FAULT_TEXT],
])('a text reply of %s is shown, or replaced by the fault text without a retry', async (_, content, shown) => {
  const body =
    `<xml><ToUserName>${user.openIds.official}</ToUserName><FromUserName>${settings.official.originalId}</FromUserName>` +
    `<CreateTime>1</CreateTime><MsgType>text</MsgType><Content>${content}</Content></xml>`;
  receiver.answer = () => ({ status: 200, body });
  expect((await say('hi')).json.push).toEqual({ status: 200, body, reply: { type: 'text', content: shown } });
  expect((await showUser(simulator, user)).chat.at(-1)).toEqual({ from: 'account', type: 'text', content: shown });
  await simulator.advanceClock(60_000);
  expect(receiver.received).toHaveLength(2);
});

test('a message whose last delivery fails shows the fault text; an event shows nothing', async () => {
  receiver.answer = () => ({ status: 400 });
  await say('hi');
  await simulator.advanceClock(60_000);
  expect(receiver.received).toHaveLength(5);
  const { chat } = await showUser(simulator, user);
  expect(chat.at(-1)).toEqual({ from: 'account', type: 'text', content: FAULT_TEXT });
  await act('menu-click', { key: 'K' });
  await simulator.advanceClock(60_000);
  expect((await showUser(simulator, user)).chat.slice(chat.length)).toEqual([
    { from: 'person', type: 'menu-click', key: 'K' },
  ]);
});
