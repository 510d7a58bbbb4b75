import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authorize } from '../../lib/h5/authorize.ts';
import { oauthCallback } from '../../lib/h5/oauth-callback.ts';
import { syncIdentity } from '../../lib/identity/sync-identity.ts';
import { recordFollow, eraseWechatProfile, requestProfileSync } from '../../lib/identity/following.ts';
import { loginMiniapp } from '../../lib/identity/login-miniapp.ts';
import { getMe } from '../../lib/identity/get-me.ts';
import { updateProfile } from '../../lib/identity/update-profile.ts';
import { answerPush } from '../../lib/official-account/answer-push.ts';
import { replies } from '../../lib/official-account/replies.ts';
import { readUserToken } from '../../lib/store/user-tokens.ts';
import type { OfficialPush } from '../../lib/wechat/official-push.ts';
import type { OauthScope } from '../../lib/wechat/oauth.ts';
import { createWorld, ids, type Person, type World } from '../support/world.ts';

const PAGE = 'https://h5.example.com/welcome?from=menu#top';
const { appId } = ids.official;

describe('H5 OAuth', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
  });
  afterAll(() => world.simulator.close());

  const leave = (redirect = PAGE, scope: OauthScope = 'snsapi_base') =>
    authorize(
      {
        ...world.oauth,
        appId,
        openBaseUrl: world.simulator.url,
        publicBaseUrl: 'http://localhost:3000',
        allowedOrigins: ['https://h5.example.com', 'http://localhost:3000'],
      },
      { redirect, scope },
    );
  const open = async (person: Person, url: string, options: object = {}) => {
    const { location } = (await world.phone.act(person, 'open', { url, ...options })) as { location: string };
    const { searchParams } = new URL(location);
    return { code: searchParams.get('code')!, state: searchParams.get('state')! };
  };
  const visit = async (person: Person, scope: OauthScope = 'snsapi_base', options: object = {}) => {
    const departure = await leave(PAGE, scope);
    return { ...(await open(person, departure.location, options)), kept: departure.kept };
  };
  const arrive = (back: { code: string; state: string; kept: string | undefined }) => oauthCallback(world.oauth, back);

  it('goes to WeChat with its parameters in order, and comes back to the page, logged in', async () => {
    const person = await world.phone.newPerson();
    const { location, state } = await leave();
    expect(location).toBe(
      `${world.simulator.url}/connect/oauth2/authorize?appid=${appId}` +
        '&redirect_uri=http%3A%2F%2Flocalhost%3A3000%2Foauth%2Fcallback&response_type=code&scope=snsapi_base' +
        `&state=${state}#wechat_redirect`,
    );
    expect(state).toMatch(/^[0-9a-z]{32}$/);
    const { redirect, session } = await arrive(await visit(person));
    expect(redirect).toBe(PAGE);
    expect(await getMe(world.sessions, session.token)).toEqual({ user: session.user });
  });

  it.each([
    ['another site', 'https://evil.example/'],
    ['a lookalike that begins like ours', 'https://h5.example.com.evil.example/'],
    ['a lookalike that ends like ours', 'https://evilh5.example.com/'],
    ['our name before an @', 'https://h5.example.com@evil.example/'],
    ['our host over http', 'http://h5.example.com/'],
    ['our host at another port', 'https://h5.example.com:8443/'],
    ['a script', 'javascript:alert(1)'],
    ['a backslash', 'https:\\\\evil.example\\@h5.example.com'],
    ['no scheme', '//h5.example.com/'],
    ['a blob of ours', 'blob:https://h5.example.com/1'],
    ['our host behind a name and a password', 'https://u:p@h5.example.com/'],
    ['no address', 'welcome'],
  ])('redirects to no %s', async (_, redirect) => {
    await expect(leave(redirect)).rejects.toMatchObject({ code: 'PARAM_ERROR' });
  });

  it('gives a repeated callback the first answer, also at once', async () => {
    const back = await visit(await world.phone.newPerson(), 'snsapi_userinfo');
    const [one, two] = await Promise.all([arrive(back), arrive(back)]);
    expect(two.session.user.id).toBe(one.session.user.id);
    const { token, user } = one.session;
    expect(await arrive(back)).toMatchObject({ redirect: one.redirect, session: { token, user } });
  });

  it('and also when WeChat cannot be asked any more', async () => {
    const back = await visit(await world.phone.newPerson());
    const { token } = (await arrive(back)).session;
    for (const action of ['5xx', 'garbage']) {
      await world.faults('/sns/oauth2/access_token', action);
      expect((await arrive(back)).session.token).toBe(token);
    }
  });

  it('logs nobody in without what this browser kept, with what another kept, or with what is too old', async () => {
    const [person, thief] = [await world.phone.newPerson(), await world.phone.newPerson()];
    const refused = { code: 'FORBIDDEN' };
    const back = await visit(thief);
    const own = await visit(person);
    await expect(arrive({ ...back, kept: undefined })).rejects.toMatchObject(refused);
    await expect(arrive({ ...back, kept: own.kept })).rejects.toMatchObject(refused);
    const session = await loginMiniapp(world.miniapp, await world.phone.loginCode(person));
    await expect(arrive({ ...back, kept: session.token })).rejects.toMatchObject(refused);
    world.clock.offsetMs = 601_000;
    await expect(arrive(back)).rejects.toMatchObject(refused);
    world.clock.offsetMs = 0;
    expect((await arrive(back)).redirect).toBe(PAGE);
  });

  it("does not give a used code's session to another browser that began a login of its own", async () => {
    const used = await visit(await world.phone.newPerson());
    await arrive(used);
    const { state, kept } = await leave();
    await expect(arrive({ code: used.code, state, kept })).rejects.toMatchObject({ code: 'WECHAT_CODE_INVALID' });
  });

  it('refuses a page address that no cookie could hold', async () => {
    const redirect = `https://h5.example.com/?q=${'长'.repeat(400)}`;
    await expect(leave(redirect)).rejects.toMatchObject({ code: 'PARAM_ERROR', detail: { field: 'query.redirect' } });
    expect((await leave(`https://h5.example.com/?q=${'长'.repeat(200)}`)).kept.length).toBeLessThan(3_500);
  });

  it('refuses a code that WeChat does not know', async () => {
    const { state, kept } = await leave();
    await expect(arrive({ code: 'made-up', state, kept })).rejects.toMatchObject({ code: 'WECHAT_CODE_INVALID' });
  });

  it('refuses a snapshot user, and stores nothing of them', async () => {
    const back = await visit(await world.phone.newPerson(), 'snsapi_userinfo', { snapshot: true });
    for (let i = 0; i < 2; i += 1) await expect(arrive(back)).rejects.toMatchObject({ code: 'SNAPSHOT_USER' });
  });

  it('silent: is the account that the mini-program knows, by the unionid, or one of its own without', async () => {
    const person = await world.phone.newPerson();
    const { user } = await loginMiniapp(world.miniapp, await world.phone.loginCode(person));
    expect((await arrive(await visit(person, 'snsapi_userinfo'))).session.user.id).toBe(user.id);
    await world.bindOpenPlatform();
    const stranger = await world.phone.newPerson();
    const known = (await arrive(await visit(stranger))).session.user.id;
    expect((await arrive(await visit(stranger))).session.user.id).toBe(known);
    await world.bindOpenPlatform('miniapp', 'official');
  });

  it('with consent: takes name and picture where there are none, and keeps what somebody chose here', async () => {
    const person = await world.phone.newPerson({ nickname: '网页用户', avatarUrl: 'http://thirdwx.qlogo.cn/b/132' });
    const { session } = await arrive(await visit(person, 'snsapi_userinfo'));
    expect(session.user).toMatchObject({ nickname: '网页用户', avatarUrl: 'https://thirdwx.qlogo.cn/b/132' });
    const { token } = await loginMiniapp(world.miniapp, await world.phone.loginCode(person));
    await updateProfile(world.miniapp, { token, input: { nickname: '自己起的名字' } });
    expect((await arrive(await visit(person, 'snsapi_userinfo'))).session.user.nickname).toBe('自己起的名字');
  });

  it('with consent: logs in without a profile when WeChat does not show it', async () => {
    await world.faults('/sns/userinfo', '5xx');
    const person = await world.phone.newPerson({ nickname: '看不见的人' });
    expect((await arrive(await visit(person, 'snsapi_userinfo'))).session.user.nickname).toBeNull();
  });

  describe('when somebody changes their profile at WeChat', () => {
    const consented = async () => {
      const person = await world.phone.newPerson({
        nickname: '原来的名字',
        avatarUrl: 'http://thirdwx.qlogo.cn/c/132',
      });
      const { session } = await arrive(await visit(person, 'snsapi_userinfo'));
      return { person, who: { appId, openId: person.openIds.official }, token: session.token };
    };
    const nickname = async (token: string) => (await getMe(world.sessions, token)).user.nickname;

    it('fetches it anew with the user token while that lives, and with a refreshed one after that', async () => {
      const { who, token } = await consented();
      for (const [path, calls] of [
        ['/sns/oauth2/refresh_token', 0],
        ['/sns/auth', 1],
        ['/sns/userinfo', 1],
      ] as const) {
        const before = await world.calls(path);
        await requestProfileSync(world.base, who);
        await syncIdentity(world.official, who);
        expect((await world.calls(path)) - before, path).toBe(calls);
      }
      await world.simulator.advanceClock(7_300_000);
      const before = (await readUserToken(world.table, who, world.base.now()))!;
      await requestProfileSync(world.base, who);
      await syncIdentity(world.official, who);
      const after = (await readUserToken(world.table, who, world.base.now()))!;
      expect(after.accessToken).not.toBe(before.accessToken);
      expect(await nickname(token)).toBe('原来的名字');
    });

    it('drops it when the user token is dead', async () => {
      const { person, who, token } = await consented();
      await world.phone.act(person, 'change-password');
      await requestProfileSync(world.base, who);
      await syncIdentity(world.official, who);
      expect(await nickname(token)).toBeNull();
    });

    it('and takes the consent back, forgets name, picture and tokens', async () => {
      const { who, token } = await consented();
      await eraseWechatProfile(world.base, who);
      expect(await nickname(token)).toBeNull();
      expect(await readUserToken(world.table, who, world.base.now())).toBeUndefined();
      await eraseWechatProfile(world.base, { appId, openId: 'o-nobody' });
    });

    it('and ceases to follow, loses what WeChat showed of them, by the push', async () => {
      const { who, token } = await consented();
      const push = { openId: who.openId, createTimeS: 7, content: { type: 'event', event: 'unsubscribe' } };
      await answerPush({ ...world.base, appId, replies: replies('示例站') }, push as unknown as OfficialPush);
      expect(await nickname(token)).toBeNull();
    });

    it('and follows again before the news that they ceased to arrives, keeps it', async () => {
      const { who, token } = await consented();
      await recordFollow(world.base, { ...who, follows: true, atS: 200 });
      await recordFollow(world.base, { ...who, follows: false, atS: 100 });
      expect(await nickname(token)).toBe('原来的名字');
    });

    it('but typed a name here, loses only what is of WeChat', async () => {
      const { person, who } = await consented();
      const miniapp = await loginMiniapp(world.miniapp, await world.phone.loginCode(person));
      const { user } = await updateProfile(world.miniapp, {
        token: miniapp.token,
        input: { nickname: '自己起的名字' },
      });
      expect(user.avatarUrl).toMatch(/^https:/);
      await eraseWechatProfile(world.base, who);
      expect((await getMe(world.sessions, miniapp.token)).user).toMatchObject({
        nickname: '自己起的名字',
        avatarUrl: null,
      });
    });

    it('leaves what they chose here', async () => {
      const { person, who, token } = await consented();
      const miniapp = await loginMiniapp(world.miniapp, await world.phone.loginCode(person));
      await updateProfile(world.miniapp, { token: miniapp.token, input: { nickname: '自己起的名字' } });
      await eraseWechatProfile(world.base, who);
      expect(await nickname(token)).toBe('自己起的名字');
    });
  });
});
