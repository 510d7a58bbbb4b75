import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { bindPhone } from '../../lib/identity/bind-phone.ts';
import { getMe } from '../../lib/identity/get-me.ts';
import { loginMiniapp } from '../../lib/identity/login-miniapp.ts';
import { readTakeoverPolicy } from '../../lib/identity/phone-takeover.ts';
import { linkPhone, mergeAccounts } from '../../lib/store/account-links.ts';
import { readAccount, recordActivity } from '../../lib/store/accounts.ts';
import { readPhoneHolder } from '../../lib/store/identities.ts';
import { keys } from '../../lib/store/keys.ts';
import { markClosed } from '../../lib/store/orders.ts';
import { bookEntry } from '../../lib/store/wallets.ts';
import { buy, createBuyers } from '../support/buyers.ts';
import { crashesAfter, interceptCommands } from '../support/crashes.ts';
import { masked, newPhone, phoneUsers } from '../support/phone-users.ts';
import { rejectionsOf } from '../support/rejections.ts';
import { createWorld, type Person, type World } from '../support/world.ts';

const DAY_MS = 24 * 3_600_000;
const REFUSED = { code: 'PHONE_ALREADY_BOUND', detail: { takeOver: false } };
const ALLOWED = { code: 'PHONE_ALREADY_BOUND', detail: { takeOver: true } };

