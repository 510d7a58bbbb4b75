import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { loginMiniapp } from '../../lib/identity/login-miniapp.ts';
import { recognise, recogniseOrCreate } from '../../lib/identity/recognise.ts';
import { closeAndUnlinkAccount, mergeAccounts } from '../../lib/store/account-links.ts';
import { readAccount, recordActivity } from '../../lib/store/accounts.ts';
import { interceptCommands, isWrite } from '../support/crashes.ts';
import { createWorld, ids, type Person, type World } from '../support/world.ts';

const DAY_MS = 24 * 3_600_000;

describe('recorded activity of an account', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
  });
  afterEach(() => void (world.clock.offsetMs = 0));
  afterAll(() => world.simulator.close());

  const accountOf = async (id: string) => (await readAccount(world.table, id, 'strong'))!;
  const logIn = async (person: Person) => loginMiniapp(world.miniapp, await world.phone.loginCode(person));
  const writesOf = async (run: () => Promise<unknown>) => {
    let writes = 0;
    const end = interceptCommands(world.table, ({ name }, send) => {
      writes += Number(isWrite(name));
      return send();
    });
    await run();
    end();
    return writes;
  };

  it('is the time of the creation at first', async () => {
    const { user } = await logIn(await world.phone.newPerson());
    const { createdAt, lastActiveAt } = await accountOf(user.id);
    expect(lastActiveAt).toBe(createdAt);
  });

  it('costs a login of a known user one write once in seven days, and leaves the revision', async () => {
    const person = await world.phone.newPerson();
    const { user } = await logIn(person);
    const { revision, lastActiveAt } = await accountOf(user.id);
    const costs: number[] = [];
    for (const day of [0, 6.9, 7, 7.1, 13.9, 14]) {
      world.clock.offsetMs = day * DAY_MS;
      costs.push(await writesOf(() => logIn(person)));
    }
    expect(costs).toEqual([1, 1, 2, 1, 1, 2]);
    const account = await accountOf(user.id);
    expect(account.revision).toBe(revision);
    expect(Date.parse(account.lastActiveAt!) - Date.parse(lastActiveAt!)).toBeGreaterThan(13.9 * DAY_MS);
  });

  it('never becomes earlier, also when logins on clocks that differ record it concurrently', async () => {
    const { account } = await recogniseOrCreate(world.base, { appId: 'wx1', openId: 'o-activity' });
    const nowMs = world.base.now();
    const days = [30, 8, 90, 15, 60];
    await Promise.all(days.map((day) => recordActivity(world.table, account, nowMs + day * DAY_MS)));
    expect(Date.parse((await accountOf(account.id)).lastActiveAt!)).toBe(nowMs + 90 * DAY_MS);
  });

  it('is not written to a closed account', async () => {
    const { account } = await recogniseOrCreate(world.base, { appId: 'wx1', openId: 'o-closed' });
    await closeAndUnlinkAccount(world.table, account, account.createdAt);
    await recordActivity(world.table, account, world.base.now() + 30 * DAY_MS);
    expect(await accountOf(account.id)).toBeUndefined();
  });

  it('is the later one of two merged accounts', async () => {
    for (const [intoDays, fromDays] of [
      [20, 10],
      [10, 20],
    ] as const) {
      const nowMs = world.base.now();
      const active = async (name: string, days: number) => {
        const person = { appId: 'wx1', openId: `o-merge-${name}-${intoDays}` };
        const { account } = await recogniseOrCreate(world.base, person);
        await recordActivity(world.table, account, nowMs + days * DAY_MS);
        return accountOf(account.id);
      };
      const [into, from] = [await active('into', intoDays), await active('from', fromDays)];
      const merge = { into, from, unionId: `u-activity-${intoDays}`, at: into.createdAt };
      expect(await mergeAccounts(world.table, merge)).toBe(true);
      expect(Date.parse((await accountOf(into.id)).lastActiveAt!)).toBe(nowMs + 20 * DAY_MS);
    }
  });

  it('does not become earlier when a login records it during a merge', async () => {
    await world.bindOpenPlatform();
    const person = await world.phone.newPerson();
    const miniapp = { appId: ids.miniapp.appId, openId: person.openIds.miniapp };
    const official = { appId: ids.official.appId, openId: person.openIds.official, unionId: person.unionId };
    const { account } = await recogniseOrCreate(world.base, miniapp);
    await recogniseOrCreate(world.base, official);
    const laterMs = world.base.now() + 30 * DAY_MS;
    let recorded = false;
    const end = interceptCommands(world.table, async ({ name, text }, send) => {
      if (name === 'TransactWrite' && text.includes('mergedInto') && !recorded) {
        recorded = true;
        await recordActivity(world.table, account, laterMs);
      }
      return send();
    });
    const merged = await recognise(world.base, { ...miniapp, unionId: person.unionId });
    end();
    await world.bindOpenPlatform('miniapp', 'official');
    expect(recorded).toBe(true);
    expect(merged?.id).toBe(account.id);
    expect(Date.parse((await accountOf(account.id)).lastActiveAt!)).toBe(laterMs);
  });
});
