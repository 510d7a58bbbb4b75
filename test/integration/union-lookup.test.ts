// Lookups of a missing unionid: the stored state after each answer and each failure.
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { handler } from '../../functions/identity-sync.ts';
import { recordFollow, requestProfileSync } from '../../lib/identity/following.ts';
import { recognise } from '../../lib/identity/recognise.ts';
import { register } from '../../lib/identity/register.ts';
import { readIdentityChange } from '../../lib/identity/sync-identity.ts';
import { pollQrLogin } from '../../lib/scan-login/poll.ts';
import { hashPollToken } from '../../lib/scan-login/ticket.ts';
import { linkPhone } from '../../lib/store/account-links.ts';
import { readAccount, setWechatProfile } from '../../lib/store/accounts.ts';
import { putTicket } from '../../lib/store/tickets.ts';
import { loadRegistration } from '../../lib/wiring/identity.ts';
import { CALL, createUnionWorld, HOUR_MS, REQUESTED } from '../support/union-world.ts';
import { deliver, isDelivered, recordChange } from '../support/identity-changes.ts';
import { ASKER } from '../support/scan-login.ts';
import { ids, type Person } from '../support/world.ts';

const world = await createUnionWorld();
const { follower, inOfficial, keyOf, identityOf, accountOf, inH5, loginInMiniapp, lookups, scan, poll, created } =
  world;
const { appId } = ids.official;

beforeEach(() => world.bindOpenPlatform('miniapp', 'official'));
afterEach(() => void (world.clock.offsetMs = 0));
afterAll(() => world.simulator.close());

it('a lookup of a unionid merges the account of the mini-program and the account of the official account', async () => {
  const person = await follower();
  const record = await created(person);
  const { user } = await loginInMiniapp(person);
  expect(user.id).not.toBe((await accountOf(person)).id);
  expect(await deliver(world, record)).toEqual([]);
  const merged = await accountOf(person);
  expect(await readAccount(world.table, user.id, 'strong')).toMatchObject({ id: merged.id });
  expect([...merged.identities!]).toHaveLength(2);
  expect(await identityOf(person)).not.toHaveProperty('unionRequestedAtMs');
});

it('a lookup of a unionid asks WeChat once a day about a user who does not follow', async () => {
  const person = await world.phone.newPerson();
  const first = await created(person);
  expect(await lookups(() => deliver(world, first, first))).toBe(1);
  expect(await identityOf(person)).toMatchObject({ unionAbsentAtMs: expect.any(Number) });
  expect(await identityOf(person)).not.toHaveProperty('unionRequestedAtMs');
  world.clock.offsetMs = 23 * HOUR_MS;
  await inH5(person);
  expect(await identityOf(person)).not.toHaveProperty('unionRequestedAtMs');
  world.clock.offsetMs = 25 * HOUR_MS;
  const next = await recordChange(world, keyOf(person), () => inH5(person));
  expect(await lookups(() => deliver(world, next))).toBe(1);
});

it('a follow requests a lookup at once, also after an answer without a unionid', async () => {
  const person = await world.phone.newPerson();
  await deliver(world, await created(person));
  await world.phone.act(person, 'event', { event: 'subscribe' });
  const follow = () => recordFollow(world.base, { ...inOfficial(person), follows: true, atS: 100, pushId: 'push-1' });
  await deliver(world, await recordChange(world, keyOf(person), follow));
  expect(await identityOf(person)).toMatchObject({ unionId: person.unionId });
});

it('an unfollow removes the request of a lookup, because WeChat returns the unionid of followers only', async () => {
  const person = await world.phone.newPerson();
  await inH5(person);
  await recordFollow(world.base, { ...inOfficial(person), follows: false, atS: 100, pushId: 'push-1' });
  expect(await identityOf(person)).not.toHaveProperty('unionRequestedAtMs');
});

