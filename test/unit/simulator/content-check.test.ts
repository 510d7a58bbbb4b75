// Content checks: texts at once, pictures by a push.
import { expect, test } from 'vitest';
import { useMiniappReceiver, useReceiver, useSimulator, useWechatUser } from './fixture.ts';
import { apiCall, appToken, call, phoneAction, planFault } from './support.ts';

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const picture = (text = '') => `GIF89a${text}`;

const simulator = useSimulator({ miniapp: { token: 'AAAAA', mode: 'plain' } });
const receiver = useMiniappReceiver(simulator);
const files = useReceiver(simulator, { status: 200, body: picture() });
const user = useWechatUser(simulator);

const open = () => phoneAction(simulator, user, 'login-code');
const about = () => ({ version: 2, openid: user.openIds.miniapp, scene: 1 });
const post = async (path: string, body: unknown) => (await apiCall(simulator, 'miniapp', path, { body })).json;
const checkText = (change: object = {}) => post('/wxa/msg_sec_check', { ...about(), content: '你好', ...change });
const checkMedia = (change: object = {}) =>
  post('/wxa/media_check_async', { ...about(), media_type: 2, media_url: files.url, ...change });
const change = (body: object) => call(simulator, 'PUT', '/_content-check', body);
const pushes = () => receiver.received.map(({ body }) => JSON.parse(body));
const trace = /^[0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$/;

test.each([
  ['你好', 'pass', 100, []],
  ['来赌博吧', 'risky', 20006, ['赌博']],
  ['please review', 'review', 21000, ['review']],
  ['review 赌博', 'risky', 20006, ['赌博']],
])('the text %j is judged %s', async (content, suggest, label, keywords) => {
  await open();
  const { errcode, trace_id: traceId, result, detail } = await checkText({ content });
  expect([errcode, result]).toEqual([0, { suggest, label }]);
  expect(traceId).toMatch(trace);
  expect(detail).toContainEqual({ strategy: 'content_model', errcode: 0, suggest, label, prob: 90 });
  expect(detail.flatMap(({ keyword = [] }) => keyword)).toEqual(keywords);
});

test.each(['nickname', 'title', 'signature'])('the field %s is judged too', async (name) => {
  await open();
  expect((await checkText({ [name]: '赌博' })).result.suggest).toBe('risky');
});

test('the words and the delay can be replaced', async () => {
  await open();
  expect((await call(simulator, 'GET', '/_content-check')).json).toEqual({
    risky: ['赌博', 'risky'],
    review: ['疑似', 'review'],
    mediaDelayMs: 1_000,
  });
  expect((await change({ risky: ['坏'] })).status).toBe(204);
  expect((await checkText({ content: '坏' })).result.suggest).toBe('risky');
  expect((await checkText({ content: '赌博' })).result.suggest).toBe('pass');
  expect((await checkText({ content: '疑似' })).result.suggest).toBe('review');
  for (const body of [{ risky: 'x' }, { review: [''] }, { mediaDelayMs: -1 }, { mediaDelayMs: 'x' }]) {
    expect([body, (await change(body)).status]).toEqual([body, 400]);
  }
});

test.each<[number, () => object]>([
  [40003, () => ({ openid: 'o' })],
  [40003, () => ({ openid: undefined })],
  [43104, () => ({ openid: user.openIds.official })],
  [40129, () => ({ scene: 5 })],
  [40129, () => ({ scene: '1' })],
  [40097, () => ({ version: 1 })],
])('both calls answer %i', async (errcode, changes) => {
  await open();
  expect((await checkText(changes())).errcode).toBe(errcode);
  expect((await checkMedia(changes())).errcode).toBe(errcode);
});

test.each([
  [44002, { content: '' }],
  [44002, { content: undefined }],
  [47001, { content: 1 }],
  [45002, { content: '汉'.repeat(2_501) }],
  [0, { content: '汉'.repeat(2_500) }],
])('msg_sec_check answers %i', async (errcode, changes) => {
  await open();
  expect((await checkText(changes)).errcode).toBe(errcode);
});

test.each([
  { media_url: undefined },
  { media_url: 'ftp://example.com/a.png' },
  { media_url: 'http://a b' },
  { media_type: 3 },
  { media_type: undefined },
])('media_check_async answers 40097: %j', async (changes) => {
  await open();
  expect((await checkMedia(changes)).errcode).toBe(40097);
});

test.each(['/wxa/msg_sec_check', '/wxa/media_check_async'])('%s needs a body in JSON', async (path) => {
  expect((await post(path, '')).errcode).toBe(44002);
  expect((await post(path, 'x')).errcode).toBe(47001);
});

test('the user must have called wx.login within two hours of the clock', async () => {
  expect((await checkText()).errcode).toBe(61010);
  await open();
  await simulator.advanceClock(2 * hourMs - minuteMs);
  expect([(await checkText()).errcode, (await checkMedia()).errcode]).toEqual([0, 0]);
  await simulator.advanceClock(2 * minuteMs);
  expect([(await checkText()).errcode, (await checkMedia()).errcode]).toEqual([61010, 61010]);
});

test('the variant 61010 occurs for a user who was just there', async () => {
  await open();
  await planFault(simulator, 'msg-sec-check', '61010');
  expect((await checkText()).errcode).toBe(61010);
  expect((await checkText()).errcode).toBe(0);
});

test('a picture is fetched after the answer, and its verdict arrives by a push', async () => {
  await open();
  await change({ mediaDelayMs: 30 * minuteMs });
  const { errcode, errmsg, trace_id: traceId } = await checkMedia();
  expect([errcode, errmsg, pushes()]).toEqual([0, 'ok', []]);
  expect(traceId).toMatch(trace);
  await simulator.advanceClock(30 * minuteMs);
  expect(pushes()).toEqual([
    {
      ToUserName: expect.stringMatching(/^gh_/),
      FromUserName: expect.not.stringMatching(user.openIds.miniapp),
      CreateTime: expect.any(Number),
      MsgType: 'event',
      Event: 'wxa_media_check',
      appid: 'wx1111111111111111',
      trace_id: traceId,
      version: 2,
      detail: [{ strategy: 'content_model', errcode: 0, suggest: 'pass', label: 100, prob: 90 }],
      errcode: 0,
      errmsg: 'ok',
      result: { suggest: 'pass', label: 100 },
    },
  ]);
});

test('a verdict arrives after a second of real time', async () => {
  await open();
  await checkMedia();
  await expect.poll(() => receiver.received.length).toBe(1);
});

test.each([
  ['a risky word in its bytes', picture('…赌博…'), '', 'risky'],
  ['a doubtful word in its bytes', picture('review'), '', 'review'],
  ['a risky word in its address', picture(), '?name=risky', 'risky'],
])('a picture with %s has its verdict', async (_, body, query, suggest) => {
  await open();
  files.answer = () => ({ status: 200, body });
  await checkMedia({ media_url: files.url + query });
  await simulator.advanceClock(minuteMs);
  expect(pushes()[0].result.suggest).toBe(suggest);
});

test.each([
  ['answers 404', { status: 404, body: picture() }],
  ['sends no picture', { status: 200, body: '<svg/>' }],
])('an address that %s cannot be fetched', async (_, answer) => {
  await open();
  files.answer = () => answer;
  await checkMedia();
  await simulator.advanceClock(minuteMs);
  expect(pushes()[0]).toMatchObject({ errcode: -1008, detail: [] });
  expect(pushes()[0]).not.toHaveProperty('result');
});

test('an address that redirects to a picture cannot be fetched', async () => {
  await open();
  const redirect = { status: 302, headers: { Location: '/other' } };
  files.answer = (index) => (index === 0 ? redirect : { status: 200, body: picture() });
  await checkMedia();
  await simulator.advanceClock(minuteMs);
  expect(pushes()[0]).toMatchObject({ errcode: -1008 });
  expect(files.received).toHaveLength(1);
});

test('an address outside this machine is judged by itself, and not requested', async () => {
  await open();
  await checkMedia({ media_url: 'https://unreachable.invalid/review.png' });
  await simulator.advanceClock(minuteMs);
  expect(pushes()[0].result.suggest).toBe('review');
});

test('the variant no-push loses the verdict', async () => {
  await open();
  await planFault(simulator, 'media-check', 'no-push');
  expect((await checkMedia()).errcode).toBe(0);
  await simulator.advanceClock(hourMs);
  expect(pushes()).toEqual([]);
});

test('the variant push-before-answer sends the verdict before the trace_id is known', async () => {
  await open();
  await planFault(simulator, 'media-check', 'push-before-answer');
  const { trace_id: traceId } = await checkMedia();
  expect(pushes()).toMatchObject([{ trace_id: traceId }]);
});

test.each([
  ['risky', { status: 200, body: picture('risky') }, { isrisky: 1, status_code: 0 }],
  ['harmless', { status: 200, body: picture() }, { isrisky: 0, status_code: 0 }],
  ['absent', { status: 500 }, { isrisky: 0, status_code: 4_294_966_288 }],
])('the variant version-1 sends the old fields for a picture that is %s', async (_, answer, fields) => {
  await open();
  files.answer = () => answer;
  await planFault(simulator, 'media-check', 'version-1');
  const { trace_id: traceId } = await checkMedia();
  await simulator.advanceClock(minuteMs);
  expect(pushes()[0]).toMatchObject({ ...fields, trace_id: traceId, extra_info_json: '', appid: expect.any(String) });
  expect(pushes()[0]).not.toHaveProperty('result');
});

test('media_check_async is limited to 2,000 calls a minute', async () => {
  await open();
  // Starts with a new minute, so that the minute does not change halfway.
  await simulator.advanceClock(minuteMs - (simulator.now() % minuteMs));
  await planFault(simulator, 'media-check', 'no-push', 2_000);
  const token = await appToken(simulator, 'miniapp');
  const send = () =>
    call(simulator, 'POST', `/wxa/media_check_async?access_token=${token}`, {
      ...about(),
      media_type: 2,
      media_url: files.url,
    });
  const answers = await Promise.all(Array.from({ length: 2_001 }, send));
  expect(answers.filter(({ json }) => json.errcode === 0)).toHaveLength(2_000);
  expect(answers.filter(({ json }) => json.errcode === 45011)).toHaveLength(1);
  await simulator.advanceClock(minuteMs);
  expect((await send()).json.errcode).toBe(0);
});
