import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { afterEach, describe, expect, it } from 'vitest';
import type { Endpoint } from '../../../lib/http/endpoint.ts';
import { ENDPOINTS } from '../../../lib/http/openapi/endpoints.ts';

interface Resolver {
  resolveVariable(text: string): Promise<unknown>;
}

const read = createRequire(import.meta.url)('../../../infra/build/settings.cjs') as (
  resolver: Resolver,
) => Promise<Record<string, unknown>>;

/** Resolves the settings like the framework, from `env`, a parameter of the stage and a region. */
function settings(env: Record<string, string>, reserveConcurrency = false, limits = 'small') {
  return read({
    resolveVariable: async (text) => {
      const name = /^env:(\w+), ''$/.exec(text)?.[1];
      if (name !== undefined) return env[name] ?? '';
      if (text === 'param:limits') return limits;
      return text === 'param:reserveConcurrency' ? reserveConcurrency : 'eu-central-1';
    },
  });
}

const CERTIFICATE = 'arn:aws:acm:eu-central-1:123456789012:certificate/0b1c';
const APP_ID = 'wxd678efh567hg6787';
const OWN_DOMAIN = { DOMAIN_NAME: 'api.example.com', CERTIFICATE_ARN: CERTIFICATE };

describe('packaging, switches', () => {
  it.each([
    [{ WEBHOOKS: 'route' }, 'WEBHOOKS must be one of urls, routes, both; it is "route".'],
    [{ EGRESS: 'on' }, 'EGRESS must be one of open, fixed; it is "on".'],
    [{ RESERVED_CONCURRENCY: 'yes' }, 'RESERVED_CONCURRENCY must be one of'],
    [{ LIMITS: 'medium' }, 'LIMITS must be one of small, large; it is "medium".'],
    [{ GATEWAY_RATE: '0' }, 'GATEWAY_RATE must be a positive whole number; it is "0".'],
    [{ GATEWAY_RATE: '1.5' }, 'GATEWAY_RATE must be a positive whole number'],
    [{ GATEWAY_BURST: 'many' }, 'GATEWAY_BURST must be a positive whole number'],
    [{ DOMAIN_NAME: 'api.example.com' }, 'DOMAIN_NAME and CERTIFICATE_ARN go together'],
    [{ CERTIFICATE_ARN: CERTIFICATE }, 'DOMAIN_NAME and CERTIFICATE_ARN go together'],
    [{ ...OWN_DOMAIN, DOMAIN_NAME: 'https://api.example.com' }, 'DOMAIN_NAME must be a host such as'],
    [{ ...OWN_DOMAIN, CERTIFICATE_ARN: CERTIFICATE.replace('eu-central-1', 'us-east-1') }, 'of ACM in eu-central-1'],
    [{ ALARM_EMAIL: 'ops' }, 'ALARM_EMAIL must be one mail address'],
    [{ PERMISSIONS_BOUNDARY_ARN: 'boundary' }, 'PERMISSIONS_BOUNDARY_ARN must be the ARN of a policy'],
    [{ ALLOWED_ORIGINS: 'https://a.example, shop.example.com' }, '"shop.example.com" is not an origin.'],
    [{ ALLOWED_ORIGINS: 'https://a.example/shop' }, '"https://a.example/shop" is not an origin.'],
    [{ ALLOWED_ORIGINS: '*' }, '"*" is not an origin.'],
  ])('rejects the settings %j', async (env, sentence) => {
    await expect(settings(env)).rejects.toThrow(sentence);
  });
});

