// Closed WeChat accounts, from the push of each app to the erased account.
import { DynamoDBDocumentClient, PutCommand } from '@aws-sdk/lib-dynamodb';
import * as fc from 'fast-check';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { eraseAccount } from '../../lib/identity/erase-account.ts';
import { recordFollow } from '../../lib/identity/following.ts';
import { getMe } from '../../lib/identity/get-me.ts';
import { loginMiniapp } from '../../lib/identity/login-miniapp.ts';
import { updateProfile } from '../../lib/identity/update-profile.ts';
import { readStoredAccount } from '../../lib/store/accounts.ts';
import { putUnionId, readIdentity } from '../../lib/store/identities.ts';
import { keys } from '../../lib/store/keys.ts';
import { readOrder } from '../../lib/store/orders.ts';
import { readUserToken } from '../../lib/store/user-tokens.ts';
import { bookEntry, creditId, readBalance } from '../../lib/store/wallets.ts';
import { recordConsole } from '../support/console.ts';
import { buy, createBuyers } from '../support/buyers.ts';
import { startBucket, type Bucket } from '../support/bucket.ts';
import { about, privateUsers, type PrivateUser } from '../support/private-users.ts';
import { loadPushFunctions, type App } from '../support/user-data-pushes.ts';
import { createWorld, ids, type World } from '../support/world.ts';

const CANCEL = 'user_authorization_cancellation';
const EMPTY = { nickname: null, phone: null };
const SUCCESS = { statusCode: 200, body: 'success' };

let world: World;
let functions: Awaited<ReturnType<typeof loadPushFunctions>>;
let users: ReturnType<typeof privateUsers>;
let bucket: Bucket;
const lines: string[] = [];
beforeAll(async () => {
  bucket = await startBucket();
  world = await createWorld();
  await world.bindOpenPlatform('miniapp', 'official');
  await createBuyers(world);
  users = privateUsers(world);
  functions = await loadPushFunctions(world);
  recordConsole(lines);
});
afterEach(() => void lines.splice(0));
afterAll(async () => {
  await world.simulator.close();
  await bucket.stop();
});

