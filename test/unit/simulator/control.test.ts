import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { Clock } from '../../../infra/simulator/clock.ts';
import { startSimulator } from '../../../infra/simulator/simulator.ts';
import { startFurtherSimulator, useSimulator } from './fixture.ts';
import { settings } from './settings.ts';
import {
  apiCall,
  call,
  createQr,
  jsapi,
  newUser,
  officialToken,
  orderBody,
  payCall,
  planFault,
  queryOrder,
} from './support.ts';

const simulator = useSimulator();

const plan = (target: string, action: string, times?: number) => planFault(simulator, target, action, times);
const createCode = async () => {
  const body = { action_name: 'QR_STR_SCENE', action_info: { scene: { scene_str: 'x' } } };
  return call(simulator, 'POST', `/cgi-bin/qrcode/create?access_token=${await officialToken(simulator)}`, body);
};

test('a port in use rejects with EADDRINUSE', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  await expect(startSimulator({ ...settings, port })).rejects.toMatchObject({ code: 'EADDRINUSE' });
  taken.close();
});

test('two simulators in one process share no state', async () => {
  const other = await startFurtherSimulator();
  const user = await newUser(simulator);
  expect((await call(other, 'POST', `/_phone/users/${user.id}/login-code`)).status).toBe(404);
  await other.advanceClock(60_000);
  expect((await call(simulator, 'GET', '/_clock')).json.offsetMs).toBe(0);
});

test('close ends at once, even with an open request', async () => {
  const other = await startSimulator(settings);
  await call(other, 'POST', '/_faults', { target: '*', action: 'timeout' });
  const waiting = call(other, 'GET', '/cgi-bin/token').catch((error: unknown) => error);
  await expect.poll(async () => (await call(other, 'GET', '/_log')).json.length).toBe(1);
  const startedAt = Date.now();
  await other.close();
  expect(Date.now() - startedAt).toBeLessThan(3_000);
  expect(await waiting).toBeInstanceOf(Error);
});

test('POST /_clock moves the clock forward only', async () => {
  const moved = await call(simulator, 'POST', '/_clock', { advanceMs: 3_600_000 });
  expect(moved.json.offsetMs).toBe(3_600_000);
  expect(Math.abs(moved.json.now - Date.now() - 3_600_000)).toBeLessThan(10_000);
  for (const body of [{ advanceMs: -1 }, { advanceMs: '5' }, {}]) {
    expect((await call(simulator, 'POST', '/_clock', body)).status).toBe(400);
  }
});

test('scheduled work runs when real time reaches it', async () => {
  const clock = new Clock();
  const ran: string[] = [];
  clock.schedule(clock.now() + 60, async () => void ran.push('second'));
  clock.schedule(clock.now() + 30, async () => void ran.push('first'));
  await expect.poll(() => ran).toEqual(['first', 'second']);
  clock.stop();
});

test('fault timeout sends no answer and processes nothing', async () => {
  await plan('qrcode/create', 'timeout');
  const token = await officialToken(simulator);
  const silent = fetch(`${simulator.url}/cgi-bin/qrcode/create?access_token=${token}`, {
    method: 'POST',
    signal: AbortSignal.timeout(200),
  });
  await expect(silent).rejects.toMatchObject({ name: 'TimeoutError' });
  expect((await call(simulator, 'GET', '/_log')).json.at(-1)).toMatchObject({ status: null, fault: 'timeout' });
});

test('faults of platform calls: 5xx, garbage, busy, token-expired, each once', async () => {
  for (const action of ['5xx', 'garbage', 'busy', 'token-expired']) await plan('qrcode', action);
  expect((await createCode()).status).toBe(502);
  const garbage = await createCode();
  expect([garbage.status, garbage.json]).toEqual([200, undefined]);
  expect((await createCode()).json.errcode).toBe(-1);
  expect((await createCode()).json.errcode).toBe(40001);
  expect((await createCode()).json.errcode).toBeUndefined();
});

test('fault errcode answers any errcode with a trace; 40164 names the address', async () => {
  const fault = (errcode: unknown, target = '/cgi-bin/') =>
    call(simulator, 'POST', '/_faults', { target, action: 'errcode', errcode });
  const ask = () => call(simulator, 'GET', '/cgi-bin/token');
  await fault(40226);
  const blocked = await ask();
  expect([blocked.status, blocked.json.errcode]).toEqual([200, 40226]);
  expect(blocked.json.errmsg).toMatch(/^high risk user blocked, rid: [0-9a-f]{8}(-[0-9a-f]{8}){2}$/);
  await fault(40164);
  expect((await ask()).json.errmsg).toMatch(
    /^invalid ip 1\.2\.3\.4 ipv6 ::ffff:1\.2\.3\.4, not in whitelist rid: [0-9a-f-]+$/,
  );
  await fault(89503);
  expect((await ask()).json).toMatchObject({ errcode: 89503, errmsg: expect.stringContaining(', rid: ') });
  expect((await ask()).json.errcode).toBe(40002);
  for (const errcode of [undefined, 0, '40226', 1.5]) expect((await fault(errcode)).status).toBe(400);
  await fault(40226, '*');
  expect((await call(simulator, 'GET', '/v3/pay/transactions/id/1')).json.code).toBe('SIGN_ERROR');
});

