// A unionid that becomes known while its user logs in, and reads that miss the latest write.
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest';
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { recordFollow } from '../../lib/identity/following.ts';
import { pollQrLogin } from '../../lib/scan-login/poll.ts';
import { readAccount } from '../../lib/store/accounts.ts';
import { putUnionId, readUnion } from '../../lib/store/identities.ts';
import { interceptCommands } from '../support/crashes.ts';
import { deliver, recordChange } from '../support/identity-changes.ts';
import { createUnionWorld } from '../support/union-world.ts';
import type { Person } from '../support/world.ts';

const world = await createUnionWorld();
const { follower, inOfficial, keyOf, accountOf, inH5, loginInMiniapp, scan } = world;
let end = () => {};

beforeEach(() => world.bindOpenPlatform('miniapp', 'official'));
afterEach(() => end());
afterAll(() => world.simulator.close());

const storeUnionId = (person: Person) => putUnionId(world.table, { ...inOfficial(person), unionId: person.unionId });

/** Runs `act` before the first command that contains `text`. */
const before = (text: string, act: () => Promise<unknown>) => {
  let isDone = false;
  end = interceptCommands(world.table, async (command, send) => {
    if (isDone || !command.text.includes(text)) return send();
    isDone = true;
    await act();
    return send();
  });
};

/** Lets eventually consistent reads miss an identity from now on. */
const missIdentity = ({ openIds }: Person) => {
  end();
  end = interceptCommands(world.table, async ({ name, text }, send) => {
    const isEventual = name === 'Get' && !text.includes('"ConsistentRead":true');
    return isEventual && text.includes(`#${openIds.official}"`) ? {} : send();
  });
};

/** Logs in with both apps, and expects one account. */
const expectOneAccount = async (person: Person) => {
  const inOfficialAccount = await inH5(person);
  const { user } = await loginInMiniapp(person);
  expect(user.id).toBe((await accountOf(person)).id);
  expect(await readAccount(world.table, inOfficialAccount.id, 'strong')).toMatchObject({ id: user.id });
};

it('links a unionid that is stored while the first login in the official account creates the account', async () => {
  for (const isFirst of [true, false]) {
    const person = await follower();
    if (!isFirst) await loginInMiniapp(person);
    before('"TransactItems"', () => storeUnionId(person));
    const { id } = await inH5(person);
    end();
    expect(await readUnion(world.table, person.unionId, 'strong')).toBe(id);
    await expectOneAccount(person);
  }
});

it('merges two accounts whose unionid an earlier release stored without linking it', async () => {
  const person = await follower();
  await inH5(person);
  const { name: TableName, client } = world.table;
  const UpdateExpression = 'SET unionId = :unionId REMOVE unionRequestedAtMs';
  const ExpressionAttributeValues = { ':unionId': person.unionId };
  await client.send(new UpdateCommand({ TableName, Key: keyOf(person), UpdateExpression, ExpressionAttributeValues }));
  const { user } = await loginInMiniapp(person);
  expect(user.id).not.toBe((await accountOf(person)).id);
  await expectOneAccount(person);
});

it.each(['ask', 'auto'] as const)(
  'finds the account by the unionid that a poll with SCAN_LOGIN_REGISTER=%s stored and cannot read yet',
  async (register) => {
    const person = await follower();
    const { user } = await loginInMiniapp(person);
    const { qr, confirm } = await scan(person);
    await confirm();
    missIdentity(person);
    const answer = await pollQrLogin({ ...world.sessions, register }, qr);
    end();
    expect(answer).toMatchObject({ status: 'registered', user: { id: user.id } });
    await expectOneAccount(person);
  },
);

it('links an account that a login creates while the follow-up asks WeChat, also if a read misses it', async () => {
  const person = await follower();
  const follow = () => recordFollow(world.base, { ...inOfficial(person), follows: true, atS: 100, pushId: 'push-1' });
  const record = await recordChange(world, keyOf(person), follow);
  before(':unionId', async () => {
    await inH5(person);
    missIdentity(person);
  });
  expect(await deliver(world, record)).toEqual([]);
  end();
  expect(await readUnion(world.table, person.unionId, 'strong')).toBe((await accountOf(person)).id);
});
