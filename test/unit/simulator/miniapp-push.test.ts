// The message push of the mini-program: formats, modes, answers and retries.
import { XMLParser } from 'fast-xml-parser';
import { expect, test } from 'vitest';
import { decryptMessage, encryptMessage, signatureOf } from '../../../infra/simulator/push/cipher.ts';
import { openAnswer } from '../../../infra/simulator/push/envelope.ts';
import { startFurtherSimulator, useMiniappReceiver, useSimulator, useWechatUser } from './fixture.ts';
import { call, newUser, phoneAction, planFault, showUser } from './support.ts';

const appId = 'wx1111111111111111';
const token = 'BBBBB';
const originalId = 'gh_97417a04a28d';
const aesKey = 'abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG';
const modes = ['plain', 'compatible', 'secure'] as const;
const formats = ['json', 'xml'] as const;

const simulator = useSimulator({ miniapp: { token, aesKey, mode: 'plain', originalId } });
const receiver = useMiniappReceiver(simulator);
const user = useWechatUser(simulator);

const act = (action: string, body: object = {}) => phoneAction(simulator, user, action, { app: 'miniapp', ...body });
const say = async (text = '你好') => (await act('message', { text })).json.push;
const sendEvent = async (event: string, fields: object = {}) => (await act('event', { event, fields })).json.push;
const change = (body: object) => call(simulator, 'POST', '/_miniapp', body);
const last = () => receiver.received.at(-1)!;
const xml = new XMLParser({ parseTagValue: false });
const read = (body: string) => (body.startsWith('{') ? JSON.parse(body) : xml.parse(body).xml);
const chat = async () => (await showUser(simulator, user)).serviceChat;

/** The plain text of the last push, after its signatures and its encryption were checked. */
function opened(): string {
  const { url, body } = last();
  const { signature, timestamp = '', nonce = '', ...query } = Object.fromEntries(url.searchParams);
  expect(signature).toBe(signatureOf(token, timestamp, nonce));
  const { Encrypt: encrypted } = read(body);
  if (encrypted === undefined) return body;
  expect(query).toMatchObject({ openid: user.openIds.miniapp, encrypt_type: 'aes' });
  expect(query.msg_signature).toBe(signatureOf(token, timestamp, nonce, encrypted));
  return decryptMessage(aesKey, encrypted, appId);
}

/** Encrypts an answer in JSON. */
function sealed(message: string, signWith = token) {
  const encrypted = encryptMessage(aesKey, { message, appId });
  const MsgSignature = signatureOf(signWith, '1713424427', 'abc', encrypted);
  return JSON.stringify({ Encrypt: encrypted, MsgSignature, TimeStamp: 1713424427, Nonce: 'abc' });
}

const answerFields = (MsgType: string, more: object = {}) => ({
  ToUserName: user.openIds.miniapp,
  FromUserName: originalId,
  CreateTime: 1713424427,
  MsgType,
  ...more,
});
const answer = (body: string) => {
  receiver.answer = () => ({ status: 200, body });
};
const lastError = async () => (await call(simulator, 'GET', '/_log?last=1')).json[0].error;

test.each(formats.flatMap((format) => modes.map((mode) => ({ format, mode }))))(
  'a message in $format, mode $mode, has the same fields',
  async ({ format, mode }) => {
    await change({ format, mode });
    expect(await say('a "b" <c> 你好')).toEqual({ status: 200, body: 'success', reply: null });
    const type = format === 'json' ? 'application/json' : 'text/xml';
    expect(last().headers['content-type']).toBe(type);
    const plain = opened();
    expect(plain.startsWith(format === 'json' ? '{"ToUserName":"gh_' : '<xml><ToUserName>')).toBe(true);
    expect(read(plain)).toMatchObject({
      ToUserName: originalId,
      FromUserName: user.openIds.miniapp,
      MsgType: 'text',
      Content: 'a "b" <c> 你好',
    });
    const outer = Object.keys(read(last().body));
    expect(outer).toEqual(
      mode === 'secure'
        ? ['ToUserName', 'Encrypt']
        : [...Object.keys(read(plain)), ...(mode === 'plain' ? [] : ['Encrypt'])],
    );
  },
);

test('a MsgId in JSON is a number above 2^53 with all its digits, and CreateTime is a number', async () => {
  await say();
  const [, digits = ''] = /"MsgId":(\d+)[,}]/.exec(last().body) ?? [];
  expect(BigInt(digits)).toBeGreaterThan(2n ** 53n);
  expect(last().body).toMatch(/"CreateTime":\d{10},/);
  await planFault(simulator, 'miniapp-push', 'create-time-as-text');
  await say();
  expect(last().body).toMatch(/"CreateTime":"\d{10}",/);
});