describe('packaging, settings of the functions', () => {
  const appId = 'must be wx and 16 digits or small letters; it is';
  const notifyUrl = 'must be an https address without ? and #; it is';
  const files =
    'MP_VERIFY_FILES must be a JSON object of file names that no other route serves, such as {"MP_verify_abc.txt":"abc"}; it is';
  it.each([
    [{ PAY_API: 'v4' }, 'PAY_API must be v3 or v2; it is "v4".'],
    [{ OFFICIAL_MODE: 'safe' }, 'OFFICIAL_MODE must be plain, compatible or secure; it is "safe".'],
    [{ SCAN_LOGIN_CONFIRM: 'foo' }, 'SCAN_LOGIN_CONFIRM must be tap or scan; it is "foo".'],
    [{ SCAN_LOGIN_REGISTER: 'foo' }, 'SCAN_LOGIN_REGISTER must be ask or auto; it is "foo".'],
    [{ MINIAPP_APP_ID: 'gh_0123456789ab' }, `MINIAPP_APP_ID ${appId} "gh_0123456789ab".`],
    [{ OFFICIAL_APP_ID: 'wx1' }, `OFFICIAL_APP_ID ${appId} "wx1".`],
    [{ PHONE_TAKEOVER_DAYS: 'never' }, 'PHONE_TAKEOVER_DAYS must be a number of days such as 90, or 0; it is "never".'],
    [{ PHONE_TAKEOVER_DAYS: '-1' }, 'PHONE_TAKEOVER_DAYS must be a number of days'],
    [{ DEPLOYED_ON: '2026-13-01' }, 'DEPLOYED_ON must be a day such as 2026-11-20; it is "2026-13-01".'],
    [{ PAY_MCH_ID: '19O0000001' }, 'PAY_MCH_ID must be a number; it is "19O0000001".'],
    [{ PUBLIC_BASE_URL: 'api.example.com' }, 'PUBLIC_BASE_URL must be an https address without a path; it is'],
    [{ PUBLIC_BASE_URL: 'https://api.example.com/v1' }, 'PUBLIC_BASE_URL must be an https address without a path'],
    [{ PUBLIC_BASE_URL: 'https://api.example.com?a=b' }, 'PUBLIC_BASE_URL must be an https address without a path'],
    [{ PAY_NOTIFY_URL: 'foo' }, `PAY_NOTIFY_URL ${notifyUrl} "foo".`],
    [{ PAY_NOTIFY_URL: 'http://pay.example.com/n' }, `PAY_NOTIFY_URL ${notifyUrl}`],
    [{ PAY_V2_NOTIFY_URL: 'https://pay.example.com/n?a=b' }, `PAY_V2_NOTIFY_URL ${notifyUrl}`],
    [{ PAY_V2_NOTIFY_URL: 'https://pay.example.com#n' }, `PAY_V2_NOTIFY_URL ${notifyUrl}`],
    [{ MP_VERIFY_FILES: 'foo' }, `${files} "foo".`],
    [{ MP_VERIFY_FILES: '["MP_verify_abc.txt"]' }, files],
    [{ MP_VERIFY_FILES: '5' }, files],
    [{ MP_VERIFY_FILES: '{"../MP_verify_abc.txt":"abc"}' }, files],
    [{ MP_VERIFY_FILES: '{"openapi.json":"abc"}' }, files],
    [{ MP_VERIFY_FILES: '{"MP_verify_abc.txt":5}' }, files],
    [{ JSSDK_API_LIST: 'scan QRCode' }, 'JSSDK_API_LIST must be names of the JS-SDK such as'],
    [{ JSSDK_OPEN_TAG_LIST: 'launch-weapp' }, 'JSSDK_OPEN_TAG_LIST must be open tags such as'],
    [{ MINIAPP_ENV_VERSION: 'beta' }, 'MINIAPP_ENV_VERSION must be release, trial or develop; it is "beta".'],
    [{ MINIAPP_LOGIN_PAGE: '/pages/login' }, 'MINIAPP_LOGIN_PAGE must be a page such as pages/login/index; it is'],
    [{ ORDER_SHIPPING: 'yes' }, 'ORDER_SHIPPING must be auto, on or off; it is "yes".'],
    [{ MINIAPP_ORDER_PAGE: '/pages/order' }, 'MINIAPP_ORDER_PAGE must be a page such as pages/order/detail; it is'],
    [{ VIRTUAL_PAY_OFFER_ID: 'offer' }, 'VIRTUAL_PAY_OFFER_ID must be a number; it is "offer".'],
    [{ VIRTUAL_PAY_ENV: 'test' }, 'VIRTUAL_PAY_ENV must be sandbox or live; it is "test".'],
    [{ VIRTUAL_PAY_EXEMPT: 'yes' }, 'VIRTUAL_PAY_EXEMPT must be false or true; it is "yes".'],
    [{ LIMITS_FACTOR: '0' }, 'LIMITS_FACTOR must be a positive number such as 2 or 0.5; it is "0".'],
    [{ LIMITS_FACTOR: '-1' }, 'LIMITS_FACTOR must be a positive number'],
    [{ LIMITS_FACTOR: '2x' }, 'LIMITS_FACTOR must be a positive number'],
    [{ TRUSTED_PROXY: 'nginx' }, 'TRUSTED_PROXY must be empty or cloudfront; it is "nginx".'],
  ])('rejects %j, which the functions would reject at run time', async (env, sentence) => {
    await expect(settings(env)).rejects.toThrow(sentence);
  });

  it('rejects a verification file with the name of any other route', async () => {
    const paths = Object.values(ENDPOINTS)
      .flatMap((tagged) => Object.values<Endpoint>(tagged))
      .filter(({ method, path }) => method === 'GET' && /^\/[^/{]+$/.test(path))
      .map(({ path }) => path.slice(1));
    expect(paths).toEqual(expect.arrayContaining(['health', 'openapi.json', 'me']));
    for (const name of paths) {
      await expect(settings({ MP_VERIFY_FILES: JSON.stringify({ [name]: 'x' }) }), name).rejects.toThrow(files);
    }
  });

  it('reports a fault as one sentence without a stack trace', async () => {
    await expect(settings({ PAY_API: 'v4' })).rejects.toMatchObject({ stack: 'PAY_API must be v3 or v2; it is "v4".' });
    await expect(settings({ EGRESS: 'on' })).rejects.toMatchObject({ stack: expect.stringMatching(/^EGRESS.*\.$/) });
  });

  it.each<Record<string, string>>([
    {
      PAY_API: 'v2',
      OFFICIAL_MODE: 'secure',
      SCAN_LOGIN_CONFIRM: 'scan',
      SCAN_LOGIN_REGISTER: 'auto',
      MP_VERIFY_FILES: '{"MP_verify_abc.txt":"abc","Ab3dE5fGh1.txt":"0f"}',
      JSSDK_API_LIST: 'scanQRCode, chooseWXPay',
      JSSDK_OPEN_TAG_LIST: 'wx-open-launch-weapp',
      MINIAPP_ENV_VERSION: 'trial',
      MINIAPP_LOGIN_PAGE: 'pages/login/index',
      ORDER_SHIPPING: 'on',
      MINIAPP_ORDER_PAGE: 'pages/order/detail',
      MINIAPP_APP_ID: APP_ID,
      OFFICIAL_APP_ID: 'wx10ca1000000000b2',
      PHONE_TAKEOVER_DAYS: '0',
      PAY_MCH_ID: '1900000001',
      REFUND_NO_PREFIX: 'prod-',
      VIRTUAL_PAY_OFFER_ID: '1450000001',
      VIRTUAL_PAY_ENV: 'live',
      VIRTUAL_PAY_EXEMPT: 'true',
      PUBLIC_BASE_URL: 'https://edge.example:8443/',
      LIMITS_FACTOR: '0.5',
      TRUSTED_PROXY: 'cloudfront',
      PAY_NOTIFY_URL: 'https://edge.example/n',
      PAY_V2_NOTIFY_URL: 'https://edge.example',
    },
    // The settings of a rehearsal.
    { PUBLIC_BASE_URL: 'http://localhost:3000', PAY_NOTIFY_URL: 'http://localhost:3001/pay-notify' },
  ])('accepts the valid settings %j', async (env) => {
    await expect(settings(env)).resolves.toMatchObject({ webhooks: 'urls' });
  });

  it('sets DEPLOYED_ON to the day of the packaging, unless the stage has its own day', async () => {
    const before = new Date().toISOString().slice(0, 10);
    const { deployedOn } = await settings({});
    expect([before, new Date().toISOString().slice(0, 10)]).toContain(deployedOn);
    expect(await settings({ DEPLOYED_ON: '2026-11-20' })).toMatchObject({ deployedOn: '2026-11-20' });
  });

  describe('for the local stack', () => {
    const { argv } = process;
    afterEach(() => {
      process.argv = argv;
    });

    it('accepts invalid values, because the functions report them at run time', async () => {
      process.argv = [...argv.slice(0, 2), 'offline', 'start'];
      const odd = { PAY_API: 'v4', OFFICIAL_MODE: 'safe', SCAN_LOGIN_REGISTER: 'foo', PAY_NOTIFY_URL: 'foo' };
      await expect(settings(odd)).resolves.toMatchObject({ payNotifyUrl: 'foo' });
    });
  });
});

describe('webhook addresses', () => {
  const url = { 'Fn::GetAtt': ['PayDashnotifyLambdaFunctionUrl', 'FunctionUrl'] };
  const ownRoute = { 'Fn::Sub': 'https://${HttpApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}/webhooks/pay-notify' };

  it.each([
    [{}, url],
    [OWN_DOMAIN, url],
    [{ WEBHOOKS: 'routes' }, ownRoute],
    [{ WEBHOOKS: 'both' }, ownRoute],
    [{ WEBHOOKS: 'both', ...OWN_DOMAIN }, 'https://api.example.com/webhooks/pay-notify'],
    [{ WEBHOOKS: 'routes', PAY_NOTIFY_URL: 'https://edge.example/n' }, 'https://edge.example/n'],
  ])('with %j make payNotifyUrl %j', async (env, address) => {
    expect(await settings(env)).toMatchObject({ payNotifyUrl: address });
  });

  it('end with the name of their function', async () => {
    const base = 'https://api.example.com/webhooks';
    expect(await settings({ ...OWN_DOMAIN, WEBHOOKS: 'routes' })).toMatchObject({
      miniappEventsUrl: `${base}/miniapp-events`,
      officialEventsUrl: `${base}/official-events`,
      payV2NotifyUrl: `${base}/pay-notify-v2`,
    });
  });
});

describe('publicBaseUrl', () => {
  it.each([
    [{}, { 'Fn::Sub': 'https://${HttpApi}.execute-api.${AWS::Region}.${AWS::URLSuffix}' }],
    [OWN_DOMAIN, 'https://api.example.com'],
    [{ ...OWN_DOMAIN, PUBLIC_BASE_URL: 'https://edge.example' }, 'https://edge.example'],
  ])('with %j is %j', async (env, address) => {
    expect(await settings(env)).toMatchObject({ publicBaseUrl: address });
  });
});

describe('settings of a stage', () => {
  it.each([
    [false, {}, false],
    [true, {}, true],
    [true, { RESERVED_CONCURRENCY: 'off' }, false],
    [false, { RESERVED_CONCURRENCY: 'on' }, true],
  ])('with the default %s and the settings %j result in reserved concurrency %s', async (byDefault, env, reserved) => {
    expect(await settings(env, byDefault)).toMatchObject({ reserved });
  });

  it.each([
    ['small', {}, { limits: 'small', gateway: { rate: 50, burst: 100 } }],
    ['large', {}, { limits: 'large', gateway: { rate: 5000, burst: 5000 } }],
    ['small', { LIMITS: 'large' }, { limits: 'large', gateway: { rate: 5000, burst: 5000 } }],
    ['large', { LIMITS: 'small' }, { limits: 'small', gateway: { rate: 50, burst: 100 } }],
    ['small', { GATEWAY_RATE: '70' }, { limits: 'small', gateway: { rate: 70, burst: 100 } }],
    ['large', { GATEWAY_BURST: '900' }, { limits: 'large', gateway: { rate: 5000, burst: 900 } }],
  ])('with the default limits %s and the settings %j are %j', async (byDefault, env, expected) => {
    expect(await settings(env, false, byDefault)).toMatchObject(expected);
  });

  it('disable a job whose app or merchant is not configured', async () => {
    expect(await settings({})).toMatchObject({ hasApp: false, hasMerchant: false, checksContent: false });
    expect(await settings({ CONTENT_CHECK: 'on' })).toMatchObject({ checksContent: false });
    expect(await settings({ MINIAPP_APP_ID: APP_ID })).toMatchObject({ checksContent: false });
    expect(await settings({ CONTENT_CHECK: 'on', MINIAPP_APP_ID: APP_ID })).toMatchObject({ checksContent: true });
    expect(await settings({ OFFICIAL_APP_ID: APP_ID, PAY_MCH_ID: '19' })).toMatchObject({
      hasApp: true,
      hasMerchant: true,
    });
  });
});

it('.env.example explains every variable that packaging reads, and no other', () => {
  const namesIn = (path: string, pattern: RegExp) =>
    [...readFileSync(path, 'utf8').matchAll(pattern)].map(([, name]) => name!);
  const packaged = [
    ...namesIn('serverless.yml', /\$\{env:(\w+)/g),
    ...namesIn('infra/environment.yml', /\$\{env:(\w+)/g),
    ...namesIn('infra/build/settings.cjs', /^ {2}'([A-Z0-9_]+)',$/gm),
  ];
  const explained = namesIn('.env.example', /^(\w+)=/gm);
  expect(new Set(explained)).toEqual(new Set(packaged));
  expect(explained).toHaveLength(new Set(explained).size);
});
