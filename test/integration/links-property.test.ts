// Property test: accounts and their identifiers stay consistent under any sequence of concurrent changes to a few users.
import { ScanCommand } from '@aws-sdk/lib-dynamodb';
import * as fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { isAppError } from '../../lib/core/errors.ts';
import { recognise, recogniseOrCreate } from '../../lib/identity/recognise.ts';
import { linkPhone, closeAndUnlinkAccount } from '../../lib/store/account-links.ts';
import { readAccount } from '../../lib/store/accounts.ts';
import { identityName, putUnionId, readIdentity, type Person } from '../../lib/store/identities.ts';
import { createWorld, type World } from '../support/world.ts';

type Act =
  | { do: 'meet'; person: number; app: number; withUnionId: boolean }
  | { do: 'recognise'; person: number; app: number; withUnionId: boolean }
  | { do: 'look up'; person: number; app: number }
  | { do: 'bind'; person: number; app: number; phone: number }
  | { do: 'close'; person: number; app: number };

const person = fc.nat({ max: 1 });
const app = fc.nat({ max: 2 });
const act: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ do: fc.constant('meet' as const), person, app, withUnionId: fc.boolean() }),
  fc.record({ do: fc.constant('recognise' as const), person, app, withUnionId: fc.boolean() }),
  fc.record({ do: fc.constant('look up' as const), person, app }),
  fc.record({ do: fc.constant('bind' as const), person, app, phone: fc.nat({ max: 2 }) }),
  fc.record({ do: fc.constant('close' as const), person, app }),
);

describe('links of accounts', () => {
  let world: World;
  let runs = 0;
  beforeAll(async () => {
    world = await createWorld();
  });
  afterAll(() => world.simulator.close());

  const at = () => new Date().toISOString();

  it('are consistent after any sequence of concurrent changes', async () => {
    const batches = fc.array(fc.array(act, { minLength: 1, maxLength: 4 }), { minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(batches, async (sequence) => {
        const run = `r${(runs += 1)}`;
        for (const batch of sequence) await Promise.all(batch.map((action) => perform(run, action)));
        await expectAgreement(run);
      }),
      { numRuns: 100 },
    );
  });

  async function perform(run: string, action: Act): Promise<void> {
    const user = { appId: `${run}-app${action.app}`, openId: `o-${run}-${action.person}-${action.app}` };
    const unionId = `u-${run}-${action.person}`;
    const sighting = 'withUnionId' in action && action.withUnionId ? { ...user, unionId } : user;
    try {
      if (action.do === 'meet') await recogniseOrCreate(world.base, sighting);
      if (action.do === 'recognise') await recognise(world.base, sighting);
      // A lookup at WeChat stores the unionid of a user without an account.
      if (action.do === 'look up') await putUnionId(world.table, { ...user, unionId });
      if (action.do === 'bind')
        await change(user, (account) =>
          linkPhone(world.table, account, { phone: `+${run}${action.phone}`, username: `${action.phone}` }),
        );
      if (action.do === 'close') await change(user, (account) => closeAndUnlinkAccount(world.table, account, at()));
    } catch (error) {
      if (!isAppError(error, 'IDENTITY_CONFLICT')) throw error;
    }
  }

  async function change(
    user: Person,
    write: (account: NonNullable<Awaited<ReturnType<typeof accountOf>>>) => Promise<boolean>,
  ) {
    const account = await accountOf(user);
    if (account) await write(account);
  }

  async function accountOf(user: Person) {
    const identity = await readIdentity(world.table, user, 'strong');
    return identity?.accountId ? readAccount(world.table, identity.accountId, 'strong') : undefined;
  }

  async function expectAgreement(run: string): Promise<void> {
    const items = (
      await world.table.client.send(new ScanCommand({ TableName: world.table.name, ConsistentRead: true }))
    ).Items!;
    const of = (prefix: string) => items.filter(({ pk }) => String(pk).startsWith(prefix) && String(pk).includes(run));
    const links = [...of(`IDENTITY#${run}-`), ...of(`UNION#u-${run}-`), ...of(`PHONE#+${run}`)];
    for (const link of links.filter(({ accountId }) => accountId)) {
      const { accountId, unionId, phone, appId, openId } = link;
      const account = items.find(({ pk, sk }) => pk === `ACCOUNT#${accountId}` && sk === 'ACCOUNT');
      // Each identifier leads directly to an open account, which lists the identifier.
      expect(account, JSON.stringify(link)).toBeDefined();
      expect(account!['mergedInto'] ?? account!['closedAt'], JSON.stringify({ link, account })).toBeUndefined();
      const listed = [account!['phone'], ...(account!['identities'] ?? []), ...(account!['unionIds'] ?? [])];
      const identifiers = [phone, openId && identityName({ appId, openId }), unionId].filter(Boolean);
      expect(listed, JSON.stringify({ link, account })).toEqual(expect.arrayContaining(identifiers));
    }
    const living = items.filter(
      (item) => item['sk'] === 'ACCOUNT' && item['identities'] && JSON.stringify([...item['identities']]).includes(run),
    );
    for (const account of living.filter((item) => !item['mergedInto'] && !item['closedAt'])) {
      const linked = await Promise.all(
        [...(account['identities'] as Set<string>)].map((name) =>
          accountOf({ appId: name.split('#')[0]!, openId: name.split('#')[1]! }),
        ),
      );
      expect(new Set(linked.map((owner) => owner?.id)), JSON.stringify(account)).toEqual(new Set([account['id']]));
    }
  }
});
