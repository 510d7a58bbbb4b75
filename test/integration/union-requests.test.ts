// Requests to look up a missing unionid: for which users, and how often.
import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, afterEach, beforeEach, expect, it } from 'vitest';
import { requestUnionId } from '../../lib/identity/following.ts';
import { recogniseOrCreate } from '../../lib/identity/recognise.ts';
import { createMiniappQrLogin } from '../../lib/scan-login/create.ts';
import { decideQrLogin } from '../../lib/scan-login/decide.ts';
import { readAccount } from '../../lib/store/accounts.ts';
import { readIdentity } from '../../lib/store/identities.ts';
import { keys } from '../../lib/store/keys.ts';
import { interceptCommands, isWrite } from '../support/crashes.ts';
import { createUnionWorld, HOUR_MS, REQUESTED } from '../support/union-world.ts';
import { deliver, isDelivered, recordChange } from '../support/identity-changes.ts';
import { ASKER } from '../support/scan-login.ts';
import { ids, type Person } from '../support/world.ts';

const world = await createUnionWorld();
const {
  follower,
  inOfficial,
  inMiniapp,
  keyOf,
  identityOf,
  accountOf,
  inH5,
  loginInMiniapp,
  send,
  scan,
  poll,
  created,
} = world;

beforeEach(() => world.bindOpenPlatform('miniapp', 'official'));
afterEach(() => void (world.clock.offsetMs = 0));
afterAll(() => world.simulator.close());

it('the transaction that creates an account requests the lookup of a missing unionid', async () => {
  const person = await follower();
  const writes: string[] = [];
  const end = interceptCommands(world.table, async ({ name }, run) => {
    if (isWrite(name)) writes.push(name);
    return run();
  });
  const record = await created(person);
  end();
  expect(writes).toEqual(['TransactWrite']);
  expect(await identityOf(person)).toMatchObject(REQUESTED);
  expect(isDelivered(record)).toBe(true);
});

it('a login in the mini-program requests no lookup of a unionid', async () => {
  await world.bindOpenPlatform();
  const person = await world.phone.newPerson();
  await loginInMiniapp(person);
  await loginInMiniapp(person);
  await recogniseOrCreate(world.sessions, inMiniapp(person));
  const identity = await readIdentity(world.table, inMiniapp(person), 'strong');
  expect(identity).toMatchObject({ accountId: expect.any(String) });
  expect(identity).not.toHaveProperty('unionRequestedAtMs');
});

it('a poll, a message and a scan of a user with a stored unionid request no lookup', async () => {
  const person = await follower();
  await deliver(world, await created(person));
  const before = await identityOf(person);
  world.clock.offsetMs = 48 * HOUR_MS;
  await poll(person);
  await send(person, { type: 'message', kind: 'text', text: '你好' });
  await deliver(world, (await scan(person)).record);
  expect(await identityOf(person)).toEqual(before);
});

const contacts: [string, (person: Person) => Promise<unknown>][] = [
  ['a callback', inH5],
  ['a poll', poll],
  ['a scan of a login code', async (person) => deliver(world, (await scan(person)).record)],
  ['a message', (person) => send(person, { type: 'message', kind: 'text', text: '你好' })],
  ['a menu click', (person) => send(person, { type: 'event', event: 'click', key: 'HELP' })],
];

it.each(contacts)('%s requests the lookup of a missing unionid, at most once a day', async (_, contact) => {
  const person = await world.phone.newPerson();
  await inH5(person);
  const first = (await identityOf(person))!.unionRequestedAtMs!;
  await contact(person);
  world.clock.offsetMs = 23 * HOUR_MS;
  await contact(person);
  expect(await identityOf(person)).toMatchObject({ unionRequestedAtMs: first });
  world.clock.offsetMs = 25 * HOUR_MS;
  const record = await recordChange(world, keyOf(person), () => contact(person));
  const second = (await identityOf(person))!.unionRequestedAtMs!;
  expect(second - first).toBeGreaterThanOrEqual(24 * HOUR_MS);
  expect(isDelivered(record)).toBe(true);
  await contact(person);
  expect(await identityOf(person)).toMatchObject({ unionRequestedAtMs: second });
});

it.each(contacts)(
  '%s requests the lookup for an account of an earlier release, and the accounts merge',
  async (_, contact) => {
    const person = await follower();
    await inH5(person);
    const TableName = world.table.name;
    const forget = { TableName, Key: keyOf(person), UpdateExpression: 'REMOVE unionRequestedAtMs' };
    await world.table.client.send(new UpdateCommand(forget));
    const { user } = await loginInMiniapp(person);
    expect(await deliver(world, await recordChange(world, keyOf(person), () => contact(person)))).toEqual([]);
    expect(await readAccount(world.table, user.id, 'strong')).toMatchObject({ id: (await accountOf(person)).id });
  },
);

it('concurrent pushes of a user request one lookup of the unionid', async () => {
  for (let round = 0; round < 20; round += 1) {
    const person = await world.phone.newPerson();
    await inH5(person);
    world.clock.offsetMs = 25 * HOUR_MS;
    let written = 0;
    const end = interceptCommands(world.table, async ({ name, text }, run) => {
      const answer = await run();
      if (isWrite(name) && text.includes('unionRequestedAtMs')) written += 1;
      return answer;
    });
    await Promise.all([1, 2, 3, 4].map(() => requestUnionId(world.base, inOfficial(person))));
    end();
    world.clock.offsetMs = 0;
    expect(written, `round ${round}`).toBe(1);
  }
});

it('a message and a scan store no identity of an unknown user', async () => {
  const person = await follower();
  await send(person, { type: 'message', kind: 'text', text: '你好' });
  await deliver(world, (await scan(person)).record);
  expect(await identityOf(person)).toBeUndefined();
});

it('the scan of a code of the mini-program requests no lookup of a unionid', async () => {
  const person = await follower();
  const { token } = await loginInMiniapp(person);
  const qr = await createMiniappQrLogin(world.miniapp, ASKER);
  const deps = { ...world.sessions, appId: ids.miniapp.appId, siteName: 'x' };
  for (const decision of ['scan', 'confirm'] as const) {
    const decide = () => decideQrLogin(deps, { token, ticket: qr.ticket, decision });
    expect(isDelivered(await recordChange(world, keys.ticket(qr.ticket), decide))).toBe(false);
  }
});
