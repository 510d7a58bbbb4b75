// Every documented errcode that a call to WeChat can return: the outcome of the flow, and the number of calls.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { getJssdkConfig } from '../../lib/h5/jssdk-config.ts';
import { loadJssdk } from '../../lib/wiring/h5.ts';
import { authorize } from '../../lib/h5/authorize.ts';
import { oauthCallback } from '../../lib/h5/oauth-callback.ts';
import { bindPhone } from '../../lib/identity/bind-phone.ts';
import { recordFollow } from '../../lib/identity/following.ts';
import { loginMiniapp } from '../../lib/identity/login-miniapp.ts';
import { sendSubscribeMessage } from '../../lib/notify/send-subscribe-message.ts';
import { sendTemplateMessage } from '../../lib/notify/send-template-message.ts';
import { publishMenu } from '../../lib/official-account/publish-menu.ts';
import { createMiniappQrLogin, createOfficialQrLogin } from '../../lib/scan-login/create.ts';
import { readIdentity } from '../../lib/store/identities.ts';
import { platformTokens } from '../../lib/store/platform-tokens.ts';
import { runRequests } from '../support/identity-changes.ts';
import { ASKER } from '../support/scan-login.ts';
import { createWorld, ids, type Person, type World } from '../support/world.ts';

/** Prepares a flow. @returns a function that runs the flow, which calls WeChat */
type Prepare = () => Promise<() => Promise<unknown>>;

const { appId } = ids.official;
const TOKEN_ERRORS = [40001, 40014, 42001];
const SUCCEEDS = 'succeeds';
/** Longer than the pause of a token owner after a failed request to WeChat. */
const COOL_DOWN_MS = 1_050;

