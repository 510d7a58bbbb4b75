import { expect, test } from 'vitest';
import { useFollower, useOfficialReceiver, useSimulator } from './fixture.ts';
import { settings } from './settings.ts';
import { call, createQr, phoneAction, showUser } from './support.ts';

const simulator = useSimulator();
const receiver = useOfficialReceiver(simulator);
const user = useFollower(simulator);

const scan = async () => phoneAction(simulator, user, 'scan', { content: (await createQr(simulator, 'x')).url });
const say = async () => (await phoneAction(simulator, user, 'message', { text: 'hi' })).json.push;
const chat = async () => (await showUser(simulator, user)).chat;

type Parts = { to?: string; from?: string; time?: string; content: string };
function reply({ to = user.openIds.official, from = settings.official.originalId, time = '1', content }: Parts) {
  return `<xml><ToUserName>${to}</ToUserName><FromUserName>${from}</FromUserName><CreateTime>${time}</CreateTime>${content}</xml>`;
}
const article = '<item><Title>t</Title><Description>d</Description><PicUrl>p</PicUrl><Url>u</Url></item>';
const news = (count: number, claimed = count) =>
  `<MsgType>news</MsgType><ArticleCount>${claimed}</ArticleCount><Articles>${article.repeat(count)}</Articles>`;
const text = (content: string) => `<MsgType>text</MsgType><Content>${content}</Content>`;

test.each([
  ['text in CDATA', text('<![CDATA[a]]]]><![CDATA[>b &amp; 你好]]>'), { type: 'text', content: 'a]]>b &amp; 你好' }],
  ['text in entities', text('a &lt;b&gt; &amp;'), { type: 'text', content: 'a <b> &' }],
  ['text of digits', text('0123'), { type: 'text', content: '0123' }],
  ['an image', '<MsgType>image</MsgType><Image>\n<MediaId>m1</MediaId>\n</Image>', { type: 'image', mediaId: 'm1' }],
  [
    'a video',
    '<MsgType>video</MsgType><Video><MediaId>m1</MediaId><Title>t</Title></Video>',
    { type: 'video', mediaId: 'm1', title: 't' },
  ],
  ['news', news(1), { type: 'news', articles: [{ title: 't', description: 'd', picUrl: 'p', url: 'u' }] }],
  [
    'a transfer to customer service',
    '<MsgType>transfer_customer_service</MsgType>',
    { type: 'transfer_customer_service' },
  ],
  [
    'a transfer to an account of customer service',
    '<MsgType>transfer_customer_service</MsgType><TransInfo><KfAccount>anna@shop</KfAccount></TransInfo>',
    { type: 'transfer_customer_service', kfAccount: 'anna@shop' },
  ],
])('a reply that is %s', async (_, content, expected) => {
  const body = reply({ content });
  receiver.answer = () => ({ status: 200, body });
  expect(await say()).toEqual({ status: 200, body, reply: expected });
  expect((await chat()).slice(-2)).toEqual([
    { from: 'person', type: 'text', content: 'hi' },
    { from: 'account', ...expected },
  ]);
});

test.each<[string, () => string]>([
  ['to the account itself', () => reply({ to: settings.official.originalId, content: text('x') })],
  ['from the user', () => reply({ from: user.openIds.official, content: text('x') })],
  ['without a receiver', () => `<xml>${text('x')}</xml>`],
  ['without a time', () => reply({ time: 'now', content: text('x') })],
  ['of empty text', () => reply({ content: text('') })],
  ['without MsgType', () => reply({ content: '<Content>x</Content>' })],
  ['of an unknown type', () => reply({ content: '<MsgType>event</MsgType>' })],
  ['with a name that every object has', () => reply({ content: '<MsgType>constructor</MsgType>' })],
  ['an image without MediaId', () => reply({ content: '<MsgType>image</MsgType><Image></Image>' })],
  ['music without its thumb', () => reply({ content: '<MsgType>music</MsgType><Music><Title>t</Title></Music>' })],
  ['news without articles', () => reply({ content: news(0) })],
  ['two articles to a message', () => reply({ content: news(2) })],
  ['a wrong ArticleCount', () => reply({ content: news(1, 2) })],
  ['broken XML', () => reply({ content: '<MsgType>text</MsgType><Content>x' })],
  ['other XML', () => '<html></html>'],
])('does not show a reply %s, and retries the push', async (_, make) => {
  const body = make();
  receiver.answer = () => ({ status: 200, body });
  expect(await say()).toEqual({ status: 200, body, reply: null });
  expect((await chat()).at(-1)).toEqual({ from: 'person', type: 'text', content: 'hi' });
  const { error } = (await call(simulator, 'GET', '/_log')).json.at(-1);
  expect(error).toMatch(/\w+ \w+/);
  receiver.answer = () => ({ status: 200, body: 'success' });
  await simulator.advanceClock(60_000);
  expect(receiver.received).toHaveLength(3);
});

test('an event may be answered with eight articles, not with nine', async () => {
  receiver.answer = () => ({ status: 200, body: reply({ content: news(8) }) });
  expect((await scan()).json.push.reply.articles).toHaveLength(8);
  receiver.answer = () => ({ status: 200, body: reply({ content: news(9) }) });
  expect((await scan()).json.push.reply).toBeNull();
  receiver.answer = () => ({ status: 200, body: reply({ content: '<MsgType>transfer_customer_service</MsgType>' }) });
  expect((await scan()).json.push.reply).toBeNull();
});

test('shows the reply to a retry, and no reply twice', async () => {
  const body = reply({ content: text('here') });
  receiver.answer = (index) => (index === 1 ? { status: 500 } : { status: 200, body });
  expect((await say()).reply).toBeNull();
  await simulator.advanceClock(5_000);
  const said = [
    { from: 'person', type: 'text', content: 'hi' },
    { from: 'account', type: 'text', content: 'here' },
  ];
  expect((await chat()).slice(-2)).toEqual(said);
  expect((await phoneAction(simulator, user, 'resend')).json.push.reply).toEqual({ type: 'text', content: 'here' });
  expect((await chat()).slice(-2)).toEqual(said);
});

test('does not show a reply to a user who has unfollowed', async () => {
  receiver.answer = () => ({ status: 200, body: reply({ content: text('bye') }) });
  const before = await chat();
  expect((await phoneAction(simulator, user, 'unfollow')).json.push.reply).toEqual({ type: 'text', content: 'bye' });
  expect(await chat()).toEqual(before);
});