test.each([
  ['one element', [{ TemplateId: 'a' }], { TemplateId: 'a' }],
  ['two elements', [{ TemplateId: 'a' }, { TemplateId: 'b' }], [{ TemplateId: 'a' }, { TemplateId: 'b' }]],
])('the list of a subscribe event with %s is the element in JSON, and nested in XML', async (_, List, written) => {
  await sendEvent('subscribe_msg_popup_event', { List });
  expect(read(last().body)).toMatchObject({ Event: 'subscribe_msg_popup_event', List: written });
  await change({ format: 'xml' });
  await sendEvent('subscribe_msg_popup_event', { List });
  expect(read(last().body)).toMatchObject({ SubscribeMsgPopupEvent: { List: written } });
});

test.each(['user_authorization_revoke', 'user_authorization_cancellation', 'user_info_modified'])(
  'the event %s names the user and the app',
  async (event) => {
    await sendEvent(event, { RevokeInfo: '8' });
    expect(read(last().body)).toMatchObject({
      Event: event,
      OpenID: user.openIds.miniapp,
      AppID: appId,
      RevokeInfo: '8',
    });
  },
);

test('enter-service sends user_enter_tempsession with the session-from of the button', async () => {
  await act('enter-service', { sessionFrom: 'order-1' });
  expect(read(last().body)).toMatchObject({
    MsgType: 'event',
    Event: 'user_enter_tempsession',
    SessionFrom: 'order-1',
  });
});

test('an image and a mini-program card have their own fields', async () => {
  await act('message', { msgType: 'image', fields: { PicUrl: 'https://example.com/a.jpg', MediaId: 'm1' } });
  expect(read(last().body)).toMatchObject({ MsgType: 'image', PicUrl: 'https://example.com/a.jpg', MediaId: 'm1' });
  await act('message', { msgType: 'miniprogrampage', fields: { Title: 't', PagePath: 'pages/index' } });
  expect(read(last().body)).toMatchObject({ MsgType: 'miniprogrampage', Title: 't', PagePath: 'pages/index' });
  expect((await act('message', { msgType: 'voice', fields: {} })).status).toBe(400);
  expect(await chat()).toMatchObject([
    { from: 'person', type: 'image', mediaId: 'm1' },
    { from: 'person', type: 'miniprogrampage', title: 't' },
  ]);
});

test.each(modes)('mode %s: a transfer to customer service is shown once in the chat', async (mode) => {
  await change({ mode });
  const fields = JSON.stringify(answerFields('transfer_customer_service'));
  answer(mode === 'plain' ? fields : sealed(fields));
  expect((await say()).reply).toEqual({ type: 'transfer_customer_service' });
  await act('resend');
  expect(await chat()).toEqual([
    { from: 'person', type: 'text', content: '你好' },
    { from: 'account', type: 'transfer_customer_service' },
  ]);
});

test('a transfer in XML is accepted from an app whose format is XML', async () => {
  await change({ format: 'xml' });
  const fields = Object.entries(answerFields('transfer_customer_service'));
  answer(`<xml>${fields.map(([name, value]) => `<${name}>${value}</${name}>`).join('')}</xml>`);
  expect((await say()).reply).toEqual({ type: 'transfer_customer_service' });
  await change({ format: 'json' });
  expect((await say()).reply).toBeNull();
});

test.each<[string, () => string, RegExp]>([
  ['a text', () => JSON.stringify(answerFields('text', { Content: 'hi' })), /no passive replies/],
  ['no JSON', () => 'ok', /neither success, nor empty, nor a JSON object/],
  ['success in quotes', () => '"success"', /a JSON object/],
  [
    'a transfer to another user',
    () => JSON.stringify({ ...answerFields('transfer_customer_service'), ToUserName: 'o' }),
    /ToUserName/,
  ],
])('the user sees no answer that is %s, and the push is retried', async (_, make, error) => {
  answer(make());
  expect((await say()).reply).toBeNull();
  expect(await lastError()).toMatch(error);
  await simulator.advanceClock(60_000);
  expect(receiver.received).toHaveLength(4);
  expect(await chat()).toEqual([{ from: 'person', type: 'text', content: '你好' }]);
});

test.each<[string, () => string]>([
  ['plain', () => JSON.stringify(answerFields('transfer_customer_service'))],
  ['signed with another token', () => sealed(JSON.stringify(answerFields('transfer_customer_service')), 'AAAAA')],
])('secure mode rejects an answer that is %s', async (_, make) => {
  await change({ mode: 'secure' });
  answer(make());
  expect((await say()).reply).toBeNull();
  expect(await lastError()).toMatch(/MsgSignature/);
});

