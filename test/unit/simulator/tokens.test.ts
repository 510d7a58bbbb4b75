import { expect, test } from 'vitest';
import { useSimulator } from './fixture.ts';
import { settings } from './settings.ts';
import { call, planFault } from './support.ts';

const simulator = useSimulator();

const { official, miniapp } = settings;
const minuteMs = 60_000;
const client = { grant_type: 'client_credential', appid: official.appId, secret: official.appSecret };

const stable = async (changes: object = {}) =>
  (await call(simulator, 'POST', '/cgi-bin/stable_token', { ...client, ...changes })).json;
const basic = async (changes: Record<string, string> = {}) =>
  (await call(simulator, 'GET', `/cgi-bin/token?${new URLSearchParams({ ...client, ...changes })}`)).json;
/** The errcode an API call gets with this token; 40053 = the token was good and only the empty body was not. */
const tokenErrcode = async (token: string) =>
  (
    await call(simulator, 'POST', `/cgi-bin/qrcode/create?access_token=${token}`, {
      action_name: 'QR_STR_SCENE',
      action_info: {},
    })
  ).json.errcode;
const good = 40053;

test('stable_token gives the same token with the remaining time until the last five minutes', async () => {
  const first = await stable();
  expect(first.expires_in).toBe(7200);
  await simulator.advanceClock(114 * minuteMs);
  const later = await stable({ force_refresh: false });
  expect(later.access_token).toBe(first.access_token);
  expect(later.expires_in).toBeGreaterThanOrEqual(355);
  expect(later.expires_in).toBeLessThanOrEqual(360);
});

test('in its last five minutes stable_token renews, and old and new both work for five minutes', async () => {
  const first = await stable();
  await simulator.advanceClock(115 * minuteMs);
  const second = await stable();
  expect(second.access_token).not.toBe(first.access_token);
  expect(second.expires_in).toBe(7200);
  await simulator.advanceClock(5 * minuteMs - 2_000);
  expect([await tokenErrcode(first.access_token), await tokenErrcode(second.access_token)]).toEqual([good, good]);
  await simulator.advanceClock(2_000);
  expect([await tokenErrcode(first.access_token), await tokenErrcode(second.access_token)]).toEqual([40001, good]);
});

test('rejects a token as expired after two hours without renewal', async () => {
  const { access_token: token } = await stable();
  await simulator.advanceClock(120 * minuteMs);
  expect(await tokenErrcode(token)).toBe(42001);
});

test('force_refresh invalidates the old token at once, and does nothing within 30 seconds of the last refresh', async () => {
  const first = await stable();
  const forced = await stable({ force_refresh: true });
  expect(forced.access_token).not.toBe(first.access_token);
  expect(await tokenErrcode(first.access_token)).toBe(40001);
  await simulator.advanceClock(25_000);
  expect((await stable({ force_refresh: true })).access_token).toBe(forced.access_token);
  await simulator.advanceClock(5_000);
  expect((await stable({ force_refresh: true })).access_token).not.toBe(forced.access_token);
});

test('force_refresh works 20 times a day', async () => {
  // Starts after midnight in Beijing, so that the day does not change halfway.
  const dayMs = 86_400_000;
  await simulator.advanceClock(dayMs - ((simulator.now() + 8 * 3_600_000) % dayMs));
  for (let count = 0; count < 20; count += 1) {
    expect((await stable({ force_refresh: true })).errcode).toBeUndefined();
    await simulator.advanceClock(30_000);
  }
  expect((await stable({ force_refresh: true })).errcode).toBe(45009);
  await simulator.advanceClock(dayMs);
  expect((await stable({ force_refresh: true })).errcode).toBeUndefined();
});

test('/cgi-bin/token mints each time and the old token lives five more minutes', async () => {
  const first = await basic();
  const second = await basic();
  expect(second.access_token).not.toBe(first.access_token);
  await simulator.advanceClock(5 * minuteMs - 2_000);
  expect(await tokenErrcode(first.access_token)).toBe(good);
  await simulator.advanceClock(2_000);
  expect([await tokenErrcode(first.access_token), await tokenErrcode(second.access_token)]).toEqual([40001, good]);
});

test('/cgi-bin/token works 2000 times a day', async () => {
  for (let count = 0; count < 2_000; count += 1) await basic();
  expect((await basic()).errcode).toBe(45009);
  expect((await stable()).errcode).toBeUndefined();
});

test('renewing one kind of token leaves the other kind valid', async () => {
  const ofStable = await stable();
  const ofBasic = await basic();
  await stable({ force_refresh: true });
  await simulator.advanceClock(6 * minuteMs);
  expect(await tokenErrcode(ofBasic.access_token)).toBe(good);
  const renewed = await stable();
  await basic();
  await simulator.advanceClock(6 * minuteMs);
  expect(await tokenErrcode(renewed.access_token)).toBe(good);
  expect(await tokenErrcode(ofStable.access_token)).toBe(40001);
});

test('a token is valid for its own app only', async () => {
  const ofMiniapp = await stable({ appid: miniapp.appId, secret: miniapp.appSecret });
  expect(ofMiniapp.expires_in).toBe(7200);
  expect(await tokenErrcode(ofMiniapp.access_token)).toBe(40001);
  expect(await tokenErrcode((await stable()).access_token)).toBe(good);
});

const tokenErrors: [number, Record<string, string>][] = [
  [40013, { appid: 'wx0000000000000000' }],
  [40013, { appid: `${official.appId} ` }],
  [40125, { secret: 'wrong' }],
  [40001, { secret: miniapp.appSecret }],
  [41002, { appid: '' }],
  [41004, { secret: '' }],
  [40002, { grant_type: 'authorization_code' }],
];

test.each(tokenErrors)('both token calls answer %i to %j', async (errcode, changes) => {
  expect([(await stable(changes)).errcode, (await basic(changes)).errcode]).toEqual([errcode, errcode]);
});

test('stable_token requires a POST with a JSON body, token a GET', async () => {
  const path = `/cgi-bin/stable_token?${new URLSearchParams(client)}`;
  expect((await call(simulator, 'GET', path)).json.errcode).toBe(43002);
  expect((await call(simulator, 'POST', path)).json.errcode).toBe(44002);
  expect((await call(simulator, 'POST', path, 'appid=1&secret=2')).json.errcode).toBe(47001);
  expect((await stable({ force_refresh: 'true' })).errcode).toBe(47001);
  expect((await call(simulator, 'POST', `/cgi-bin/token?${new URLSearchParams(client)}`)).json.errcode).toBe(43001);
});

test('rejects an API call without a token, or with an invalid one', async () => {
  expect((await call(simulator, 'POST', '/cgi-bin/qrcode/create', {})).json.errcode).toBe(41001);
  expect(await tokenErrcode('shortened')).toBe(40014);
  expect(await tokenErrcode(`85_${'x'.repeat(132)}`)).toBe(40001);
});

test('a token call from an IPv6 address that is not allowed gets 40164 with this address alone', async () => {
  await planFault(simulator, 'stable_token', 'ipv6-not-in-whitelist');
  const { errcode, errmsg } = await stable();
  expect([errcode, errmsg]).toEqual([
    40164,
    expect.stringMatching(/^invalid ip 2408:8756:4c50:1a00::29, not in whitelist rid: [\da-f-]+$/),
  ]);
  expect(await stable()).toMatchObject({ access_token: expect.any(String) });
});
