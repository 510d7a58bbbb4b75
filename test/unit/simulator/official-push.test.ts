import { expect, test } from 'vitest';
import { signatureOf } from '../../../infra/simulator/push/cipher.ts';
import { useOfficialReceiver, useSimulator, useWechatUser } from './fixture.ts';
import { call, createQr, phoneAction } from './support.ts';

const simulator = useSimulator();
const receiver = useOfficialReceiver(simulator);
const user = useWechatUser(simulator);

const scan = (content: string) => phoneAction(simulator, user, 'scan', { content });
const lastBody = () => receiver.received.at(-1)?.body ?? '';

// Vectors of an SDK test and of the official documentation: https://developers.weixin.qq.com/doc/service/guide/dev/push/encryption.html
test.each([
  ['AAAAA', '1714036504', '1514711492', 'f464b24fc39322e44b38aa78f5edd27bd1441696'],
  ['AAAAA', '1714037059', '486452656', '899cf89e464efb63f54ddac96b0a0a235f53aa78'],
  ['test', '1410685589', 'test', 'f21891de399b4e33a1a93c9a7b8a8fffb5a443ff'],
])('signature of token %s, timestamp %s, nonce %s', (token, timestamp, nonce, signature) => {
  expect(signatureOf(token, timestamp, nonce)).toBe(signature);
});

test('the first scan follows: subscribe with the qrscene_ prefix; later scans are SCAN without it', async () => {
  const { url, ticket } = await createQr(simulator, 'login:0123');
  const first = await scan(url);
  expect(first.json).toEqual({ kind: 'subscribe', push: { status: 200, body: 'success', reply: null } });
  expect(lastBody()).toContain(
    '<Event><![CDATA[subscribe]]></Event>\n<EventKey><![CDATA[qrscene_login:0123]]></EventKey>',
  );
  expect((await scan(url)).json.kind).toBe('scan');
  expect(lastBody()).toContain('<Event><![CDATA[SCAN]]></Event>\n<EventKey><![CDATA[login:0123]]></EventKey>');
  for (const { body } of receiver.received) expect(body).toContain(`<Ticket><![CDATA[${ticket}]]></Ticket>`);
});

test('a push is signed XML from the openid in the official account to the gh_ id', async () => {
  await scan((await createQr(simulator, 'x')).url);
  const { url, headers, body } = receiver.received[0]!;
  const { signature, timestamp, nonce, openid } = Object.fromEntries(url.searchParams);
  expect(signature).toBe(signatureOf('AAAAA', timestamp!, nonce!));
  expect(Math.abs(Number(timestamp) - Date.now() / 1000)).toBeLessThan(5);
  expect([openid, headers['content-type']]).toEqual([user.openIds.official, 'text/xml']);
  expect(body).toMatch(/^<xml><ToUserName><!\[CDATA\[gh_7f083739789a\]\]><\/ToUserName>/);
  expect(body).toContain(`<FromUserName><![CDATA[${user.openIds.official}]]></FromUserName>`);
  expect(body).toMatch(/<CreateTime>\d{10}<\/CreateTime>\n<MsgType><!\[CDATA\[event\]\]><\/MsgType>/);
});

test('an expired code shows an error on the phone and sends nothing', async () => {
  const { url } = await createQr(simulator, 'x', 60);
  await simulator.advanceClock(60_000);
  expect((await scan(url)).json).toEqual({ kind: 'expired' });
  expect(receiver.received).toEqual([]);
});

test('rejects an unknown QR code with 404', async () => {
  const { status, json } = await scan('http://weixin.qq.com/q/forged');
  expect([status, json.error]).toEqual([404, 'CONTENT_UNKNOWN']);
});

test("the account's own QR code causes a subscribe event with an empty EventKey", async () => {
  const { accountQr } = (await call(simulator, 'GET', '/')).json;
  expect((await scan(accountQr)).json.kind).toBe('subscribe');
  expect(lastBody()).toContain('<EventKey><![CDATA[]]></EventKey>');
  expect(lastBody()).not.toContain('Ticket');
  expect((await scan(accountQr)).json).toEqual({ kind: 'account' });
});

test('messages, menu clicks and unfollow need a follower', async () => {
  for (const [action, body] of [
    ['message', { text: 'hi' }],
    ['menu-click', { key: 'K' }],
    ['unfollow', {}],
  ] as const) {
    const { status, json } = await phoneAction(simulator, user, action, body);
    expect([status, json.error]).toEqual([409, 'NOT_FOLLOWING']);
  }
});

test('a message carries its text and a MsgId above 2^53', async () => {
  await scan((await createQr(simulator, 'x')).url);
  await phoneAction(simulator, user, 'message', { text: 'a > b <xml> 你好' });
  expect(lastBody()).toContain('<Content><![CDATA[a > b <xml> 你好]]></Content>');
  const id = /<MsgId>(\d+)<\/MsgId>/.exec(lastBody())?.[1];
  expect(BigInt(id ?? 0)).toBeGreaterThan(2n ** 53n);
});

test('menu click and unfollow are CLICK and unsubscribe; the next scan follows again', async () => {
  const { url } = await createQr(simulator, 'x');
  await scan(url);
  await phoneAction(simulator, user, 'menu-click', { key: 'MENU_KEY' });
  expect(lastBody()).toContain('<Event><![CDATA[CLICK]]></Event>\n<EventKey><![CDATA[MENU_KEY]]></EventKey>');
  await phoneAction(simulator, user, 'unfollow');
  expect(lastBody()).toContain('<Event><![CDATA[unsubscribe]]></Event>');
  expect((await scan(url)).json.kind).toBe('subscribe');
});

test.each([
  ['a 500', { status: 500, body: 'success' }],
  ['JSON', { status: 200, body: '{"ok":true}' }],
  ['success in quotes', { status: 200, body: '"success"' }],
  ['an error page', { status: 200, body: '<html></html>' }],
])('%s leads to three retries, five seconds apart, with the same body', async (_, answer) => {
  receiver.answer = () => answer;
  const { json } = await scan((await createQr(simulator, 'x')).url);
  expect(json.push).toEqual({ ...answer, reply: null });
  await simulator.advanceClock(60_000);
  expect(receiver.received).toHaveLength(4);
  expect(new Set(receiver.received.map(({ body }) => body)).size).toBe(1);
  const gaps = receiver.received.slice(1).map(({ at }, index) => at - receiver.received[index]!.at);
  for (const gap of gaps) expect(Math.abs(gap - 5_000)).toBeLessThan(3_000);
});

test.each([['success'], ['']])('the answer %j ends the retries', async (body) => {
  receiver.answer = () => ({ status: 200, body });
  await scan((await createQr(simulator, 'x')).url);
  await simulator.advanceClock(60_000);
  expect(receiver.received).toHaveLength(1);
});

test('retries a push after five seconds without an answer', async () => {
  receiver.answer = (index) => (index === 0 ? null : { status: 200, body: 'success' });
  const { url } = await createQr(simulator, 'x');
  const startedAt = Date.now();
  const { json } = await scan(url);
  expect(json.push.status).toBeNull();
  expect(Date.now() - startedAt).toBeGreaterThan(4_900);
  await expect.poll(() => receiver.received.length).toBe(2);
});
