// Floods in simulated time. The limits come from the production loaders, with the limits of the preset `large`. Works of
// attackers stand for answers of WeChat; the honest user runs the whole flows. Sums of counts are kept in memory, because
// a flood of a day flushes thousands of batches. rate-limit.test.ts runs the counters on the engine.
import type { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppError, isAppError } from '../../lib/core/errors.ts';
import type { Runtime } from '../../lib/core/runtime.ts';
import { bindPhone } from '../../lib/identity/bind-phone.ts';
import { loginMiniapp } from '../../lib/identity/login-miniapp.ts';
import { closeOrder } from '../../lib/pay/close-order.ts';
import { getOrder } from '../../lib/pay/get-order.ts';
import { listOrders } from '../../lib/pay/list-orders.ts';
import { createMiniappQrLogin, createOfficialQrLogin } from '../../lib/scan-login/create.ts';
import { decideQrLogin } from '../../lib/scan-login/decide.ts';
import { pollQrLogin } from '../../lib/scan-login/poll.ts';
import { loadLogin, loadPhoneBinding } from '../../lib/wiring/identity.ts';
import { loadOfficialEvents } from '../../lib/wiring/official-account.ts';
import { loadOrderClosing, loadOrderQueries, loadPrepay } from '../../lib/wiring/pay.ts';
import {
  loadMiniappQrLogin,
  loadOfficialQrLogin,
  loadQrLoginDecision,
  loadQrLoginPoll,
} from '../../lib/wiring/scan-login.ts';
import { buy, createBuyers } from '../support/buyers.ts';
import { ASKER, chatOf } from '../support/scan-login.ts';
import { createWorld, type World } from '../support/world.ts';

const MINUTE_MS = 60_000;
const DAY_MS = 1_440 * MINUTE_MS;
const HONEST = '192.0.2.77';
const QR_CODES_A_DAY = 100_000;

let world: World;
let outside: Runtime;
/** Stands still, so that a slow machine crosses the end of no window. */
const clock = { nowMs: 0 };
beforeAll(async () => {
  world = await createWorld();
  keepRatesInMemory(world);
  Object.assign(world.settings, { LIMITS_FACTOR: '1' });
  Object.assign(process.env, world.settings);
  outside = { ...world.outside, now: () => clock.nowMs };
  clock.nowMs = Date.now();
  await createBuyers(world);
});
afterAll(() => world.simulator.close());

/** Adds to the sums of rate limits in memory. All other commands reach the engine. */
function keepRatesInMemory({ table: { client } }: World) {
  const sums = new Map<string, number>();
  const send = client.send.bind(client) as (command: object) => Promise<unknown>;
  const sendOrAdd = async (command: object) => {
    const { Key, ExpressionAttributeValues: values } = (command as UpdateCommand).input;
    const pk = String(Key?.['pk'] ?? '');
    if (!pk.startsWith('RATE#')) return send(command);
    const sum = (sums.get(pk) ?? 0) + Number(values?.[':count']);
    sums.set(pk, sum);
    return { Attributes: { count: sum } };
  };
  Object.assign(client, { send: sendOrAdd });
}

type Limited = Awaited<ReturnType<typeof loadLogin>>['limit'];

/** Several instances of one function, which take turns. `restart` replaces all of them. */
async function fleetOf<Deps>(load: () => Promise<Deps>, size = 5) {
  const start = () => Promise.all(Array.from({ length: size }, load));
  let instances = await start();
  let turn = 0;
  return {
    next: () => instances[(turn += 1) % instances.length]!,
    restart: async () => void (instances = await start()),
  };
}

/** Sends requests of one address until one is rejected. @returns the number of requests that ran */
async function sendUntilRejected(limitOf: () => Limited, address: string, work: () => Promise<unknown>) {
  // Lets the simulator, which is in this process, keep its connections.
  await setImmediate();
  for (let ran = 0; ran < 2_000; ran += 1) {
    let isRun = false;
    await limitOf()(address, () => ((isRun = true), work())).catch(ignoreAppError);
    if (!isRun) return ran;
  }
  throw new Error(`${address} was never rejected`);
}

function ignoreAppError(error: unknown): void {
  if (!(error instanceof AppError)) throw error;
}

const accepted = () => Promise.resolve();
const declined = () => Promise.reject(new AppError('WECHAT_CODE_INVALID', 'no'));
const ipv4 = (count: number) => Array.from({ length: count }, (_, n) => `198.51.${100 + (n >> 8)}.${n & 255}`);

/**
 * Floods a function for a simulated day, with instances that restart every six hours.
 * @returns the number of requests that ran
 */