test('faults of pay calls: busy returns an unsigned SYSTEM_ERROR and creates no order', async () => {
  const user = await newUser(simulator);
  await plan('transactions/jsapi', 'busy', 2);
  const body = orderBody(user);
  for (const attempt of [1, 2]) {
    const { status, json, headers } = await payCall(simulator, { path: jsapi, body });
    expect([attempt, status, json.code]).toEqual([attempt, 500, 'SYSTEM_ERROR']);
    expect(headers['wechatpay-signature']).toBeUndefined();
  }
  expect((await queryOrder(simulator, body.out_trade_no)).json.code).toBe('ORDER_NOT_EXIST');
  expect((await payCall(simulator, { path: jsapi, body })).status).toBe(200);
});

test('target * matches every call, another target only its own', async () => {
  await plan('jscode2session', '5xx');
  expect((await createCode()).status).toBe(200);
  expect((await call(simulator, 'GET', '/sns/jscode2session')).status).toBe(502);
  await plan('*', '5xx');
  expect((await call(simulator, 'GET', '/cgi-bin/token')).status).toBe(502);
});

test('DELETE /_faults cancels every planned fault', async () => {
  await plan('*', '5xx', 3);
  await plan('getwxacodeunlimit', 'unreleased', 3);
  expect((await call(simulator, 'DELETE', '/_faults')).status).toBe(204);
  expect((await createCode()).status).toBe(200);
  expect((await apiCall(simulator, 'miniapp', '/wxa/getwxacodeunlimit', { body: { scene: 'a' } })).type).toBe(
    'image/png',
  );
});

test('rejects an unknown fault with the list of faults', async () => {
  const { status, json } = await plan('*', 'explode');
  expect(status).toBe(400);
  const calls = ['timeout', '5xx', 'garbage', 'busy', 'token-expired', 'accepted-5xx', 'accepted-timeout'];
  const others = ['drop-notify', 'probe-notify', 'refund-abnormal', 'wrong-hash', 'rotate-key'];
  for (const action of [...calls, ...others]) expect(json.message).toContain(action);
  expect((await plan('jsapi', 'rotate-key')).status).toBe(400);
  expect((await plan('notify', 'refund-closed')).status).toBe(400);
  expect((await plan('refund', 'wrong-hash')).status).toBe(400);
  expect((await plan('notify', 'timeout')).status).toBe(400);
  expect((await plan('jsapi', 'drop-notify')).status).toBe(400);
  expect((await plan('*', 'busy', 0)).status).toBe(400);
});

test('the log holds calls with their outcome, no control calls, and can be cleared', async () => {
  await call(simulator, 'GET', '/cgi-bin/token?appid=a');
  await createQr(simulator, 'x');
  const { json } = await call(simulator, 'GET', '/_log');
  expect(json).toMatchObject([
    { kind: 'call', method: 'GET', path: '/cgi-bin/token', query: { appid: 'a' }, status: 200, code: 40002 },
    { kind: 'call', method: 'POST', path: '/cgi-bin/stable_token', query: {}, status: 200 },
    { kind: 'call', path: '/cgi-bin/qrcode/create', status: 200 },
  ]);
  expect((await call(simulator, 'DELETE', '/_log')).status).toBe(204);
  expect((await call(simulator, 'GET', '/_log')).json).toEqual([]);
});

test('GET / lists the control calls and the phone actions', async () => {
  const { calls } = (await call(simulator, 'GET', '/')).json;
  const shown = ['GET /_issued', 'GET /_official', 'POST /_official', 'POST /_open-platform', 'GET /_merchant/orders'];
  for (const path of shown) expect(calls).toHaveProperty([path]);
  const actions =
    'login-code phone-code encrypted choose-avatar change-account allow-message scan message tap menu-click unfollow ' +
    'enter-service event resend open change-password open-shared wx-config visit pay receive complain';
  expect(calls['POST /_phone/users/{id}/{action}'].toSorted()).toEqual(actions.split(' ').toSorted());
});

test('the README lists every control call, phone action and fault', async () => {
  const page = readFileSync(new URL('../../../infra/simulator/README.md', import.meta.url), 'utf8');
  const listed = [...page.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code.split(' ').at(-1) ?? '');
  const { calls, faults } = (await call(simulator, 'GET', '/')).json;
  const { 'POST /_phone/users/{id}/{action}': actions, ...others } = calls as Record<string, string[]>;
  const faultNames = Object.values(faults as Record<string, string[]>).flat();
  expect([Object.keys(others).length, actions?.length, faultNames.length].every((count) => count! > 5)).toBe(true);
  const paths = Object.keys(others).map((name) => name.split(' ').at(-1) ?? '');
  expect([...paths, ...faultNames].filter((name) => !listed.includes(name))).toEqual([]);
  expect(actions?.filter((name) => !listed.some((code) => code.endsWith(`/${name}`)))).toEqual([]);
});

test('rejects malformed control calls with an error code', async () => {
  const user = await newUser(simulator);
  for (const path of ['/_phone/users', '/_clock', '/_faults', `/_phone/users/${user.id}/scan`]) {
    const { status, json } = await call(simulator, 'POST', path, '{');
    expect([status, json.error]).toEqual([400, 'PARAM_ERROR']);
  }
  expect((await call(simulator, 'POST', '/_phone/users', { phone: 1 })).status).toBe(400);
  expect((await call(simulator, 'POST', `/_phone/users/${user.id}/scan`, {})).status).toBe(400);
  expect((await call(simulator, 'POST', `/_phone/users/${user.id}/toString`)).status).toBe(404);
  expect((await call(simulator, 'GET', '/_nothing')).status).toBe(404);
  expect((await call(simulator, 'POST', '/_phone/users', 'x'.repeat(1_048_577))).status).toBe(413);
});