describe('a closed WeChat account', () => {
  const closeAt = (app: App, user: PrivateUser) => functions.push(app, about(user, app, CANCEL));

  it('leaves no openid, unionid, phone or nickname in a lasting item, whatever the user did before', async () => {
    const acts = fc.record({
      app: fc.constantFrom<App>('miniapp', 'official'),
      orders: fc.integer({ min: 0, max: 3 }),
      renames: fc.boolean(),
      follows: fc.boolean(),
      merged: fc.boolean(),
      uploads: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(acts, async ({ app, orders, renames, follows, merged, uploads }) => {
        const user = await users.newUser({ merged });
        const { token, official } = user;
        if (renames) await updateProfile(world.miniapp, { token, input: { nickname: `${user.nickname}二` } });
        if (uploads) await users.uploadAvatar(user);
        if (follows) await recordFollow(world.base, { ...official, follows: true, atS: 1, pushId: 'p' });
        for (let count = 0; count < orders; count += 1) await buy(world.pay, { token });
        expect(await users.traces(user)).not.toEqual([]);
        expect(await closeAt(app, user)).toMatchObject(SUCCESS);
        expect(await users.traces(user)).toEqual([]);
        expect(await bucket.keys()).toEqual([]);
        expect(await readUserToken(world.table, official, world.base.now())).toBeUndefined();
        await expect(getMe(world.sessions, token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
      }),
      { numRuns: 12 },
    );
  });

  it('ends every session, and the next user with the same ids gets a new account', async () => {
    const user = await users.newUser();
    const other = await users.login(user.person);
    await closeAt('miniapp', user);
    for (const token of [user.token, other.token]) {
      await expect(getMe(world.sessions, token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    }
    const next = await users.login(user.person);
    expect(next).toMatchObject({ isNewUser: true });
    expect(next.user).toMatchObject({ nickname: null, phone: null });
    expect(next.user.id).not.toBe(user.userId);
  });

  it('closes an account without open money as such', async () => {
    const user = await users.newUser();
    await closeAt('official', user);
    const closed = await readStoredAccount(world.table, user.userId, 'strong');
    expect(closed?.closure).toEqual({ reason: 'wechat-account-cancelled', openMoney: false });
  });

  it('keeps the ledger and the wallet of an account with open money, and reports the money', async () => {
    const user = await users.newUser();
    const { order } = await buy(world.pay, { token: user.token });
    const topUp = { accountId: user.userId, outTradeNo: 'x'.repeat(32), at: new Date().toISOString() };
    await bookEntry(world.table, { ...topUp, id: creditId(topUp.outTradeNo), amountFen: 500 });
    await closeAt('miniapp', user);
    expect(await readStoredAccount(world.table, user.userId, 'strong')).toMatchObject({ closure: { openMoney: true } });
    expect(await readBalance(world.table, user.userId)).toBe(500);
    expect(await readOrder(world.table, order.outTradeNo)).toMatchObject({ state: 'NOTPAY', amountFen: 1_800 });
    expect(lines.join('\n')).toMatch(/"identity.closed".*"openMoney":true/);
  });

  it('closes the account that the unionid names, when the openid has no account', async () => {
    const person = await world.phone.newPerson();
    const { user } = await users.login(person);
    const official = { appId: ids.official.appId, openId: person.openIds.official };
    await putUnionId(world.table, { ...official, unionId: person.unionId });
    await functions.push('official', about({ person }, 'official', CANCEL));
    expect(await users.accountOf({ userId: user.id })).toBeUndefined();
    expect(await readIdentity(world.table, official, 'strong')).toBeUndefined();
  });

  it.each([
    ['the erasure of a payer', 'REMOVE openId'],
    ['the note that the push was applied', 'SET appliedAtMs'],
  ])('is completed by a retry after a failure of %s', async (_, write) => {
    const user = await users.newUser();
    const { order } = await buy(world.pay, { token: user.token });
    await functions.send('miniapp', about(user, 'miniapp', CANCEL));
    const [stored] = (await functions.stored()).filter(({ openId }) => openId === user.person.openIds.miniapp);
    const { send } = DynamoDBDocumentClient.prototype;
    const failing = vi.spyOn(DynamoDBDocumentClient.prototype, 'send').mockImplementation(function fail(
      this: DynamoDBDocumentClient,
      command,
    ) {
      if (JSON.stringify(command.input).includes(write)) throw new Error('throttled');
      return (send as (command: unknown) => Promise<never>).call(this, command);
    });
    await expect(functions.deliver(stored!)).rejects.toThrow('throttled');
    failing.mockRestore();
    await functions.deliver(stored!);
    expect(await users.traces(user)).toEqual([]);
    expect(await readOrder(world.table, order.outTradeNo)).not.toHaveProperty('openId');
  });

  it('erases the payer of an order that was stored during the close, after a crash behind the close', async () => {
    const user = await users.newUser();
    await functions.send('miniapp', about(user, 'miniapp', CANCEL));
    const [stored] = (await functions.stored()).filter(({ openId }) => openId === user.person.openIds.miniapp);
    const { order } = await buy(world.pay, { token: user.token });
    const late = (await readOrder(world.table, order.outTradeNo))!;
    await eraseAccount(world.closing, (await users.accountOf(user))!, 'wechat-account-cancelled');
    const Item = { ...keys.order(late.outTradeNo), ...late };
    await world.table.client.send(new PutCommand({ TableName: world.table.name, Item }));
    await functions.deliver(stored!);
    expect(await users.traces(user)).toEqual([]);
  });

  it('leaves the old account closed when the user logs in concurrently', async () => {
    for (let round = 0; round < 8; round += 1) {
      const user = await users.newUser();
      const code = await world.phone.loginCode(user.person);
      const [, seen] = await Promise.all([closeAt('miniapp', user), loginMiniapp(world.miniapp, code)]);
      expect(await users.accountOf(user)).toBeUndefined();
      // Either the session has ended, or it belongs to a new account.
      const view = await getMe(world.sessions, seen.token).catch(() => ({ user: { ...EMPTY, id: 'ended' } }));
      expect(view.user).toMatchObject(EMPTY);
      expect(view.user.id).not.toBe(user.userId);
    }
  });
});