describe('phone number that another account has', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
    await createBuyers(world);
  });
  afterEach(() => void (world.clock.offsetMs = 0));
  afterAll(() => world.simulator.close());

  const wait = (days: number) => void (world.clock.offsetMs += days * DAY_MS);
  const logIn = async (person: Person) => loginMiniapp(world.miniapp, await world.phone.loginCode(person));
  const { loggedIn, codeOf, bind: bindBy, callsFor } = phoneUsers(() => world);
  const bind = (token: string, code: string, takeOver?: true) => bindBy(token, { code }, takeOver);
  const accountOf = async (id: string) => (await readAccount(world.table, id, 'strong'))!;

  /** A user with a bound number, and later another user with the same number. */
  const twoUsers = async (daysBetween = 105) => {
    const phone = newPhone();
    const owner = await loggedIn({ phone });
    const bound = await bind(owner.token, await codeOf(owner.person));
    return {
      owner: { ...owner, bound },
      phone: `+86${phone}`,
      newcomer: async () => {
        const user = await loggedIn({ phone });
        return { ...user, code: await codeOf(user.person) };
      },
      later: () => wait(daysBetween),
    };
  };
  const credit = (accountId: string, amountFen = 500) =>
    bookEntry(world.table, { accountId, id: `test:${accountId}:${amountFen}`, amountFen, outTradeNo: 'x', at: 'x' });

  it('moves on takeOver after 90 days without use, with the same code and without another call to WeChat', async () => {
    const { owner, phone, newcomer, later } = await twoUsers();
    later();
    const { token, user, code } = await newcomer();
    const calls = await callsFor(async () => {
      await expect(bind(token, code)).rejects.toMatchObject(ALLOWED);
      expect(await readPhoneHolder(world.table, phone)).toBe(owner.user.id);
      const answer = await bind(token, code, true);
      expect(answer.user).toMatchObject({ id: user.id, username: masked(phone), initialized: true });
    });
    expect(calls).toBe(1);
    expect(await readPhoneHolder(world.table, phone)).toBe(user.id);
    // The binding of a first number ends no session.
    await expect(getMe(world.sessions, token)).resolves.toBeDefined();
  });

  it('moves to another WeChat account of the same user, as a number that was reissued does', async () => {
    const { owner, phone, later } = await twoUsers();
    const changed = (await world.phone.act(owner.person, 'change-account')) as Person;
    const early = await logIn(changed);
    await expect(bind(early.token, await codeOf(changed))).rejects.toMatchObject(REFUSED);
    later();
    const { token, user } = await logIn(changed);
    const code = await codeOf(changed);
    await expect(bind(token, code)).rejects.toMatchObject(ALLOWED);
    await bind(token, code, true);
    expect(await readPhoneHolder(world.table, phone)).toBe(user.id);
    expect(user.id).not.toBe(owner.user.id);
  });

  it('leaves the former account everything but the number, with a random username', async () => {
    const { owner, newcomer, later } = await twoUsers();
    const before = await accountOf(owner.user.id);
    later();
    const { token, user, code } = await newcomer();
    await bind(token, code, true);
    const { phone, ...kept } = before;
    expect(phone).toBeDefined();
    expect(await accountOf(owner.user.id)).toEqual({
      ...kept,
      username: expect.stringMatching(/^user_[0-9a-z]{10}$/),
      revision: before.revision + 1,
      phoneRelease: { reason: 'taken-over', takenOverBy: user.id },
    });
    const next = await logIn(owner.person);
    expect(next.user).toMatchObject({ id: owner.user.id, initialized: false, phone: null });
  });

  it('stays with an account whose recorded activity is less than 104 days old, also on takeOver', async () => {
    const { newcomer } = await twoUsers();
    wait(103);
    const { token, code } = await newcomer();
    for (const takeOver of [undefined, true] as const) {
      await expect(bind(token, code, takeOver)).rejects.toMatchObject(REFUSED);
    }
  });

  it('stays with an account that was used in the last 90 days, though its activity was recorded before', async () => {
    const { owner, newcomer } = await twoUsers();
    wait(6.9);
    const { token: unrecorded } = await logIn(owner.person);
    wait(6.9);
    await expect(getMe(world.sessions, unrecorded)).resolves.toBeDefined();
    wait(89);
    const { token, code } = await newcomer();
    await expect(bind(token, code, true)).rejects.toMatchObject(REFUSED);
  });

  it('stays with its account when PHONE_TAKEOVER_DAYS is 0', async () => {
    const { newcomer, later } = await twoUsers();
    later();
    const { token, code } = await newcomer();
    const deps = { ...world.miniapp, takeover: readTakeoverPolicy('0', '2020-01-01') };
    const call = bindPhone(deps, { token, proof: { code }, takeOver: true });
    await expect(call).rejects.toMatchObject(REFUSED);
  });

  it('stays with an account without recorded activity until the days since the deployment have passed', async () => {
    const { owner, newcomer, later } = await twoUsers();
    later();
    const { token, code } = await newcomer();
    const forget = new UpdateCommand({
      TableName: world.table.name,
      Key: keys.account(owner.user.id),
      UpdateExpression: 'REMOVE lastActiveAt',
    });
    await world.table.client.send(forget);
    const deployedOn = (days: number) => new Date(world.base.now() - days * DAY_MS).toISOString().slice(0, 10);
    const call = (days: number) => {
      const deps = { ...world.miniapp, takeover: readTakeoverPolicy('90', deployedOn(days)) };
      return bindPhone(deps, { token, proof: { code }, takeOver: true });
    };
    await expect(call(103)).rejects.toMatchObject(REFUSED);
    expect((await call(105)).user.initialized).toBe(true);
  });

  it('stays with an account whose wallet holds money', async () => {
    const { owner, newcomer, later } = await twoUsers();
    await credit(owner.user.id);
    later();
    const { token, code } = await newcomer();
    await expect(bind(token, code, true)).rejects.toMatchObject(REFUSED);
    await credit(owner.user.id, -500);
    expect((await bind(token, code, true)).user.initialized).toBe(true);
  });

  it('stays with an account whose order is open', async () => {
    const { owner, newcomer, later } = await twoUsers();
    const { order } = await buy(world.pay, { token: owner.token });
    later();
    const { token, code } = await newcomer();
    await expect(bind(token, code, true)).rejects.toMatchObject(REFUSED);
    await markClosed(world.table, { outTradeNo: order.outTradeNo, from: ['NOTPAY'] });
    expect((await bind(token, code, true)).user.initialized).toBe(true);
  });

  it.each(['money', 'an open order'])('stays with an account whose former id has %s', async (blocker) => {
    const { owner, newcomer, later } = await twoUsers();
    const former = await loggedIn();
    if (blocker === 'money') await credit(former.user.id);
    else await buy(world.pay, { token: former.token });
    const [into, from] = [await accountOf(owner.user.id), await accountOf(former.user.id)];
    expect(await mergeAccounts(world.table, { into, from, unionId: former.person.unionId, at: into.createdAt })).toBe(
      true,
    );
    later();
    const { token, code } = await newcomer();
    await expect(bind(token, code, true)).rejects.toMatchObject(REFUSED);
  });

  it('replaces the former number of the user who takes it over, and ends the older sessions of that user', async () => {
    const { phone, newcomer, later } = await twoUsers();
    later();
    const { person, token, user } = await newcomer();
    const account = await accountOf(user.id);
    const former = `+86${newPhone()}`;
    expect(await linkPhone(world.table, account, { phone: former, username: former })).toBe(true);
    wait(1);
    const code = await codeOf(person);
    await expect(bind(token, code, true)).rejects.toMatchObject({ code: 'FRESH_LOGIN_REQUIRED' });
    expect(await readPhoneHolder(world.table, former)).toBe(user.id);
    const fresh = await logIn(person);
    const answer = await bind(fresh.token, code, true);
    expect(answer.user).toMatchObject({ id: user.id, username: masked(phone) });
    expect(await readPhoneHolder(world.table, former)).toBeUndefined();
    await expect(getMe(world.sessions, token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    await expect(getMe(world.sessions, answer.token)).resolves.toBeDefined();
  });

  it('moves to one of two users who take it over concurrently', async () => {
    for (let round = 0; round < 10; round += 1) {
      const { owner, phone, newcomer, later } = await twoUsers();
      later();
      const takers = [await newcomer(), await newcomer()];
      const outcomes = await Promise.allSettled(takers.map(({ token, code }) => bind(token, code, true)));
      const winners = takers.filter((_, i) => outcomes[i]!.status === 'fulfilled');
      expect(winners).toHaveLength(1);
      const [lost] = outcomes.flatMap((outcome) => (outcome.status === 'rejected' ? [outcome.reason] : []));
      expect(lost).toMatchObject(REFUSED);
      expect(await readPhoneHolder(world.table, phone)).toBe(winners[0]!.user.id);
      expect(await accountOf(owner.user.id)).not.toHaveProperty('phone');
      world.clock.offsetMs = 0;
    }
  });

  it('stays with an account whose user logs in while it is taken over, or moves before the login', async () => {
    for (let round = 0; round < 15; round += 1) {
      const { owner, phone, newcomer, later } = await twoUsers();
      later();
      const { token, user, code } = await newcomer();
      const [taken, back] = await Promise.allSettled([bind(token, code, true), logIn(owner.person)]);
      expect(back.status).toBe('fulfilled');
      const holder = await readPhoneHolder(world.table, phone);
      const account = await accountOf(owner.user.id);
      expect(Date.parse(account.lastActiveAt!)).toBeGreaterThan(world.base.now() - DAY_MS);
      const isTaken = taken.status === 'fulfilled';
      expect({ holder, phone: account.phone, errors: rejectionsOf([taken]) }).toMatchObject(
        isTaken
          ? { holder: user.id, phone: undefined, errors: [] }
          : { holder: owner.user.id, phone, errors: [REFUSED] },
      );
      world.clock.offsetMs = 0;
    }
  });

  it.each([
    ['the user logs in', async (id: string) => recordActivity(world.table, await accountOf(id), world.base.now())],
    ['the wallet gets money', (id: string) => credit(id)],
  ])('stays with its account when %s between the check and the write', async (_, change) => {
    const { owner, phone, newcomer, later } = await twoUsers();
    later();
    const { token, code } = await newcomer();
    let changed = false;
    const end = interceptCommands(world.table, async ({ name, text }, send) => {
      if (name === 'TransactWrite' && text.includes('taken-over') && !changed) {
        changed = true;
        await change(owner.user.id);
      }
      return send();
    });
    await expect(bind(token, code, true)).rejects.toMatchObject(REFUSED);
    end();
    expect(changed).toBe(true);
    expect(await readPhoneHolder(world.table, phone)).toBe(owner.user.id);
  });

  it('survives a crash between the move and the session, and accepts the code again', async () => {
    const { phone, newcomer, later } = await twoUsers();
    later();
    const { token, user, code } = await newcomer();
    for (const writes of [3, 4, 5]) {
      await crashesAfter(world.table, writes, () => bind(token, code, true));
    }
    expect((await bind(token, code)).user.id).toBe(user.id);
    expect(await readPhoneHolder(world.table, phone)).toBe(user.id);
  });
});
