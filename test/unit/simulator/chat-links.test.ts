// The taps of a user on links in the chat of the official account.
import { expect, test } from 'vitest';
import { useFollower, useOfficialReceiver, useSimulator, useWechatUser } from './fixture.ts';
import { call, phoneAction } from './support.ts';

const simulator = useSimulator();
const receiver = useOfficialReceiver(simulator);
const user = useFollower(simulator);
const stranger = useWechatUser(simulator);

const tap = (body: object) => phoneAction(simulator, user, 'tap', body);
const lastBody = () => receiver.received.at(-1)?.body ?? '';
const ID = (id: string) => `<bizmsgmenuid><![CDATA[${id}]]></bizmsgmenuid>`;

/** Makes the account reply with this text to a message of the user. */
async function receiveText(content: string): Promise<void> {
  receiver.answer = () => ({
    status: 200,
    body:
      `<xml><ToUserName>${user.openIds.official}</ToUserName><FromUserName>gh_7f083739789a</FromUserName>` +
      `<CreateTime>1</CreateTime><MsgType>text</MsgType><Content><![CDATA[${content}]]></Content></xml>`,
  });
  await phoneAction(simulator, user, 'message', { text: 'hi' });
  receiver.answer = () => ({ status: 200, body: 'success' });
}

test('a tap sends the text of the link as a message, with the id of the link', async () => {
  const href = 'weixin://bizmsgmenu?msgmenucontent=%E8%B5%9E%E6%88%90%20A&msgmenuid=vote-1';
  await receiveText(`<a href="${href}">A</a>`);
  expect((await tap({ menuId: 'vote-1' })).json.push.status).toBe(200);
  expect(lastBody()).toContain('<MsgType><![CDATA[text]]></MsgType>\n<Content><![CDATA[赞成 A]]></Content>');
  expect(lastBody()).toContain(ID('vote-1'));
  expect(lastBody()).toMatch(/<MsgId>\d+<\/MsgId>/);
  const { chat } = (await call(simulator, 'GET', `/_phone/users/${user.id}`)).json;
  expect(chat.at(-1)).toEqual({ from: 'person', type: 'text', content: '赞成 A' });
});

test('a tap leaves out the id of the link on request', async () => {
  await receiveText('<a href="weixin://bizmsgmenu?msgmenucontent=yes&msgmenuid=vote-1">A</a>');
  await tap({ menuId: 'vote-1', dropMenuId: true });
  expect(lastBody()).toContain('<Content><![CDATA[yes]]></Content>');
  expect(lastBody()).not.toContain('bizmsgmenuid');
});

test('a modified client sends the id of a link that its chat does not contain', async () => {
  await tap({ menuId: 'login-confirm_other' });
  expect(lastBody()).toContain(`<Content><![CDATA[确认登录]]></Content>\n${ID('login-confirm_other')}`);
});

test('a tap needs a follower and an id', async () => {
  const answer = await phoneAction(simulator, stranger, 'tap', { menuId: 'vote-1' });
  expect([answer.status, answer.json.error]).toEqual([409, 'NOT_FOLLOWING']);
  expect((await tap({})).status).toBe(400);
});

test('a follower from before the deployment can use the chat, and no push reports the follow', async () => {
  const before = receiver.received.length;
  const { json: old } = await call(simulator, 'POST', '/_phone/users', { follows: true });
  expect(receiver.received).toHaveLength(before);
  expect((await call(simulator, 'GET', `/_phone/users/${old.id}`)).json.follows).toBe(true);
  await phoneAction(simulator, old, 'message', { text: 'hi' });
  expect(lastBody()).toContain(old.openIds.official);
  expect((await call(simulator, 'POST', '/_phone/users', { follows: 'yes' })).status).toBe(400);
});
