import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { loginMiniapp } from '../../lib/identity/login-miniapp.ts';
import { endSessions } from '../../lib/identity/end-sessions.ts';
import { getMe } from '../../lib/identity/get-me.ts';
import { register } from '../../lib/identity/register.ts';
import { recognise, recogniseOrCreate } from '../../lib/identity/recognise.ts';
import { getOrder } from '../../lib/pay/get-order.ts';
import { linkPhone } from '../../lib/store/account-links.ts';
import { readAccount, readMerges, setProfile, setWechatProfile, type Account } from '../../lib/store/accounts.ts';
import { readIdentity, readUnion, type Person } from '../../lib/store/identities.ts';
import { pollQrLogin } from '../../lib/scan-login/poll.ts';
import { createOfficialQrLogin } from '../../lib/scan-login/create.ts';
import { createBuyers } from '../support/buyers.ts';
import { interceptCommands } from '../support/crashes.ts';
import { ASKER, chatOf } from '../support/scan-login.ts';
import { createWorld, ids, type Person as PhoneOwner, type World } from '../support/world.ts';

describe('user with several openids', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
  });
  beforeEach(() => world.bindOpenPlatform('miniapp', 'official'));
  afterAll(() => world.simulator.close());

  const inMiniapp = ({ openIds, unionId }: PhoneOwner, withUnionId = true): Person => ({
    appId: ids.miniapp.appId,
    openId: openIds.miniapp,
    ...(withUnionId && { unionId }),
  });
  const inOfficial = ({ openIds, unionId }: PhoneOwner, withUnionId = true): Person => ({
    appId: ids.official.appId,
    openId: openIds.official,
    ...(withUnionId && { unionId }),
  });
  const meet = async (person: Person) => (await recogniseOrCreate(world.base, person)).account;
  const accountOf = async (person: Person): Promise<Account> => {
    const { accountId } = (await readIdentity(world.table, person, 'strong'))!;
    return (await readAccount(world.table, accountId!, 'strong'))!;
  };
  const givePhone = async (account: Account, phone: string) => {
    const current = (await readAccount(world.table, account.id, 'strong'))!;
    expect(await linkPhone(world.table, current, { phone, username: phone })).toBe(true);
  };

  it('has one account in the mini-program and in the official account by the unionid', async () => {
    const owner = await world.phone.newPerson();
    const { user } = await loginMiniapp(world.miniapp, await world.phone.loginCode(owner));
    const account = await meet(inOfficial(owner));
    expect(account.id).toBe(user.id);
    expect([...(await accountOf(inMiniapp(owner))).identities!]).toHaveLength(2);
  });

  it('is logged in by a scan when the unionid of the follower leads to an account', async () => {
    const owner = await world.phone.newPerson();
    const { user } = await loginMiniapp(world.miniapp, await world.phone.loginCode(owner));
    await world.phone.act(owner, 'event', { event: 'subscribe' });
    const qr = await createOfficialQrLogin(world.official, ASKER);
    const scan = { ticket: qr.ticket, openId: owner.openIds.official };
    expect(await chatOf(world.officialEvents).logIn(scan)).toBe(true);
    expect(await pollQrLogin(world.sessions, qr)).toMatchObject({ status: 'registered', user: { id: user.id } });
  });

  it('is registered with the unionid of the scan, which the registration token does not contain', async () => {
    const owner = await world.phone.newPerson();
    await world.phone.act(owner, 'event', { event: 'subscribe' });
    const qr = await createOfficialQrLogin(world.official, ASKER);
    const scan = { ticket: qr.ticket, openId: owner.openIds.official };
    await chatOf(world.officialEvents).logIn(scan);
    const answer = await pollQrLogin(world.sessions, qr);
    if (answer.status !== 'unregistered') throw new Error(answer.status);
    const claims = Buffer.from(answer.registrationToken.split('.')[1]!, 'base64url').toString();
    expect(claims).not.toContain(owner.unionId);
    const { user } = await register(world.sessions, answer.registrationToken);
    expect((await loginMiniapp(world.miniapp, await world.phone.loginCode(owner))).user.id).toBe(user.id);
  });

  it('is asked to register when the lookup of the unionid fails', async () => {
    const owner = await world.phone.newPerson();
    await loginMiniapp(world.miniapp, await world.phone.loginCode(owner));
    const qr = await createOfficialQrLogin(world.official, ASKER);
    await chatOf(world.officialEvents).logIn({ ticket: qr.ticket, openId: owner.openIds.official });
    await world.faults('user/info', '5xx', 2);
    expect(await pollQrLogin(world.sessions, qr)).toMatchObject({ status: 'unregistered' });
  });

  it('gets one account when both apps see the user for the first time concurrently', async () => {
    for (let round = 0; round < 20; round += 1) {
      const owner = await world.phone.newPerson();
      const seen = await Promise.all(
        [inMiniapp(owner), inOfficial(owner), inMiniapp(owner), inOfficial(owner), inMiniapp(owner, false)].map(meet),
      );
      const living = await Promise.all(seen.map(({ id }) => readAccount(world.table, id, 'strong')));
      expect(new Set(living.map((account) => account?.id)).size, `round ${round}`).toBe(1);
      expect([...living[0]!.identities!].toSorted()).toHaveLength(2);
    }
  });

  it('gets a unionid linked that arrives after the account was created', async () => {
    await world.bindOpenPlatform();
    const owner = await world.phone.newPerson();
    const first = await loginMiniapp(world.miniapp, await world.phone.loginCode(owner));
    expect(await readUnion(world.table, owner.unionId, 'strong')).toBeUndefined();
    await world.bindOpenPlatform('miniapp');
    const second = await loginMiniapp(world.miniapp, await world.phone.loginCode(owner));
    expect(second).toMatchObject({ isNewUser: false, user: { id: first.user.id } });
    expect(await readUnion(world.table, owner.unionId, 'strong')).toBe(first.user.id);
    expect((await meet(inOfficial(owner))).id).toBe(first.user.id);
  });

  describe('user whose unionid joins two accounts', () => {
    const twoAccounts = async () => {
      const owner = await world.phone.newPerson();
      const older = await meet(inMiniapp(owner, false));
      await world.base.sleep(5);
      const younger = await meet(inOfficial(owner));
      expect(younger.id).not.toBe(older.id);
      return { owner, older, younger };
    };

    it('keeps the older account, and the merge is recorded', async () => {
      const { owner, older, younger } = await twoAccounts();
      const merged = await recognise(world.base, inMiniapp(owner));
      expect(merged).toMatchObject({ id: older.id });
      expect((await accountOf(inOfficial(owner))).id).toBe(older.id);
      expect(await readUnion(world.table, owner.unionId, 'strong')).toBe(older.id);
      expect(await readMerges(world.table, older.id)).toMatchObject([
        { fromId: younger.id, intoId: older.id, unionId: owner.unionId, mergedAt: expect.any(String) },
      ]);
    });

    it('gets no session by a login that was confirmed before all sessions of the other account ended', async () => {
      const { owner, older, younger } = await twoAccounts();
      const qr = await createOfficialQrLogin(world.official, ASKER);
      await chatOf(world.officialEvents).logIn({ ticket: qr.ticket, openId: owner.openIds.official });
      await endSessions(world.base, { userId: younger.id });
      expect(await recognise(world.base, inMiniapp(owner))).toMatchObject({ id: older.id });
      await expect(pollQrLogin(world.sessions, qr)).rejects.toMatchObject({ code: 'TICKET_EXPIRED' });
    });

    it('keeps the account with the phone number', async () => {
      const { owner, older, younger } = await twoAccounts();
      await givePhone(younger, '+8613900000001');
      const merged = await recognise(world.base, inMiniapp(owner));
      expect(merged).toMatchObject({ id: younger.id, phone: '+8613900000001', username: '+8613900000001' });
      expect(await readAccount(world.table, older.id, 'strong')).toMatchObject({ id: younger.id });
    });

    it('gets IDENTITY_CONFLICT for two phone numbers, and nothing changes', async () => {
      const { owner, older, younger } = await twoAccounts();
      await givePhone(older, '+8613900000002');
      await givePhone(younger, '+8613900000003');
      await expect(recognise(world.base, inMiniapp(owner))).rejects.toMatchObject({ code: 'IDENTITY_CONFLICT' });
      expect((await accountOf(inMiniapp(owner))).id).toBe(older.id);
      expect((await accountOf(inOfficial(owner))).id).toBe(younger.id);
      expect(await readMerges(world.table, older.id)).toEqual([]);
      expect(await readMerges(world.table, younger.id)).toEqual([]);
    });

    describe('has a profile in both accounts:', () => {
      const [typed, ofWechat] = [{ nickname: '自己的名字' }, { nickname: '微信的名字' }];
      const avatarUrl = 'https://thirdwx.qlogo.cn/a/132';
      const merged = async (owner: PhoneOwner) => {
        await recognise(world.base, inMiniapp(owner));
        return accountOf(inOfficial(owner));
      };

      it('keeps a value that the user entered in the younger account, and not the value of WeChat', async () => {
        const { owner, older, younger } = await twoAccounts();
        await setWechatProfile(world.table, older, { ...ofWechat, avatarUrl });
        await setProfile(world.table, younger.id, typed);
        const account = await merged(owner);
        expect(account).toMatchObject({ id: older.id, ...typed, avatarUrl, wechatFields: new Set(['avatarUrl']) });
        expect(await setWechatProfile(world.table, account, ofWechat)).toBeUndefined();
      });

      it('keeps the value of the older account if the user entered both, or none', async () => {
        for (const write of [setProfile, setWechatProfile] as const) {
          const { owner, older, younger } = await twoAccounts();
          for (const [account, nickname] of [
            [older, '旧'],
            [younger, '新'],
          ] as const) {
            if (write === setProfile) await setProfile(world.table, account.id, { nickname });
            else await setWechatProfile(world.table, account, { nickname });
          }
          const account = await merged(owner);
          expect(account.nickname).toBe('旧');
          expect(account.wechatFields).toEqual(write === setProfile ? undefined : new Set(['nickname']));
        }
      });

      it('keeps values that only the younger account has, and their origin', async () => {
        const { owner, older, younger } = await twoAccounts();
        await setProfile(world.table, younger.id, typed);
        await setWechatProfile(world.table, younger, { avatarUrl });
        expect(await merged(owner)).toMatchObject({
          id: older.id,
          ...typed,
          avatarUrl,
          wechatFields: new Set(['avatarUrl']),
        });
      });

      it('loses no value that the user enters during the merge', async () => {
        for (const which of ['older', 'younger'] as const) {
          const { owner, ...accounts } = await twoAccounts();
          await setWechatProfile(world.table, accounts.older, ofWechat);
          let written = false;
          const stop = interceptCommands(world.table, async ({ name, text }, send) => {
            if (name === 'TransactWrite' && text.includes('mergedInto') && !written) {
              written = true;
              await setProfile(world.table, accounts[which].id, typed);
            }
            return send();
          });
          const account = await merged(owner).finally(stop);
          expect(account, which).toMatchObject({ id: accounts.older.id, ...typed });
          expect(account.wechatFields, which).toBeUndefined();
        }
      });
    });

    it('is merged once by concurrent requests', async () => {
      for (let round = 0; round < 10; round += 1) {
        const { owner, older, younger } = await twoAccounts();
        const seen = await Promise.all(
          [inMiniapp(owner), inOfficial(owner), inMiniapp(owner), inMiniapp(owner)].map((person) =>
            recognise(world.base, person),
          ),
        );
        expect(seen.at(-1)).toMatchObject({ id: older.id });
        expect(await readMerges(world.table, older.id)).toHaveLength(1);
        expect(await readAccount(world.table, younger.id, 'strong')).toMatchObject({ id: older.id });
      }
    });

    it('keeps every order and every session', async () => {
      const { newOrder } = await createBuyers(world);
      await world.bindOpenPlatform();
      const { person: owner, token, user, order } = await newOrder();
      await world.bindOpenPlatform('miniapp', 'official');
      await world.base.sleep(5);
      await givePhone(await meet(inOfficial(owner)), '+8613900000004');
      const merged = (await recognise(world.base, inMiniapp(owner)))!;
      expect(merged.id).not.toBe(user.id);
      expect(await getMe(world.sessions, token)).toMatchObject({ user: { id: merged.id } });
      const nextLogin = await loginMiniapp(world.miniapp, await world.phone.loginCode(owner));
      for (const session of [token, nextLogin.token]) {
        const read = await getOrder(world.pay, { token: session, outTradeNo: order.outTradeNo });
        expect(read.order.outTradeNo).toBe(order.outTradeNo);
      }
    });
  });
});
