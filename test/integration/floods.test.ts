// Floods in simulated time. The limits come from the production loaders, with the limits of the preset `large`. Works of
// attackers stand for answers of WeChat; the honest user runs the whole flows. Sums of counts are kept in memory, because
// a flood of a day flushes thousands of batches. rate-limit.test.ts runs the counters on the engine.
import { setImmediate } from 'node:timers/promises';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { isAppError } from '../../lib/core/errors.ts';
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
import { loadOwnOrders, loadPrepay } from '../../lib/wiring/pay.ts';
import {
  loadMiniappQrLogin,
  loadOfficialQrLogin,
  loadQrLoginDecision,
  loadQrLoginPoll,
} from '../../lib/wiring/scan-login.ts';
import { buy, createBuyers } from '../support/buyers.ts';
import {
  DAY_MS,
  accepted,
  declined,
  fleetOf,
  floodForADay,
  ignoreAppError,
  ipv4,
  keepRatesInMemory,
  sendUntilRejected,
  unavailable,
} from '../support/floods.ts';
import { ASKER, chatOf } from '../support/scan-login.ts';
import { createWorld, type World } from '../support/world.ts';

const MINUTE_MS = 60_000;
const HONEST = '192.0.2.77';
const QR_CODES_A_DAY = 100_000;

let world: World;
let outside: Runtime;
/** Stands still, so that a slow machine crosses the end of no window. */
const clock = { nowMs: 0 };
beforeAll(async () => {
  world = await createWorld();
  keepRatesInMemory(world.table);
  Object.assign(world.settings, { LIMITS_FACTOR: '1' });
  Object.assign(process.env, world.settings);
  outside = { ...world.outside, now: () => clock.nowMs };
  clock.nowMs = Date.now();
  await createBuyers(world);
});
beforeEach(() => void (process.env['LIMITS_FACTOR'] = '1'));
afterAll(() => world.simulator.close());

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
  return {
    ...(await world.payWith()),
    now: outside.now,
    limitAccount: (await loadPrepay(outside)).within(60_000).limitAccount,
  };
}

async function orderAndPay() {
  const { person, token } = await logIn();
  const { order, payment } = await buy(await payDeps(), { token, address: HONEST });
  await world.phone.act(person, 'pay', { prepayId: payment.package });
  const queries = (await loadOwnOrders({ ...outside, now: Date.now })).within(3_000);
  const shown = await getOrder({ ...queries, now: outside.now }, { token, outTradeNo: order.outTradeNo });
  expect(shown.order.state).toBe('PAID');
}