async function floodForADay<Deps extends { limit: Limited }>(
  load: () => Promise<Deps>,
  { addresses, work, stepMs }: { addresses: string[]; work: () => Promise<unknown>; stepMs: number },
) {
  const fleet = await fleetOf(load);
  let ran = 0;
  for (let at = 0; at < DAY_MS; at += stepMs) {
    if (at % (DAY_MS / 4) === 0) await fleet.restart();
    if (at > 0) clock.nowMs += stepMs;
    for (const address of addresses) ran += await sendUntilRejected(() => fleet.next().limit, address, work);
  }
  return { ran, fleet };
}

/** Moves the clock to the beginning of the next day in Beijing, where WeChat counts days. */
function startDay() {
  clock.nowMs += DAY_MS - ((clock.nowMs + 8 * 60 * MINUTE_MS) % DAY_MS);
}

async function logIn(address = HONEST) {
  const { limit, ...deps } = await loadLogin(outside);
  const person = await world.phone.newPerson();
  const code = await world.phone.loginCode(person);
  return { person, ...(await limit(address, () => loginMiniapp(deps, code))) };
}

async function logInByScan(address = HONEST) {
  const [miniapp, poll] = [await loadMiniappQrLogin(outside), await loadQrLoginPoll(outside)];
  const { token, user } = await logIn(address);
  const qr = await miniapp.limit(address, () => createMiniappQrLogin(miniapp, ASKER));
  for (const decision of ['scan', 'confirm'] as const) {
    await decideQrLogin(await loadQrLoginDecision(outside), { token, ticket: qr.ticket, decision });
  }
  const answer = await poll.limit(address, () => pollQrLogin(poll, qr));
  expect(answer).toMatchObject({ status: 'registered', user: { id: user.id } });
}

async function scanOfficialCode(load: () => Promise<Awaited<ReturnType<typeof loadOfficialQrLogin>>>) {
  const [official, poll] = [await load(), await loadQrLoginPoll(outside)];
  const qr = await official.limit(HONEST, () => createOfficialQrLogin(official, ASKER));
  const { openIds } = await world.phone.newPerson();
  await chatOf(await loadOfficialEvents(outside)).logIn({ ticket: qr.ticket, openId: openIds.official });
  expect(await poll.limit(HONEST, () => pollQrLogin(poll, qr))).toMatchObject({ status: 'unregistered' });
}

/** Payments are signed with the real time, so only their limit uses the simulated clock. */
async function payDeps() {
  return { ...(await world.payWith()), now: outside.now, limitAccount: (await loadPrepay(outside)).limitAccount };
}

async function orderAndPay() {
  const { person, token } = await logIn();
  const { order, payment } = await buy(await payDeps(), { token, address: HONEST });
  await world.phone.act(person, 'pay', { prepayId: payment.package });
  const queries = (await loadOrderQueries({ ...outside, now: Date.now })).within(3_000);
  const shown = await getOrder({ ...queries, now: outside.now }, { token, outTradeNo: order.outTradeNo });
  expect(shown.order.state).toBe('PAID');
}

describe.each([9, 40, 200])('a flood of %i addresses for a day', (count) => {
  it('leaves scan login to users of other addresses', async () => {
    startDay();
    const load = () => loadOfficialQrLogin(outside);
    const flood = { addresses: ipv4(count), work: accepted, stepMs: 10 * MINUTE_MS };
    const { ran, fleet } = await floodForADay(load, flood);
    expect(ran).toBeGreaterThan(QR_CODES_A_DAY / 2);
    expect(ran).toBeLessThan(QR_CODES_A_DAY * 0.7);
    await scanOfficialCode(async () => fleet.next());
    await scanOfficialCode(load);
    await logInByScan();
    await orderAndPay();
  });
});

it('a flood of junk codes from forty addresses for a day leaves logins to users of other addresses', async () => {
  startDay();
  const load = () => loadLogin(outside);
  const flood = { addresses: ipv4(40), work: declined, stepMs: 240 * MINUTE_MS };
  const { ran, fleet } = await floodForADay(load, flood);
  expect(ran).toBeGreaterThan(40 * 300);
  const instance = fleet.next();
  const code = await world.phone.loginCode(await world.phone.newPerson());
  expect(await instance.limit(HONEST, () => loginMiniapp(instance, code))).toHaveProperty('token');
  await logInByScan();
  await orderAndPay();
});

