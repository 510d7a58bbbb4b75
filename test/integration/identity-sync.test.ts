import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { syncIdentity } from '../../lib/identity/sync-identity.ts';
import { recordFollow } from '../../lib/identity/following.ts';
import { loginMiniapp } from '../../lib/identity/login-miniapp.ts';
import { pollQrLogin } from '../../lib/scan-login/poll.ts';
import { createOfficialQrLogin } from '../../lib/scan-login/create.ts';
import { readIdentity, readUnion } from '../../lib/store/identities.ts';
import { keys } from '../../lib/store/keys.ts';
import { readTicket } from '../../lib/store/tickets.ts';
import { deliver, isDelivered, recordChange, runRequests } from '../support/identity-changes.ts';
import { ASKER, chatOf } from '../support/scan-login.ts';
import { recordOf } from '../support/stream-records.ts';
import { createWorld, ids, type Person, type World } from '../support/world.ts';

const { appId } = ids.official;
const CALL = '/cgi-bin/user/info';
/** Both requests of a follow. */
const REQUESTED = { syncRequestedAtMs: expect.any(Number), unionRequestedAtMs: expect.any(Number) };

describe('syncIdentity', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
  });
  afterAll(() => world.simulator.close());

  const follower = async () => {
    const person = await world.phone.newPerson();
    await world.phone.act(person, 'event', { event: 'subscribe' });
    return person;
  };
  const identityKey = ({ openIds }: Person) => ({ appId, openId: openIds.official });
  const identityOf = async (person: Person) => readIdentity(world.table, identityKey(person), 'strong');
  const pushed = (person: Person, follows: boolean, atS: number, pushId = `${follows} at ${atS}`) =>
    recordFollow(world.base, { ...identityKey(person), follows, atS, pushId });

  it('keeps the newest follow state when pushes arrive out of order', async () => {
    const person = await follower();
    await pushed(person, true, 100);
    await pushed(person, false, 300);
    await pushed(person, true, 200);
    expect(await identityOf(person)).toMatchObject({ subscribed: false, subscribedChangedAt: 300 });
    await pushed(person, true, 400);
    expect(await identityOf(person)).toMatchObject({ subscribed: true, subscribedChangedAt: 400 });
  });

  it('applies each of several concurrent pushes of one second once', async () => {
    const person = await follower();
    const pushIds = Array.from({ length: 8 }, (_, index) => `push-${index}`);
    const pushAll = () => Promise.all(pushIds.map((id, index) => pushed(person, index % 2 === 0, 100, id)));
    await Promise.all([pushAll(), pushAll()]);
    const raced = (await identityOf(person))!;
    expect(raced.subscribedPushes).toEqual(new Set(pushIds));
    await pushAll();
    expect(await identityOf(person)).toEqual(raced);
    await pushed(person, true, 101, 'newer');
    expect(await identityOf(person)).toMatchObject({ subscribed: true, subscribedPushes: new Set(['newer']) });
  });

  it('counts a follow once that arrives by its ticket and by its push, also around an unfollow of that second', async () => {
    for (const [first, second] of [
      ['ticket', 'push'],
      ['push', 'ticket'],
    ]) {
      const person = await follower();
      const arrive = (way?: string) =>
        way === 'ticket'
          ? syncIdentity(world.official, { ...identityKey(person), followedAt: 100, followedBy: 'follow' })
          : pushed(person, true, 100, 'follow');
      await arrive(first);
      await pushed(person, false, 100, 'unfollow');
      await arrive(second);
      expect(await identityOf(person)).toMatchObject({ subscribed: false });
    }
  });

  it.each([true, false])(
    'orders a follow with a scan by its arrival, whenever it is stored; the follow comes last: %s',
    async (isLast) => {
      const person = await follower();
      const qr = await createOfficialQrLogin(world.official, ASKER);
      const facts = { ticket: qr.ticket, openId: person.openIds.official, atS: 100, pushId: 'follow', isFollow: true };
      const scan = () => recordChange(world, keys.ticket(qr.ticket), () => chatOf(world.officialEvents).scan(facts));
      const unfollow = () => pushed(person, false, 100, 'unfollow');
      if (isLast) await unfollow();
      const record = await scan();
      world.clock.offsetMs += 1;
      if (!isLast) await unfollow();
      expect(await deliver(world, record)).toEqual([]);
      for (const repeat of [unfollow, () => pushed(person, true, 100, 'follow'), () => deliver(world, record)]) {
        await repeat();
        expect(await identityOf(person)).toMatchObject({ subscribed: isLast });
      }
    },
  );

  it('looks up the unionid of a new follower once and links the existing account', async () => {
    const person = await follower();
    const { user } = await loginMiniapp(world.miniapp, await world.phone.loginCode(person));
    await pushed(person, true, 100);
    const before = await world.calls(CALL);
    await runRequests(world, identityKey(person));
    await runRequests(world, identityKey(person));
    expect((await world.calls(CALL)) - before).toBe(1);
    const identity = await identityOf(person);
    expect(identity).toMatchObject({ accountId: user.id, unionId: person.unionId, subscribed: true });
    expect(identity).not.toHaveProperty('syncRequestedAtMs');
    expect(identity).not.toHaveProperty('unionRequestedAtMs');
  });

  it('creates no account for a follower without an account', async () => {
    const person = await follower();
    await pushed(person, true, 100);
    await runRequests(world, identityKey(person));
    expect(await identityOf(person)).not.toHaveProperty('accountId');
    expect(await identityOf(person)).toMatchObject({ unionId: person.unionId });
    expect(await readUnion(world.table, person.unionId, 'strong')).toBeUndefined();
  });

  it('throws and keeps the request when WeChat fails, so that the stream retries', async () => {
    const person = await follower();
    await pushed(person, true, 100);
    await world.faults(CALL, '5xx');
    await expect(runRequests(world, identityKey(person))).rejects.toMatchObject({
      code: 'WECHAT_UNAVAILABLE',
    });
    expect(await identityOf(person)).toMatchObject(REQUESTED);
    await runRequests(world, identityKey(person));
    expect(await identityOf(person)).not.toHaveProperty('syncRequestedAtMs');
    expect(await identityOf(person)).not.toHaveProperty('unionRequestedAtMs');
  });

  it('copies a follow that came with a scan from the ticket to the identity', async () => {
    const person = await follower();
    const qr = await createOfficialQrLogin(world.official, ASKER);
    const { openIds } = person;
    const scan = { ticket: qr.ticket, openId: openIds.official, atS: 500, pushId: 'scan-1', isFollow: true };
    expect(await chatOf(world.officialEvents).logIn(scan)).toBe(true);
    expect(await identityOf(person)).toBeUndefined();
    const ticket = (await readTicket(world.table, qr.ticket))!;
    const { followedAt, followedBy } = ticket;
    expect([followedAt, followedBy]).toEqual([500, 'scan-1']);
    await syncIdentity(world.official, { ...identityKey(person), followedAt, followedBy });
    expect(await identityOf(person)).toMatchObject({ subscribed: true, ...REQUESTED });
    expect(await pollQrLogin(world.sessions, qr)).toMatchObject({ status: 'unregistered' });
  });

  it.each(['tap', 'scan'] as const)(
    'syncs a follow once in the life of a ticket with SCAN_LOGIN_CONFIRM=%s',
    async (confirmBy) => {
      const { openIds } = await follower();
      const qr = await createOfficialQrLogin(world.official, ASKER);
      const { scan, tap } = chatOf({ ...world.officialEvents, confirmBy });
      const facts = { ticket: qr.ticket, openId: openIds.official, isFollow: true };
      const images = [await readTicket(world.table, qr.ticket)];
      const acts = [
        () => scan(facts),
        () => scan(facts),
        () => tap('confirm', facts),
        () => pollQrLogin(world.sessions, qr),
        () => tap('revoke', facts),
      ];
      for (const act of acts) {
        await act();
        images.push(await readTicket(world.table, qr.ticket));
      }
      expect(images.map((image) => image?.state)).toEqual(
        confirmBy === 'tap'
          ? ['created', 'scanned', 'scanned', 'confirmed', 'collected', 'cancelled']
          : ['created', 'confirmed', 'confirmed', 'confirmed', 'collected', 'cancelled'],
      );
      const key = keys.ticket(qr.ticket);
      const records = [undefined, ...images].map((image, i) => recordOf(key, image, images[i]));
      expect(records.filter(isDelivered)).toEqual([records[1]]);
    },
  );

  it('keeps a request that arrives during the sync', async () => {
    const person = await follower();
    await pushed(person, true, 100);
    const slowly: typeof world.official.send = async (request) => {
      await pushed(person, true, 200);
      return world.official.send(request);
    };
    await runRequests({ ...world, official: { ...world.official, send: slowly } }, identityKey(person));
    expect(await identityOf(person)).toMatchObject({ ...REQUESTED, subscribedChangedAt: 200 });
  });

  it('ignores identities of other apps and unknown identities', async () => {
    const before = await world.calls(CALL);
    await syncIdentity(world.official, { appId: ids.miniapp.appId, openId: 'o-any' });
    await syncIdentity(world.official, { appId, openId: 'o-unknown' });
    expect(await world.calls(CALL)).toBe(before);
  });
});
