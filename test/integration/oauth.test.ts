import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { authorize } from '../../lib/h5/authorize.ts';
import { oauthCallback } from '../../lib/h5/oauth-callback.ts';
import { eraseWechatProfile } from '../../lib/identity/erase-profile.ts';
import { recordFollow, requestProfileSync } from '../../lib/identity/following.ts';
import { setSubscribed } from '../../lib/store/identities.ts';
import { loginMiniapp } from '../../lib/identity/login-miniapp.ts';
import { getMe } from '../../lib/identity/get-me.ts';
import { updateProfile } from '../../lib/identity/update-profile.ts';
import { answerPush } from '../../lib/official-account/answer-push.ts';
import { readUserToken } from '../../lib/store/user-tokens.ts';
import type { OfficialPush } from '../../lib/wechat/official-push.ts';
import type { OauthScope } from '../../lib/wechat/oauth.ts';
import { countingSleeps } from '../support/sleeps.ts';
import { runRequests } from '../support/identity-changes.ts';
import { createWorld, ids, type Person, type World } from '../support/world.ts';

const PAGE = 'https://h5.example.com/welcome?from=menu#top';
const { appId } = ids.official;

describe('login on an H5 page', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
  });
  afterAll(() => world.simulator.close());

  const startOauth = (redirect = PAGE, scope: OauthScope = 'snsapi_base') =>
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
    const departure = await startOauth(PAGE, scope);
    return { ...(await open(person, departure.location, options)), signedState: departure.signedState };
  };
  const finishOauth = (back: { code: string; state: string; signedState: string | undefined }) =>
    oauthCallback(world.oauth, back);

  it('redirects to WeChat with ordered parameters and logs the user in at the callback', async () => {
    const person = await world.phone.newPerson();
    const { location, state } = await startOauth();
    expect(location).toBe(
      `${world.simulator.url}/connect/oauth2/authorize?appid=${appId}` +
        '&redirect_uri=http%3A%2F%2Flocalhost%3A3000%2Foauth%2Fcallback&response_type=code&scope=snsapi_base' +
        `&state=${state}#wechat_redirect`,
    );
    expect(state).toMatch(/^[0-9a-z]{32}$/);
    const { redirect, session } = await finishOauth(await visit(person));
    expect(redirect).toBe(PAGE);
    expect(await getMe(world.sessions, session.token)).toEqual({ user: session.user });
  });

  it('returns the first session for a repeated callback, also concurrently', async () => {
    const back = await visit(await world.phone.newPerson(), 'snsapi_userinfo');
    const [one, two] = await Promise.all([finishOauth(back), finishOauth(back)]);
    expect(two.session.user.id).toBe(one.session.user.id);
    const { token, user } = one.session;
    expect(await finishOauth(back)).toMatchObject({ redirect: one.redirect, session: { token, user } });
  });

  it('returns the first session for a repeated callback while WeChat fails', async () => {
    const back = await visit(await world.phone.newPerson());
    const { token } = (await finishOauth(back)).session;
    for (const action of ['5xx', 'garbage']) {
      await world.faults('/sns/oauth2/access_token', action);
      expect((await finishOauth(back)).session.token).toBe(token);
    }
  });

  it('rejects a callback whose cookie is missing, expired or of another login', async () => {
    const [person, attacker] = [await world.phone.newPerson(), await world.phone.newPerson()];
    const rejection = { code: 'FORBIDDEN' };
    const back = await visit(attacker);
    const own = await visit(person);
    await expect(finishOauth({ ...back, signedState: undefined })).rejects.toMatchObject(rejection);
    await expect(finishOauth({ ...back, signedState: own.signedState })).rejects.toMatchObject(rejection);
    const session = await loginMiniapp(world.miniapp, await world.phone.loginCode(person));
    await expect(finishOauth({ ...back, signedState: session.token })).rejects.toMatchObject(rejection);
    world.clock.offsetMs = 601_000;
    await expect(finishOauth(back)).rejects.toMatchObject(rejection);
    world.clock.offsetMs = 0;
    expect((await finishOauth(back)).redirect).toBe(PAGE);
  });

  it('rejects a used code in the login of another browser', async () => {
    const used = await visit(await world.phone.newPerson());
    await finishOauth(used);
    const { state, signedState } = await startOauth();
    await expect(finishOauth({ code: used.code, state, signedState })).rejects.toMatchObject({
      code: 'WECHAT_CODE_INVALID',
    });
  });

  it('waits once for a used code that is sent with many states', async () => {
    const used = await visit(await world.phone.newPerson());
    await finishOauth(used);
    const { deps, held } = countingSleeps(world.oauth);
    for (let i = 0; i < 5; i += 1) {
      const { state, signedState } = await startOauth();
      const replay = oauthCallback(deps, { code: used.code, state, signedState });
      await expect(replay).rejects.toMatchObject({ code: 'WECHAT_CODE_INVALID' });
    }
    expect(held.ms).toBe(1_500);
  });

  it('rejects a redirect URL that is too long for the cookie', async () => {
    const redirect = `https://h5.example.com/?q=${'长'.repeat(400)}`;
    await expect(startOauth(redirect)).rejects.toMatchObject({
      code: 'PARAM_ERROR',
      detail: { field: 'query.redirect' },
    });
    expect((await startOauth(`https://h5.example.com/?q=${'长'.repeat(200)}`)).signedState.length).toBeLessThan(3_500);
  });

  it('rejects an unknown code', async () => {
    const { state, signedState } = await startOauth();
    await expect(finishOauth({ code: 'made-up', state, signedState })).rejects.toMatchObject({
      code: 'WECHAT_CODE_INVALID',
    });
  });

  it('rejects a snapshot user, also when the callback is repeated', async () => {
    const back = await visit(await world.phone.newPerson(), 'snsapi_userinfo', { snapshot: true });
    for (let i = 0; i < 2; i += 1) await expect(finishOauth(back)).rejects.toMatchObject({ code: 'SNAPSHOT_USER' });
  });

  it('finds the account by the unionid, or by the openid when there is no unionid', async () => {
    const person = await world.phone.newPerson();
    const { user } = await loginMiniapp(world.miniapp, await world.phone.loginCode(person));
    expect((await finishOauth(await visit(person, 'snsapi_userinfo'))).session.user.id).toBe(user.id);
    await world.bindOpenPlatform();
    const stranger = await world.phone.newPerson();
    const known = (await finishOauth(await visit(stranger))).session.user.id;
    expect((await finishOauth(await visit(stranger))).session.user.id).toBe(known);
    await world.bindOpenPlatform('miniapp', 'official');
  });

  it('stores nickname and avatar after consent, and keeps a nickname that the user typed', async () => {
    const person = await world.phone.newPerson({ nickname: '网页用户', avatarUrl: 'http://thirdwx.qlogo.cn/b/132' });
    const { session } = await finishOauth(await visit(person, 'snsapi_userinfo'));
    expect(session.user).toMatchObject({ nickname: '网页用户', avatarUrl: 'https://thirdwx.qlogo.cn/b/132' });
    const { token } = await loginMiniapp(world.miniapp, await world.phone.loginCode(person));
    await updateProfile(world.miniapp, { token, input: { nickname: '自己起的名字' } });
    expect((await finishOauth(await visit(person, 'snsapi_userinfo'))).session.user.nickname).toBe('自己起的名字');
  });

  it('stores a nickname that WeChat sends with raw control characters, without them', async () => {
    const person = await world.phone.newPerson({ nickname: '网\u0007页\u0014\t用户' });
    expect((await finishOauth(await visit(person, 'snsapi_userinfo'))).session.user.nickname).toBe('网页用户');
  });

  it('never stores the placeholder name and its picture', async () => {
    const person = await world.phone.newPerson({ nickname: '微信用户', avatarUrl: 'https://thirdwx.qlogo.cn/g/132' });
    expect((await finishOauth(await visit(person, 'snsapi_userinfo'))).session.user).toMatchObject({
      nickname: null,
      avatarUrl: null,
    });
  });

  it('logs in without a profile when WeChat fails the profile request', async () => {
    await world.faults('/sns/userinfo', '5xx');
    const person = await world.phone.newPerson({ nickname: '看不见的人' });
    expect((await finishOauth(await visit(person, 'snsapi_userinfo'))).session.user.nickname).toBeNull();
  });

  describe('profile from WeChat', () => {
    const consented = async () => {
      const person = await world.phone.newPerson({
        nickname: '原来的名字',
        avatarUrl: 'http://thirdwx.qlogo.cn/c/132',
      });
      const { session } = await finishOauth(await visit(person, 'snsapi_userinfo'));
      return { person, identity: { appId, openId: person.openIds.official }, token: session.token };
    };
    const nickname = async (token: string) => (await getMe(world.sessions, token)).user.nickname;

    it('is fetched with the user token while it is valid, and with a refreshed token afterwards', async () => {
      const { identity, token } = await consented();
      for (const [path, calls] of [
        ['/sns/oauth2/refresh_token', 0],
        ['/sns/auth', 1],
        ['/sns/userinfo', 1],
      ] as const) {
        const before = await world.calls(path);
        await requestProfileSync(world.base, identity);
        await runRequests(world, identity);
        expect((await world.calls(path)) - before, path).toBe(calls);
      }
      await world.simulator.advanceClock(7_300_000);
      const before = (await readUserToken(world.table, identity, world.base.now()))!;
      await requestProfileSync(world.base, identity);
      await runRequests(world, identity);
      const after = (await readUserToken(world.table, identity, world.base.now()))!;
      expect(after.accessToken).not.toBe(before.accessToken);
      expect(await nickname(token)).toBe('原来的名字');
    });

    it('is kept when a refresh returns a placeholder', async () => {
      const { identity, token } = await consented();
      const send: typeof world.official.send = async (request) => {
        const answer = await world.official.send(request);
        if (request.url.pathname !== '/sns/userinfo') return answer;
        return { ...answer, body: Buffer.from(answer.body.toString().replace('原来的名字', '微信用户')) };
      };
      await requestProfileSync(world.base, identity);
      await runRequests({ table: world.table, official: { ...world.official, send } }, identity);
      expect(await nickname(token)).toBe('原来的名字');
    });

    it('is erased when the user token was revoked', async () => {
      const { person, identity, token } = await consented();
      await world.phone.act(person, 'change-password');
      await requestProfileSync(world.base, identity);
      await runRequests(world, identity);
      expect(await nickname(token)).toBeNull();
    });

    it('is erased with its tokens when the user withdraws the consent', async () => {
      const { identity, token } = await consented();
      await eraseWechatProfile(world.base, identity);
      expect(await nickname(token)).toBeNull();
      expect(await readUserToken(world.table, identity, world.base.now())).toBeUndefined();
      await eraseWechatProfile(world.base, { appId, openId: 'o-unknown' });
    });

    it('is erased by the push of an unfollow', async () => {
      const { identity, token } = await consented();
      const push = {
        openId: identity.openId,
        createTimeS: 7,
        pushId: 'p-1',
        content: { type: 'event', event: 'unsubscribe' },
      };
      await answerPush(world.officialEvents, push as unknown as OfficialPush);
      expect(await nickname(token)).toBeNull();
    });

    it('is erased by the repeated push of an unfollow whose first handling crashed', async () => {
      const { identity, token } = await consented();
      const push = { ...identity, atS: 7, pushId: 'p-1' };
      await setSubscribed(world.table, { ...push, subscribed: false, arrivedAtMs: world.base.now() });
      expect(await nickname(token)).not.toBeNull();
      await recordFollow(world.base, { ...push, follows: false });
      expect(await nickname(token)).toBeNull();
    });

    it('is kept when the push of an older unfollow arrives after a newer follow', async () => {
      const { identity, token } = await consented();
      await recordFollow(world.base, { ...identity, follows: true, atS: 200, pushId: 'p-2' });
      await recordFollow(world.base, { ...identity, follows: false, atS: 100, pushId: 'p-1' });
      expect(await nickname(token)).toBe('原来的名字');
    });

    it('is erased except for a nickname that the user typed', async () => {
      const { person, identity } = await consented();
      const miniapp = await loginMiniapp(world.miniapp, await world.phone.loginCode(person));
      const { user } = await updateProfile(world.miniapp, {
        token: miniapp.token,
        input: { nickname: '自己起的名字' },
      });
      expect(user.avatarUrl).toMatch(/^https:/);
      await eraseWechatProfile(world.base, identity);
      expect((await getMe(world.sessions, miniapp.token)).user).toMatchObject({
        nickname: '自己起的名字',
        avatarUrl: null,
      });
    });

    it('leaves a nickname that the user typed, also in the H5 session', async () => {
      const { person, identity, token } = await consented();
      const miniapp = await loginMiniapp(world.miniapp, await world.phone.loginCode(person));
      await updateProfile(world.miniapp, { token: miniapp.token, input: { nickname: '自己起的名字' } });
      await eraseWechatProfile(world.base, identity);
      expect(await nickname(token)).toBe('自己起的名字');
    });
  });
});