describe('errcodes of WeChat', () => {
  let world: World;
  beforeAll(async () => {
    world = await createWorld();
  });
  afterAll(() => world.simulator.close());

  const follower = async () => {
    const person = await world.phone.newPerson({ phone: '13800001111' });
    await world.phone.act(person, 'event', { event: 'subscribe' });
    return person;
  };
  const loggedIn = async () => {
    const person = await follower();
    return { person, ...(await loginMiniapp(world.miniapp, await world.phone.loginCode(person))) };
  };
  const returnFromOauth = async (person: Person) => {
    const deps = {
      ...world.oauth,
      appId,
      openBaseUrl: world.simulator.url,
      publicBaseUrl: 'http://localhost:3000',
      allowedOrigins: ['http://localhost:3000'],
    };
    const { location: url, signedState } = await authorize(deps, {
      redirect: 'http://localhost:3000/',
      scope: 'snsapi_userinfo',
    });
    const { location } = (await world.phone.act(person, 'open', { url })) as { location: string };
    const { searchParams } = new URL(location);
    return { code: searchParams.get('code')!, state: searchParams.get('state')!, signedState };
  };
  const message = { templateId: 'tpl_order', values: { thing1: '拿铁' } };

  const flows: Record<string, { path: string; prepare: Prepare }> = {
    login: {
      path: '/sns/jscode2session',
      prepare: async () => {
        const code = await world.phone.loginCode(await world.phone.newPerson());
        return () => loginMiniapp(world.miniapp, code);
      },
    },
    phone: {
      path: '/wxa/business/getuserphonenumber',
      prepare: async () => {
        const { person, token } = await loggedIn();
        const { code } = (await world.phone.act(person, 'phone-code')) as { code: string };
        return () => bindPhone(world.miniapp, { token, proof: { code } }).catch(unlessBoundElsewhere);
      },
    },
    'mini-program code': {
      path: '/wxa/getwxacodeunlimit',
      prepare: async () => () => createMiniappQrLogin(world.miniapp, ASKER),
    },
    'access token': {
      path: '/cgi-bin/stable_token',
      prepare: async () => {
        const tokens = platformTokens(world.table, appId, 'access_token');
        await tokens.expire((await tokens.read('strong'))?.value ?? '');
        const cold = world.coldAccessToken();
        world.clock.offsetMs += COOL_DOWN_MS;
        return () => cold.get();
      },
    },
    'QR code': {
      path: '/cgi-bin/qrcode/create',
      prepare: async () => () => createOfficialQrLogin(world.official, ASKER),
    },
    follower: {
      path: '/cgi-bin/user/info',
      prepare: async () => {
        const { openIds } = await follower();
        const identity = { appId, openId: openIds.official };
        await recordFollow(world.base, { ...identity, follows: true, atS: 1, pushId: 'p-1' });
        return async () => {
          await runRequests(world, identity);
          expect(await readIdentity(world.table, identity, 'strong')).not.toHaveProperty('syncRequestedAtMs');
        };
      },
    },
    'OAuth code': {
      path: '/sns/oauth2/access_token',
      prepare: async () => {
        const returned = await returnFromOauth(await world.phone.newPerson());
        return () => oauthCallback(world.oauth, returned);
      },
    },
    'OAuth profile': {
      path: '/sns/userinfo',
      prepare: async () => {
        const returned = await returnFromOauth(await world.phone.newPerson({ nickname: '有名字的人' }));
        return () => oauthCallback(world.oauth, returned);
      },
    },
    'JS-SDK ticket': {
      path: '/cgi-bin/ticket/getticket',
      prepare: async () => {
        const tokens = platformTokens(world.table, appId, 'jsapi_ticket');
        await tokens.expire((await tokens.read('strong'))?.value ?? '');
        world.clock.offsetMs += COOL_DOWN_MS;
        const deps = await loadJssdk(world.outside);
        return () => getJssdkConfig(deps, 'https://www.example.com/');
      },
    },
    menu: {
      path: '/cgi-bin/menu/create',
      prepare: async () => () =>
        publishMenu(world.official, { button: [{ type: 'click', name: '帮助', key: 'HELP' }] }),
    },
    'conditional menu': {
      path: '/cgi-bin/menu/addconditional',
      prepare: async () => {
        const button = [{ type: 'click', name: '帮助', key: 'HELP' }];
        await publishMenu(world.official, { button, conditionalmenu: [] });
        return () => publishMenu(world.official, { button, matchrule: { tag_id: '2' } });
      },
    },
    'template message': {
      path: '/cgi-bin/message/template/send',
      prepare: async () => {
        const { openIds, id } = await follower();
        return () => sendTemplateMessage(world.official, { ...message, openId: openIds.official, clientMsgId: id });
      },
    },
    'subscribe message': {
      path: '/cgi-bin/message/subscribe/send',
      prepare: async () => {
        const person = await follower();
        await world.phone.act(person, 'allow-message', { templateId: message.templateId, times: 2 });
        return () => sendSubscribeMessage(world.miniapp, { ...message, openId: person.openIds.miniapp });
      },
    },
  };

  /** All users of these tests have the same phone number. Only the answer of WeChat counts. */
  function unlessBoundElsewhere(error: { code?: string }): void {
    if (error.code !== 'PHONE_ALREADY_BOUND') throw error;
  }

  /** Runs a flow while WeChat answers the first `times` calls with `errcode`. @returns outcome and number of calls */
  async function runWithErrcode(name: string, errcode: number, times = 1) {
    const { path, prepare } = flows[name]!;
    const call = await prepare();
    const before = await world.calls(path);
    await world.fault({ target: path, action: 'errcode', errcode, times });
    const outcome = await call().then(
      (value) => (typeof value === 'string' && name.endsWith('message') ? value : SUCCEEDS),
      (error: { code?: string }) => error.code ?? String(error),
    );
    return { outcome, calls: (await world.calls(path)) - before };
  }

  const rows: [name: string, outcome: string, errcodes: number[]][] = [
    ['login', 'WECHAT_CODE_INVALID', [40029, 40163, 41008]],
    ['login', 'WECHAT_USER_BLOCKED', [40226]],
    ['login', 'RATE_LIMITED', [45009, 45011]],
    ['login', 'WECHAT_CONFIG', [40013, 40125, 40164, 40243, 41002, 41004, 61004, 45035]],
    ['phone', 'WECHAT_CODE_INVALID', [40029, 40003]],
    ['phone', 'WECHAT_CONFIG', [40013, 48001]],
    ['phone', 'RATE_LIMITED', [45011]],
    ['mini-program code', 'WECHAT_UNAVAILABLE', [40097, 40129, 40169, 85096]],
    ['mini-program code', 'WECHAT_CONFIG', [41030]],
    ['mini-program code', 'RATE_LIMITED', [45009, 45011]],
    ['access token', 'WECHAT_CONFIG', [40001, 40013, 40125, 40164, 40243, 41002, 41004, 50004, 50007, 61004]],
    ['access token', 'WECHAT_CONFIG', [89501, 89502, 89503, 89504, 89505, 89506, 89507]],
    ['access token', 'WECHAT_UNAVAILABLE', [40002, 43002]],
    ['access token', 'RATE_LIMITED', [45009, 45011]],
    ['QR code', 'WECHAT_UNAVAILABLE', [40052, 40053]],
    ['QR code', 'RATE_LIMITED', [45009]],
    ['QR code', 'WECHAT_CONFIG', [48001, 40164]],
    // Permanent errors: the user does not follow, the app lacks the permission, or its daily quota is spent.
    ['follower', SUCCEEDS, [40003, 46004, 48001, 45009, 40132]],
    ['follower', 'RATE_LIMITED', [45011]],
    ['OAuth code', 'WECHAT_CODE_INVALID', [40029, 40163, 41008, 42003]],
    ['OAuth code', 'WECHAT_CONFIG', [40013, 40125, 41002, 41004, 40164]],
    ['OAuth code', 'RATE_LIMITED', [45011]],
    // The login succeeds without a profile. An error of a user token does not concern the access token of the app.
    ['OAuth profile', SUCCEEDS, [40001, 40014, 42001, 42007, 40003, 48001]],
    ['JS-SDK ticket', 'RATE_LIMITED', [45009]],
    ['JS-SDK ticket', 'WECHAT_CONFIG', [48001]],
    ['menu', 'PARAM_ERROR', [40015, 40016, 40017, 40018, 40019, 40020, 40022, 40023, 40024, 40025, 40026, 40027]],
    ['menu', 'PARAM_ERROR', [40033, 40054, 40055, 40119, 40120, 40155, 45010, 65303, 65316, 65317]],
    ['menu', 'WECHAT_CONFIG', [48001]],
    ['conditional menu', 'PARAM_ERROR', [40016, 65303, 65304, 65305, 65306, 65309, 65316, 65320]],
    ['conditional menu', 'WECHAT_CONFIG', [48001]],
    ['conditional menu', 'RATE_LIMITED', [45009]],
    ['template message', 'not-following', [43004, 40003]],
    ['template message', 'opted-out', [43101]],
    ['template message', 'WECHAT_CONFIG', [40037, 40165, 43116, 48001]],
    ['template message', 'PARAM_ERROR', [47003, 45168]],
    ['template message', 'RATE_LIMITED', [45009]],
    ['subscribe message', 'not-subscribed', [43101, 40003]],
    ['subscribe message', 'WECHAT_CONFIG', [40037, 43107]],
    ['subscribe message', 'PARAM_ERROR', [47003, 45168]],
  ];

  it.each(rows.flatMap(([name, outcome, errcodes]) => errcodes.map((errcode) => ({ name, errcode, outcome }))))(
    '$name: errcode $errcode results in $outcome after one call',
    async ({ name, errcode, outcome }) => {
      expect(await runWithErrcode(name, errcode)).toEqual({ outcome, calls: 1 });
    },
  );

  const retriedWhenBusy = Object.keys(flows).filter((name) => name !== 'conditional menu');

  it.each(retriedWhenBusy)('%s: a busy WeChat is retried once', async (name) => {
    const success = name.endsWith('message') ? 'sent' : SUCCEEDS;
    expect(await runWithErrcode(name, -1)).toEqual({ outcome: success, calls: 2 });
    // The profile is optional: the login succeeds without it.
    expect(await runWithErrcode(name, -1, 2)).toEqual({
      outcome: name === 'OAuth profile' ? SUCCEEDS : 'WECHAT_UNAVAILABLE',
      calls: 2,
    });
  });

  it('conditional menu: a busy WeChat is not retried, because the first call may have added the menu', async () => {
    expect(await runWithErrcode('conditional menu', -1)).toEqual({ outcome: 'WECHAT_UNAVAILABLE', calls: 1 });
  });

  const withAppToken = Object.keys(flows).filter((name) => !/^(login|access token|OAuth)/.test(name));

  it.each(withAppToken.flatMap((name) => TOKEN_ERRORS.map((errcode) => ({ name, errcode }))))(
    '$name: errcode $errcode renews the access token and is retried once',
    async ({ name, errcode }) => {
      const success = name.endsWith('message') ? 'sent' : SUCCEEDS;
      expect(await runWithErrcode(name, errcode)).toEqual({ outcome: success, calls: 2 });
    },
  );

  it('subscribe message: errcode 43108 is retried once after a pause', async () => {
    expect(await runWithErrcode('subscribe message', 43108)).toEqual({ outcome: 'sent', calls: 2 });
  });

  it('errcode 40164 names the IP address for the allowlist and hides the rest of the answer', async () => {
    const call = await flows['QR code']!.prepare();
    await world.fault({ target: 'qrcode/create', action: 'errcode', errcode: 40164, times: 1 });
    await expect(call()).rejects.toMatchObject({
      code: 'WECHAT_CONFIG',
      message: 'The IP address 1.2.3.4 is not on the WeChat allowlist of OFFICIAL_APP_ID',
    });
  });

  it('errcode 40164 names an IPv6 address for the allowlist', async () => {
    const call = await flows['access token']!.prepare();
    await world.faults('stable_token', 'ipv6-not-in-whitelist');
    await expect(call()).rejects.toMatchObject({
      code: 'WECHAT_CONFIG',
      message: 'The IP address 2408:8756:4c50:1a00::29 is not on the WeChat allowlist of OFFICIAL_APP_ID',
    });
  });
});