describe('a flood of scan login', () => {
  it('with codes of the mini-program leaves codes of both kinds to users of other addresses', async () => {
    startDay();
    const fleet = await fleetOf(() => loadMiniappQrLogin(outside));
    let ran = 0;
    for (const address of ipv4(200)) ran += await sendUntilRejected(() => fleet.next().limit, address, accepted);
    expect(ran).toBeLessThan(5_000);
    await logInByScan();
    await scanOfficialCode(() => loadOfficialQrLogin(outside));
  });

  it('from every /64 of a /48 leaves codes to users of other addresses', async () => {
    startDay();
    const fleet = await fleetOf(() => loadOfficialQrLogin(outside));
    const subnets = Array.from({ length: 300 }, (_, n) => `2001:db8:77:${n.toString(16)}::1`);
    let ran = 0;
    for (let minute = 0; minute < 40; minute += 1) {
      clock.nowMs += MINUTE_MS;
      for (const address of subnets) ran += await sendUntilRejected(() => fleet.next().limit, address, accepted);
    }
    expect(ran).toBeLessThan(QR_CODES_A_DAY * 0.7);
    await expect(fleet.next().limit('2001:db8:77:ffff::1', accepted)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    await scanOfficialCode(async () => fleet.next());
  });

  it('by wrong poll tokens ends with the minute, and does not stop the pages of other addresses', async () => {
    const poll = await loadQrLoginPoll(outside);
    const wrong = () => pollQrLogin(poll, { ticket: 'A'.repeat(22), pollToken: 'wrong' });
    expect(await sendUntilRejected(() => poll.limit, '198.51.100.1', wrong)).toBe(1_000);
    await logInByScan();
    clock.nowMs += MINUTE_MS;
    expect(await poll.limit('198.51.100.1', accepted)).toBeUndefined();
  });

  it('is not assumed of a campus that shows five hundred pages under one address', async () => {
    const poll = await loadQrLoginPoll(outside);
    for (let polls = 0; polls < 500 * 30; polls += 1) await poll.limit('203.0.113.5', accepted);
    await expect(logInByScan('203.0.113.5')).resolves.toBeUndefined();
  });
});

describe('a token that floods', () => {
  /** Runs many requests in turns over the instances. @returns the number of requests that were not limited */
  async function flood(times: number, send: () => Promise<unknown>) {
    const outcomes = await Promise.allSettled(Array.from({ length: times }, send));
    return outcomes.filter((outcome) => outcome.status === 'fulfilled' || !isAppError(outcome.reason, 'RATE_LIMITED'))
      .length;
  }

  it('prepay is limited, while another user of the same address orders', async () => {
    const { token } = await logIn();
    const fleet = await fleetOf(payDeps);
    const placed = await flood(60, () => buy(fleet.next(), { token, address: HONEST }));
    // Each of the five instances adds at most a batch of two.
    expect(placed).toBeLessThanOrEqual(10 + 5 * 2);
    await expect(buy(fleet.next(), { token, address: HONEST })).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    await orderAndPay();
    clock.nowMs += 10_000;
    expect((await buy(fleet.next(), { token, address: HONEST })).order.state).toBe('NOTPAY');
  });

  it('the order routes is limited, while another user of the same address orders', async () => {
    const { token } = await logIn();
    const { order } = await buy(await payDeps(), { token });
    const { outTradeNo } = order;
    const queries = await fleetOf(async () => (await loadOrderQueries(outside)).within(3_000));
    const closing = await fleetOf(() => loadOrderClosing(outside));
    const shown = await flood(300, () => getOrder(queries.next(), { token, outTradeNo }));
    // Each of the five instances adds at most a batch of eight.
    expect(shown).toBeLessThanOrEqual(60 + 5 * 8);
    await expect(listOrders(queries.next(), { token })).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    expect(await flood(50, () => closeOrder(closing.next(), { token, outTradeNo }))).toBeLessThanOrEqual(5 * 8);
    await orderAndPay();
  });

  it('the phone route with junk codes is limited for the rest of the minute', async () => {
    const { token } = await logIn();
    const sleep = async (ms: number) => void (clock.nowMs += ms);
    const fleet = await fleetOf(() => loadPhoneBinding({ ...outside, sleep }));
    const tried = await flood(40, () => bindPhone(fleet.next(), { token, proof: { code: 'junk' } }));
    expect(tried).toBeLessThanOrEqual(10 + 5 * 2);
  });
});

it('a page that queries its order every two seconds is not limited', async () => {
  const { token } = await logIn();
  const { order } = await buy(await payDeps(), { token });
  const queries = await fleetOf(async () => (await loadOrderQueries(outside)).within(3_000));
  for (let second = 0; second < 60; second += 2) {
    clock.nowMs += 2_000;
    const shown = await getOrder(queries.next(), { token, outTradeNo: order.outTradeNo });
    expect(shown.order.state).toBe('NOTPAY');
  }
});