it.each([
  ['is busy', { action: 'busy', times: 2 }, 'WECHAT_UNAVAILABLE'],
  ['returns a server error', { action: '5xx', times: 1 }, 'WECHAT_UNAVAILABLE'],
  ["limits a minute's calls", { action: 'errcode', errcode: 45011, times: 1 }, 'RATE_LIMITED'],
])('the request of a lookup remains while WeChat %s, and the stream retries it', async (_, plan, code) => {
  const person = await follower();
  const record = await created(person);
  await world.fault({ target: CALL, ...plan });
  expect(await deliver(world, record)).toMatchObject([{ code }]);
  expect(await identityOf(person)).toMatchObject(REQUESTED);
  expect(await deliver(world, record)).toEqual([]);
  expect(await identityOf(person)).toMatchObject({ unionId: person.unionId });
});

it.each([48001, 45009, 40132])(
  'the request of a lookup remains after errcode %i, and a login after a day repeats it',
  async (errcode) => {
    const person = await follower();
    const record = await created(person);
    await world.fault({ target: CALL, action: 'errcode', errcode, times: 1 });
    expect(await deliver(world, record)).toEqual([]);
    expect(await identityOf(person)).toMatchObject(REQUESTED);
    world.clock.offsetMs = 25 * HOUR_MS;
    await deliver(world, await recordChange(world, keyOf(person), () => inH5(person)));
    expect(await identityOf(person)).toMatchObject({ unionId: person.unionId });
  },
);

it('other changes of an identity do not repeat a lookup that failed', async () => {
  const person = await follower();
  const record = await created(person);
  await world.fault({ target: CALL, action: 'errcode', errcode: 48001, times: 1 });
  await deliver(world, record);
  const change = await recordChange(world, keyOf(person), () => requestProfileSync(world.base, inOfficial(person)));
  expect(isDelivered(change)).toBe(true);
  expect(await lookups(() => deliver(world, change))).toBe(0);
  expect(await identityOf(person)).toMatchObject(REQUESTED);
  expect(await identityOf(person)).not.toHaveProperty('syncRequestedAtMs');
});

it('a permanent error or a conflict of two phones ends a lookup, and later changes of the batch proceed', async () => {
  const person = await follower();
  const conflicting = await created(person);
  const { user } = await loginInMiniapp(person);
  for (const [id, phone] of [
    [user.id, '+8613900000021'],
    [(await accountOf(person)).id, '+8613900000022'],
  ] as const) {
    const account = (await readAccount(world.table, id, 'strong'))!;
    expect(await linkPhone(world.table, account, { phone, username: phone })).toBe(true);
  }
  const forbidden = await follower();
  const later = await follower();
  const records = [await created(forbidden), conflicting, await created(later)];
  const Records = records.filter(isDelivered);
  await world.fault({ target: CALL, action: 'errcode', errcode: 48001, times: 1 });
  const run = async () => expect(await handler({ Records })).toEqual({ batchItemFailures: [] });
  expect(await lookups(run)).toBe(3);
  expect(await identityOf(person)).toMatchObject(REQUESTED);
  expect((await accountOf(person)).id).not.toBe(user.id);
  expect(await identityOf(later)).toMatchObject({ unionId: later.unionId });
});

it('a lookup does not erase a profile whose user token was revoked', async () => {
  const person = await follower();
  const record = await created(person);
  await setWechatProfile(world.table, await accountOf(person), { nickname: '原来的名字' });
  await deliver(world, record);
  expect(await identityOf(person)).toMatchObject({ unionId: person.unionId });
  expect(await accountOf(person)).toMatchObject({ nickname: '原来的名字' });
});

it('a lookup asks WeChat once when the same change is delivered twice', async () => {
  const person = await follower();
  const record = await created(person);
  expect(await lookups(() => deliver(world, record, record))).toBe(1);
});

it('readIdentityChange reads no request that a change removed or kept', () => {
  const item = { appId, openId: 'o-1', unionRequestedAtMs: '1', syncRequestedAtMs: '2' };
  expect(readIdentityChange(item, { ...item, syncRequestedAtMs: '1' })).toEqual({
    appId,
    openId: 'o-1',
    syncRequestedAtMs: 2,
  });
  expect(readIdentityChange({ appId, openId: 'o-1' }, item)).toEqual({ appId, openId: 'o-1' });
});

