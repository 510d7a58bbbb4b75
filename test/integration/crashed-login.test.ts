// First logins that crash after each of their writes.
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { loginMiniapp } from '../../lib/identity/login-miniapp.ts';
import { recogniseOrCreate } from '../../lib/identity/recognise.ts';
import { readAccount } from '../../lib/store/accounts.ts';
import { readUnion } from '../../lib/store/identities.ts';
import { crashesAfter, interceptCommands } from '../support/crashes.ts';
import { createWorld, ids, type Person, type World } from '../support/world.ts';

const WRITES = 3;

describe('first login that crashes', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
  });
  afterAll(() => world.simulator.close());

  const inMiniapp = (person: Person) => ({ appId: ids.miniapp.appId, openId: person.openIds.miniapp });
  const inOfficial = (person: Person) => ({ appId: ids.official.appId, openId: person.openIds.official });
  const logIn = async (person: Person) => loginMiniapp(world.miniapp, await world.phone.loginCode(person));
  const items = async () =>
    (await world.table.client.send(new ScanCommand({ TableName: world.table.name, ConsistentRead: true }))).Items!;
  /** The items that the run adds, except items that expire. */
  const lasting = async (run: () => Promise<unknown>) => {
    const before = new Set((await items()).map(({ pk, sk }) => `${pk} ${sk}`));
    await run();
    return (await items()).filter(({ pk, sk, expiresAt }) => !before.has(`${pk} ${sk}`) && expiresAt === undefined);
  };
  const crashed = async (writes: number) => {
    const person = await world.phone.newPerson();
    const code = await world.phone.loginCode(person);
    const added = await lasting(async () => {
      expect(await crashesAfter(world.table, writes, () => loginMiniapp(world.miniapp, code))).toBe(writes < WRITES);
    });
    return { person, code, added };
  };

  it.each([0, 1, 2, 3])('leaves nothing after %i writes that the next login does not use', async (writes) => {
    const { person, added } = await crashed(writes);
    const accounts = added.filter(({ sk }) => sk === 'ACCOUNT');
    // An account never exists without the identity that points to it.
    for (const { id } of accounts) {
      expect(added.filter(({ sk, accountId }) => sk === 'IDENTITY' && accountId === id)).toHaveLength(1);
    }
    const later = await lasting(() => logIn(person));
    const all = [...added, ...later];
    expect(all.map(({ sk }) => sk as string).toSorted()).toEqual(['ACCOUNT', 'IDENTITY', 'UNION']);
    const { id } = all.find(({ sk }) => sk === 'ACCOUNT')!;
    expect(all.flatMap(({ accountId }) => accountId ?? [])).toEqual([id, id]);
  });

  it.each([1, 2, 3])('gives the user one account after %i writes, also by a login in the other app', async (writes) => {
    const { person } = await crashed(writes);
    const { account } = await recogniseOrCreate(world.base, { ...inOfficial(person), unionId: person.unionId });
    expect((await logIn(person)).user.id).toBe(account.id);
    expect([...(await readAccount(world.table, account.id, 'strong'))!.identities!]).toHaveLength(2);
  });

  it('lets concurrent logins in both apps use one reserved id', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { person } = await crashed(1);
      const reserved = await readUnion(world.table, person.unionId, 'strong');
      const seen = await Promise.all(
        [inMiniapp(person), inOfficial(person), inMiniapp(person), inOfficial(person)].map((openid) =>
          recogniseOrCreate(world.base, { ...openid, unionId: person.unionId }),
        ),
      );
      expect(new Set(seen.map(({ account }) => account.id))).toEqual(new Set([reserved]));
      expect(seen.filter(({ isNewUser }) => isNewUser)).toHaveLength(1);
    }
  });

  it('passes its unionid to an account that exists, and the reserved id is never used', async () => {
    const { person } = await crashed(1);
    const reserved = (await readUnion(world.table, person.unionId, 'strong'))!;
    const { account } = await recogniseOrCreate(world.base, inOfficial(person));
    const added = await lasting(async () => {
      const known = await recogniseOrCreate(world.base, { ...inOfficial(person), unionId: person.unionId });
      expect(known).toMatchObject({ isNewUser: false, account: { id: account.id } });
    });
    expect(added).toEqual([]);
    expect(await readUnion(world.table, person.unionId, 'strong')).toBe(account.id);
    expect((await logIn(person)).user.id).toBe(account.id);
    // The item that blocks the id leads to the account, and expires.
    expect(await readAccount(world.table, reserved, 'strong')).toMatchObject({ id: account.id });
    expect((await items()).find(({ pk }) => pk === `ACCOUNT#${reserved}`)).toHaveProperty('expiresAt');
  });

  it('cannot create its account after the unionid went to another account', async () => {
    const person = await world.phone.newPerson();
    const known = { ...inOfficial(person), unionId: person.unionId };
    const { account } = await recogniseOrCreate(world.base, inOfficial(person));
    let linked = false;
    const end = interceptCommands(world.table, async ({ name, text }, send) => {
      if (name === 'TransactWrite' && text.includes(person.openIds.miniapp) && !linked) {
        linked = true;
        await recogniseOrCreate(world.base, known);
      }
      return send();
    });
    const { user, isNewUser } = await logIn(person);
    end();
    expect(linked).toBe(true);
    expect({ id: user.id, isNewUser }).toEqual({ id: account.id, isNewUser: false });
  });

  it('races a login without the unionid, and both get one account', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { person } = await crashed(1);
      const seen = await Promise.all(
        [
          inMiniapp(person),
          { ...inMiniapp(person), unionId: person.unionId },
          { ...inOfficial(person), unionId: person.unionId },
        ].map((openid) => recogniseOrCreate(world.base, openid)),
      );
      const living = await Promise.all(seen.map(({ account }) => readAccount(world.table, account.id, 'strong')));
      expect(new Set(living.map((account) => account?.id)).size, `round ${round}`).toBe(1);
      expect((await logIn(person)).user.id).toBe(living[0]!.id);
    }
  });
});
