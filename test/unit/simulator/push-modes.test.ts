import { expect, test } from 'vitest';
import { decryptMessage, encryptMessage, signatureOf } from '../../../infra/simulator/push/cipher.ts';
import { startFurtherSimulator, useFollower, useOfficialReceiver, useSimulator } from './fixture.ts';
import { settings } from './settings.ts';
import { call, newUser, phoneAction, showUser } from './support.ts';

const { appId, token, originalId = '' } = settings.official;
const aesKey = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG';
const otherKey = 'A'.repeat(43);

const simulator = useSimulator({ official: { mode: 'secure', aesKey } });
const receiver = useOfficialReceiver(simulator);
const user = useFollower(simulator);

const say = async () => (await phoneAction(simulator, user, 'message', { text: '你好' })).json.push;
const change = (body: object) => call(simulator, 'POST', '/_official', body);
const last = () => receiver.received.at(-1)!;
const encryptOf = (body: string) => /<Encrypt><!\[CDATA\[([^\]]+)\]\]><\/Encrypt>/.exec(body)?.[1] ?? '';

function answerXml(content = '<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[好]]></Content>') {
  const to = user.openIds.official;
  return `<xml><ToUserName>${to}</ToUserName><FromUserName>${originalId}</FromUserName><CreateTime>1</CreateTime>${content}</xml>`;
}

function sealed(message: string, { key = aesKey, signWith = token, app = appId, drop = '' } = {}) {
  const encrypted = encryptMessage(key, { message, appId: app });
  const fields = {
    Encrypt: encrypted,
    MsgSignature: signatureOf(signWith, '1713424427', 'abc', encrypted),
    TimeStamp: '1713424427',
    Nonce: 'abc',
  };
  const kept = Object.entries(fields).filter(([name]) => name !== drop);
  return `<xml>${kept.map(([name, value]) => `<${name}>${value}</${name}>`).join('')}</xml>`;
}

function expectSigned(signedToken = token, key = aesKey) {
  const { url, body } = last();
  const query = Object.fromEntries(url.searchParams);
  const { signature, timestamp = '', nonce = '', msg_signature: messageSignature } = query;
  const encrypted = encryptOf(body);
  expect(query).toMatchObject({ openid: user.openIds.official, encrypt_type: 'aes' });
  expect(signature).toBe(signatureOf(signedToken, timestamp, nonce));
  expect(messageSignature).toBe(signatureOf(signedToken, timestamp, nonce, encrypted));
  return decryptMessage(key, encrypted, appId);
}

test('secure mode: the account’s id and the ciphertext are all that can be read', async () => {
  await say();
  const { body } = last();
  expect(body.replace(encryptOf(body), '…')).toBe(
    `<xml><ToUserName><![CDATA[${originalId}]]></ToUserName>\n<Encrypt><![CDATA[…]]></Encrypt>\n</xml>`,
  );
  expect(expectSigned()).toContain('<Content><![CDATA[你好]]></Content>');
});

test('compatible mode: everything twice, plain and encrypted', async () => {
  await change({ mode: 'compatible' });
  await say();
  const plain = expectSigned();
  expect(last().body.replace(/<Encrypt>.*<\/Encrypt>\n/, '')).toBe(plain);
});

test('changes of mode, token and key apply at once', async () => {
  expect((await change({ mode: 'plain' })).status).toBe(204);
  await say();
  expect([...last().url.searchParams.keys()]).toEqual(['signature', 'timestamp', 'nonce', 'openid']);
  expect(last().body).not.toContain('Encrypt');
  await change({ mode: 'secure', token: 'BBBBB', aesKey: otherKey });
  await say();
  expect(expectSigned('BBBBB', otherKey)).toContain('你好');
});

test.each([
  { mode: 'open' },
  { token: 'ab' },
  { token: 'with-dash' },
  { aesKey: 'short' },
  { aesKey: 1 },
  { aesKey: '' },
])('POST /_official rejects %j', async (body) => {
  expect((await change(body)).status).toBe(400);
  await say();
  expect(expectSigned()).toContain('你好');
});

test('a push that cannot be sent or encrypted reports the reason', async () => {
  const other = await startFurtherSimulator({ official: { mode: 'secure' } });
  const otherUser = await newUser(other);
  const { json } = await phoneAction(other, otherUser, 'event', { event: 'VIEW' });
  expect(json.push).toMatchObject({ status: null, error: 'no callback URL is configured' });
  other.setOfficialCallbackUrl(receiver.url);
  const { push } = (await phoneAction(other, otherUser, 'event', { event: 'VIEW' })).json;
  expect(push).toMatchObject({ status: null, error: 'no EncodingAESKey is configured' });
});

test.each(['secure', 'compatible'])('%s mode: an encrypted reply is opened, and shown in the chat', async (mode) => {
  await change({ mode });
  const body = sealed(answerXml());
  receiver.answer = () => ({ status: 200, body });
  expect(await say()).toEqual({ status: 200, body, reply: { type: 'text', content: '好' } });
  const { chat } = await showUser(simulator, user);
  expect(chat).toEqual([
    { from: 'person', type: 'text', content: '你好' },
    { from: 'account', type: 'text', content: '好' },
  ]);
});

test.each([
  ['plain', () => answerXml()],
  ['signed with another token', () => sealed(answerXml(), { signWith: 'BBBBB' })],
  ['encrypted under another key', () => sealed(answerXml(), { key: otherKey })],
  ['of another app', () => sealed(answerXml(), { app: settings.miniapp.appId })],
  ['without MsgSignature', () => sealed(answerXml(), { drop: 'MsgSignature' })],
  ['without TimeStamp', () => sealed(answerXml(), { drop: 'TimeStamp' })],
  ['without Nonce', () => sealed(answerXml(), { drop: 'Nonce' })],
  ['encrypted, but no XML', () => sealed('success')],
])('secure mode: rejects a reply %s and retries the push with a new ciphertext', async (_, reply) => {
  const before = receiver.received.length;
  const body = reply();
  receiver.answer = () => ({ status: 200, body });
  expect(await say()).toEqual({ status: 200, body, reply: null });
  await simulator.advanceClock(60_000);
  const bodies = receiver.received.slice(before).map((received) => received.body);
  expect(new Set(bodies).size).toBe(4);
  expect(new Set(bodies.map((text) => decryptMessage(aesKey, encryptOf(text), appId))).size).toBe(1);
});

test('a retry uses the current mode', async () => {
  receiver.answer = (index) => (index === 1 ? { status: 500 } : { status: 200, body: 'success' });
  await say();
  await change({ mode: 'plain' });
  await simulator.advanceClock(5_000);
  expect(receiver.received).toHaveLength(3);
  expect(last().body).toContain('<Content><![CDATA[你好]]></Content>');
});
