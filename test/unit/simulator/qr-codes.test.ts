import jsQr from 'jsqr';
import { PNG } from 'pngjs';
import { expect, test } from 'vitest';
import { useSimulator } from './fixture.ts';
import { call, createQr, officialToken } from './support.ts';

const simulator = useSimulator();

const create = async (body: unknown) =>
  (await call(simulator, 'POST', `/cgi-bin/qrcode/create?access_token=${await officialToken(simulator)}`, body)).json;
const textScene = (scene: unknown, more: object = {}) => ({
  action_name: 'QR_STR_SCENE',
  action_info: { scene: { scene_str: scene } },
  ...more,
});

test('create answers ticket, expire_seconds and url, the ticket with every character that needs encoding', async () => {
  const answer = await create(textScene('login:1', { expire_seconds: 300 }));
  expect(Object.keys(answer)).toEqual(['ticket', 'expire_seconds', 'url']);
  expect(answer.ticket).toMatch(/^gQ[\w+/]+=+$/);
  for (const mark of ['+', '/', '=']) expect(answer.ticket).toContain(mark);
  expect(answer.url).toMatch(/^http:\/\/weixin\.qq\.com\/q\/\w+$/);
  expect(answer.expire_seconds).toBe(300);
  expect((await create(textScene('login:1'))).expire_seconds).toBe(60);
});

test('a permanent code has no expire_seconds', async () => {
  const answer = await create({ action_name: 'QR_LIMIT_SCENE', action_info: { scene: { scene_id: 7 } } });
  expect(Object.keys(answer)).toEqual(['ticket', 'url']);
});

test.each([
  [40052, { action_name: 'qr_str_scene', action_info: { scene: { scene_str: 'x' } } }],
  [40052, {}],
  [40053, { action_name: 'QR_STR_SCENE' }],
  [40053, textScene('')],
  [40053, textScene('x'.repeat(65))],
  [40053, textScene(7)],
  [40053, { action_name: 'QR_SCENE', action_info: { scene: { scene_id: 0 } } }],
  [40053, { action_name: 'QR_SCENE', action_info: { scene: { scene_str: 'x' } } }],
  [40097, textScene('x', { expire_seconds: 2_592_001 })],
  [40097, textScene('x', { expire_seconds: '60' })],
  [47001, 'not json'],
])('create answers %i to %j', async (errcode, body) => {
  expect((await create(body)).errcode).toBe(errcode);
});

test('accepts the longest scene and lifetime', async () => {
  const answer = await create(textScene('x'.repeat(64), { expire_seconds: 2_592_000 }));
  expect(answer.expire_seconds).toBe(2_592_000);
});

test('showqrcode returns an image that contains the url', async () => {
  const { ticket, url } = await createQr(simulator, 'login:1');
  const response = await fetch(`${simulator.url}/cgi-bin/showqrcode?ticket=${encodeURIComponent(ticket)}`);
  expect(response.headers.get('content-type')).toBe('image/png');
  const { data, width, height } = PNG.sync.read(Buffer.from(await response.arrayBuffer()));
  expect(jsQr.default(new Uint8ClampedArray(data), width, height)?.data).toBe(url);
});

test('showqrcode is 404 for a ticket that is unknown, not URL-encoded, or expired', async () => {
  const { ticket } = await createQr(simulator, 'login:1', 60);
  const show = async (text: string) => (await call(simulator, 'GET', `/cgi-bin/showqrcode?ticket=${text}`)).status;
  expect(await show('unknown')).toBe(404);
  expect(await show(ticket)).toBe(404);
  expect(await show(encodeURIComponent(ticket))).toBe(200);
  await simulator.advanceClock(60_000);
  expect(await show(encodeURIComponent(ticket))).toBe(404);
});

test('an unknown platform path is an errcode, any other path a 404', async () => {
  const unknown = await call(simulator, 'GET', '/cgi-bin/nothing');
  expect([unknown.status, unknown.json.errcode]).toEqual([200, 40066]);
  expect((await call(simulator, 'GET', '/favicon.ico')).status).toBe(404);
});