describe('a poll for a user without an account', () => {
  const registered = async (person: Person) => {
    const answer = await poll(person);
    if (answer.status !== 'unregistered') throw new Error(answer.status);
    return register(await loadRegistration(world.outside), answer.registrationToken);
  };

  it('asks WeChat at most once a day about a user who does not follow', async () => {
    const person = await world.phone.newPerson();
    expect(await lookups(() => poll(person))).toBe(1);
    expect(await lookups(() => poll(person))).toBe(0);
    world.clock.offsetMs = 25 * HOUR_MS;
    expect(await lookups(() => poll(person))).toBe(1);
  });

  it('requests no lookup at the registration after an answer without a unionid', async () => {
    const person = await world.phone.newPerson();
    await registered(person);
    expect(await identityOf(person)).not.toHaveProperty('unionRequestedAtMs');
  });

  it('keeps a request that a follow made while WeChat was asked', async () => {
    const person = await world.phone.newPerson();
    const official = await world.sessions.loadOfficialAccount();
    const send: typeof official.send = async (request) => {
      await recordFollow(world.base, { ...inOfficial(person), follows: true, atS: 100, pushId: 'push-1' });
      return official.send(request);
    };
    const { qr, confirm } = await scan(person);
    await confirm();
    await pollQrLogin({ ...world.sessions, loadOfficialAccount: async () => ({ ...official, send }) }, qr);
    expect(await identityOf(person)).toMatchObject({ subscribed: true, ...REQUESTED });
    expect(await identityOf(person)).not.toHaveProperty('unionAbsentAtMs');
  });

  it('leaves a failed lookup to the registration, which requests it, and the accounts merge', async () => {
    const person = await follower();
    const { user } = await loginInMiniapp(person);
    await world.faults(CALL, 'busy', 2);
    let id = '';
    const record = await recordChange(world, keyOf(person), async () => {
      ({ id } = (await registered(person)).user);
    });
    expect(id).not.toBe(user.id);
    await deliver(world, record);
    const merged = await accountOf(person);
    for (const each of [id, user.id]) {
      expect(await readAccount(world.table, each, 'strong')).toMatchObject({ id: merged.id });
    }
  });

  it('requests a failed lookup again with SCAN_LOGIN_REGISTER=auto', async () => {
    const person = await follower();
    const { qr, confirm } = await scan(person);
    await confirm();
    await world.faults(CALL, 'busy', 2);
    expect(await pollQrLogin({ ...world.sessions, register: 'auto' }, qr)).toMatchObject({ status: 'registered' });
    expect(await identityOf(person)).toMatchObject(REQUESTED);
  });

  it('loads no official account for a user of the mini-program', async () => {
    const loadOfficialAccount = () => Promise.reject(new Error('loaded'));
    const qr = { ticket: randomUUID().replaceAll('-', '').slice(0, 22), pollToken: 'secret' };
    const nowMs = world.base.now();
    await putTicket(world.table, {
      ...ASKER,
      ticket: qr.ticket,
      state: 'confirmed',
      pollTokenHash: hashPollToken(qr.pollToken),
      requestedAtMs: nowMs,
      confirmedAtMs: nowMs,
      expiresAt: nowMs / 1_000 + 300,
      appId: ids.miniapp.appId,
      openId: 'o-without-account',
    });
    const before = world.lines.length;
    const answer = await pollQrLogin({ ...world.sessions, loadOfficialAccount }, qr);
    expect(answer).toMatchObject({ status: 'unregistered' });
    expect(world.lines.slice(before).join('\n')).not.toContain('loaded');
  });
});

it('a login of the mini-program after a lookup finds the account of the official account', async () => {
  const person = await follower();
  await deliver(world, await created(person));
  const { user } = await loginInMiniapp(person);
  expect(user.id).toBe((await accountOf(person)).id);
  expect(await recognise(world.sessions, inOfficial(person))).toMatchObject({ id: user.id });
});