test('an event takes no transfer', async () => {
  answer(JSON.stringify(answerFields('transfer_customer_service')));
  expect((await act('enter-service')).json.push.reply).toBeNull();
});

test.each([
  ['{"ErrCode":0,"ErrMsg":"success"}', 1],
  ['success', 1],
  ['', 1],
  ['{"ErrCode":1,"ErrMsg":"later"}', 16],
  ['{"ErrMsg":"success"}', 16],
])('an xpay event answered with %j is sent %i times in all', async (body, times) => {
  answer(body);
  await sendEvent('xpay_goods_deliver_notify', { OutTradeNo: 'o1' });
  await simulator.advanceClock(24 * 3_600_000);
  expect(receiver.received).toHaveLength(times);
  const sent = receiver.received.map((push) => read(push.body));
  expect(sent.map(({ RetryTimes }) => RetryTimes)).toEqual(Array.from({ length: times }, (_, index) => index));
  expect(sent[0]).toMatchObject({ OpenId: user.openIds.miniapp, OutTradeNo: 'o1' });
  expect(sent[0].FromUserName).not.toBe(user.openIds.miniapp);
});

test.each(['xpay_refund_notify', 'trade_manage_remind_shipping', 'wxa_media_check', 'wxa_trade_controlled'])(
  'the event %s is repeated for hours, after 2, 4, 8, … s',
  async (event) => {
    receiver.answer = () => ({ status: 500 });
    await sendEvent(event);
    await simulator.advanceClock(24 * 3_600_000);
    const gaps = receiver.received.slice(1).map(({ at }, index) => at - receiver.received[index]!.at);
    expect(gaps).toHaveLength(15);
    for (const [index, gap] of gaps.entries()) expect(Math.abs(gap - 1_000 * 2 ** (index + 1))).toBeLessThan(3_000);
  },
);

test.each([
  ['{"result_code":1,"result_info":"used","evidence":"e"}', 1],
  ['{"ErrCode":0}', 4],
])('the question of Apple answered with %j is sent %i times', async (body, times) => {
  answer(body);
  await sendEvent('xpay_subscribe_ios_refund_query_notify');
  await simulator.advanceClock(24 * 3_600_000);
  expect(receiver.received).toHaveLength(times);
});

test('GET /_miniapp shows the console, and POST changes it at once', async () => {
  expect((await call(simulator, 'GET', '/_miniapp')).json).toEqual({
    mode: 'plain',
    format: 'json',
    originalId,
    callbackUrl: receiver.url,
  });
  await change({ callbackUrl: '' });
  expect(await say()).toMatchObject({ status: null, error: 'no callback URL is configured' });
  await change({ callbackUrl: `${receiver.url}?a=1`, mode: 'secure', format: 'xml' });
  await say();
  expect([last().url.searchParams.get('a'), last().body.slice(0, 5)]).toEqual(['1', '<xml>']);
  for (const body of [
    { format: 'yaml' },
    { mode: 'open' },
    { token: 'ab' },
    { callbackUrl: 'ftp://x' },
    { callbackUrl: 'http://a b' },
  ]) {
    expect([body, (await change(body)).status]).toEqual([body, 400]);
  }
});

test('the official account has no format to choose', async () => {
  expect((await call(simulator, 'POST', '/_official', { format: 'json' })).status).toBe(400);
});

test('an app without a token has no pushes, and a key is missing unless the mode is plain', async () => {
  const other = await startFurtherSimulator({ miniapp: { callbackUrl: receiver.url } });
  const otherUser = await newUser(other);
  const push = async () => (await phoneAction(other, otherUser, 'enter-service')).json.push;
  expect(await push()).toMatchObject({ status: null, error: 'no token is configured' });
  expect((await call(other, 'POST', '/_miniapp', { token })).status).toBe(400);
  await call(other, 'POST', '/_miniapp', { token, mode: 'plain' });
  expect(await push()).toMatchObject({ status: 200 });
});

// Vector of the official documentation: https://developers.weixin.qq.com/doc/service/guide/dev/push/encryption.html
test('opens the official example of an encrypted answer in JSON', () => {
  const sealing = {
    appId: 'wxba5fad812f8e6fb9',
    mode: 'secure',
    format: 'json',
    token: 'AAAAA',
    aesKey: 'A'.repeat(43),
  } as const;
  const body = {
    Encrypt: 'ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ==',
    MsgSignature: '1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1',
    TimeStamp: 1713424427,
    Nonce: '415670741',
  };
  expect(openAnswer(sealing, JSON.stringify(body))).toEqual({ demo_resp: 'good luck' });
});
