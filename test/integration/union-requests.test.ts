// Requests for a missing unionid: who is asked about, and how often.
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

it('is requested by the transaction that creates the account, without a further write', async () => {
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

it('is requested by no login in the mini-program', async () => {
  await world.bindOpenPlatform();
  const person = await world.phone.newPerson();
  await loginInMiniapp(person);
  await loginInMiniapp(person);
  await recogniseOrCreate(world.sessions, inMiniapp(person));
  const identity = await readIdentity(world.table, inMiniapp(person), 'strong');
  expect(identity).toMatchObject({ accountId: expect.any(String) });
  expect(identity).not.toHaveProperty('unionRequestedAtMs');
});

it('is requested by no meeting with a user whose unionid is known', async () => {
  const person = await follower();
  await deliver(world, await created(person));
  const before = await identityOf(person);
  world.clock.offsetMs = 48 * HOUR_MS;
  await poll(person);
  await send(person, { type: 'message', kind: 'text', text: '你好' });
  await deliver(world, (await scan(person)).record);
  expect(await identityOf(person)).toEqual(before);
});

const meetings: [string, (person: Person) => Promise<unknown>][] = [
  ['a callback', inH5],
  ['a poll', poll],
  ['a scan of a login code', async (person) => deliver(world, (await scan(person)).record)],
  ['a message', (person) => send(person, { type: 'message', kind: 'text', text: '你好' })],
  ['a menu click', (person) => send(person, { type: 'event', event: 'click', key: 'HELP' })],
];

it.each(meetings)('is requested by %s, at most once a day', async (_, meet) => {
  const person = await world.phone.newPerson();
  await inH5(person);
  const first = (await identityOf(person))!.unionRequestedAtMs!;
  await meet(person);
  world.clock.offsetMs = 23 * HOUR_MS;
  await meet(person);
  expect(await identityOf(person)).toMatchObject({ unionRequestedAtMs: first });
  world.clock.offsetMs = 25 * HOUR_MS;
  const record = await recordChange(world, keyOf(person), () => meet(person));
  const second = (await identityOf(person))!.unionRequestedAtMs!;
  expect(second - first).toBeGreaterThanOrEqual(24 * HOUR_MS);
  expect(isDelivered(record)).toBe(true);
  await meet(person);
  expect(await identityOf(person)).toMatchObject({ unionRequestedAtMs: second });
});

it.each(meetings)('is requested by %s for an account from before these requests', async (_, meet) => {
  const person = await follower();
  await inH5(person);
  const TableName = world.table.name;
  const forget = { TableName, Key: keyOf(person), UpdateExpression: 'REMOVE unionRequestedAtMs' };
  await world.table.client.send(new UpdateCommand(forget));
  const { user } = await loginInMiniapp(person);
  expect(await deliver(world, await recordChange(world, keyOf(person), () => meet(person)))).toEqual([]);
  expect(await readAccount(world.table, user.id, 'strong')).toMatchObject({ id: (await accountOf(person)).id });
});

it('is requested once by concurrent meetings', async () => {
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

it('stores nothing about a user without an identity', async () => {
  const person = await follower();
  await send(person, { type: 'message', kind: 'text', text: '你好' });
  await deliver(world, (await scan(person)).record);
  expect(await identityOf(person)).toBeUndefined();
});

it('is not requested by the scan of a code of the mini-program', async () => {
  const person = await follower();
  const { token } = await loginInMiniapp(person);
  const qr = await createMiniappQrLogin(world.miniapp, ASKER);
  const deps = { ...world.sessions, appId: ids.miniapp.appId, siteName: 'x' };
  for (const decision of ['scan', 'confirm'] as const) {
    const decide = () => decideQrLogin(deps, { token, ticket: qr.ticket, decision });
    expect(isDelivered(await recordChange(world, keys.ticket(qr.ticket), decide))).toBe(false);
  }
});