describe.each([
  { count: 9, factor: '1' },
  { count: 40, factor: '1' },
  { count: 90, factor: '1' },
  { count: 9, factor: '2' },
])('a flood of $count addresses for a day with LIMITS_FACTOR=$factor', ({ count, factor }) => {
  it('leaves scan login to users of other addresses, also of a busy one', async () => {
    startDay();
    process.env['LIMITS_FACTOR'] = factor;
    const busy = '203.0.113.5';
    const { limit } = await loadOfficialQrLogin(outside);
    for (let morning = 0; morning < 100; morning += 1) await limit(busy, accepted);
    const load = () => loadOfficialQrLogin(outside);
    const flood = { addresses: ipv4(count), work: accepted, stepMs: 10 * MINUTE_MS };
    const { ran, fleet } = await floodForADay(load, clock, flood);
    expect(ran).toBeGreaterThan(QR_CODES_A_DAY * 0.7);
    expect(ran).toBeLessThan(QR_CODES_A_DAY * 0.99);
    expect(await fleet.next().limit(busy, accepted)).toBeUndefined();
    for (let outage = 0; outage < 20; outage += 1) {
      await expect(fleet.next().limit(HONEST, unavailable)).rejects.toMatchObject({ code: 'WECHAT_UNAVAILABLE' });
    }
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
  const { ran, fleet } = await floodForADay(load, clock, flood);
  expect(ran).toBeGreaterThan(40 * 600);
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
    for (const address of ipv4(90)) ran += await sendUntilRejected(() => fleet.next().limit, address, accepted);
    expect(ran).toBeLessThan(5_000);
    await logInByScan();
    await scanOfficialCode(() => loadOfficialQrLogin(outside));
  });

  it.each([
    { instances: 300, addresses: 1 },
    { instances: 170, addresses: 5 },
    { instances: 500, addresses: 30 },
  ])(
    'with codes of the mini-program from $addresses addresses over $instances instances leaves codes to other users',
    async ({ instances, addresses }) => {
      startDay();
      const fleet = await fleetOf(() => loadMiniappQrLogin(outside), instances);
      const senders = ipv4(addresses);
      let ran = 0;
      const count = async () => void (ran += 1);
      for (let round = 0; round < 60; round += 1) {
        await setImmediate();
        const sent = Array.from({ length: instances }, (_, at) =>
          fleet
            .next()
            .limit(senders[(at + round) % addresses]!, count)
            .catch(ignoreAppError),
        );
        await Promise.all(sent);
      }
      expect(ran).toBeLessThan(5_000);
      await logInByScan();
    },
  );

  it('from every /64 of a /48 leaves codes to users of other addresses', async () => {
    startDay();
    const fleet = await fleetOf(() => loadOfficialQrLogin(outside));
    // Four /64 in each of forty /56.
    const subnets = Array.from({ length: 160 }, (_, n) => `2001:db8:77:${(((n >> 2) << 8) | (n & 3)).toString(16)}::1`);
    let ran = 0;
    for (let minute = 0; minute < 20; minute += 1) {
      clock.nowMs += MINUTE_MS;
      for (const address of subnets) ran += await sendUntilRejected(() => fleet.next().limit, address, accepted);
    }
    expect(ran).toBeGreaterThan(QR_CODES_A_DAY * 0.75);
    expect(ran).toBeLessThan(QR_CODES_A_DAY * 0.77);
    await expect(fleet.next().limit('2001:db8:77:ffff::1', accepted)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
    await scanOfficialCode(async () => fleet.next());
  });

  it('by wrong poll tokens ends with the minute, and does not stop the pages of other addresses', async () => {
    const poll = await loadQrLoginPoll(outside);
    let polls = 0;
    // Most polls skip the table, which answers all of them alike.
    const wrong = () =>
      (polls += 1) % 100 ? declined() : pollQrLogin(poll, { ticket: 'A'.repeat(22), pollToken: 'wrong' });
    expect(await sendUntilRejected(() => poll.limit, '198.51.100.1', wrong)).toBe(10_000);
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

it('junk codes of one /56 leave the login to its neighbours in the /48', async () => {
  startDay();
  const { limit } = await loadLogin(outside);
  for (let subnet = 0x10; subnet < 0x20; subnet += 1) {
    await sendUntilRejected(() => limit, `2409:8a00:77:10${subnet.toString(16)}::1`, declined);
  }
  await expect(limit('2409:8a00:77:10ff::1', accepted)).rejects.toMatchObject({ code: 'RATE_LIMITED' });
  expect(await limit('2409:8a00:77:ff00::5', accepted)).toBeUndefined();
});

it('three hundred junk codes of one user in a minute leave the login to the others of the address', async () => {
  startDay();
  const { limit } = await loadLogin(outside);
  for (let sent = 0; sent < 300; sent += 1) await limit(HONEST, declined).catch(ignoreAppError);
  expect(await logIn()).toHaveProperty('token');
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
    const queries = await fleetOf(async () => (await loadOwnOrders(outside)).within(3_000));
    const closing = await fleetOf(async () => (await loadOwnOrders(outside)).within(60_000));
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
    const fleet = await fleetOf(() => loadPhoneBinding({ ...outside, sleep }), 40);
    let codes = 0;
    const tried = await flood(40, () => bindPhone(fleet.next(), { token, proof: { code: `junk-${(codes += 1)}` } }));
    expect(tried).toBe(10);
  });
});

it('a page that queries its order every two seconds is not limited', async () => {
  const { token } = await logIn();
  const { order } = await buy(await payDeps(), { token });
  const queries = await fleetOf(async () => (await loadOwnOrders(outside)).within(3_000));
  for (let second = 0; second < 60; second += 2) {
    clock.nowMs += 2_000;
    const shown = await getOrder(queries.next(), { token, outTradeNo: order.outTradeNo });
    expect(shown.order.state).toBe('NOTPAY');
  }
});
