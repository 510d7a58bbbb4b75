import { generateKeyPairSync } from 'node:crypto';
import type { Context } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

type Handler = (event: unknown, context: Context) => Promise<{ statusCode: number; headers: object; body: string }>;

const load = async (name: string): Promise<Handler> => {
  const module = (await import(`../../functions/${name}.ts`)) as { handler: Handler };
  return module.handler;
};
const event = {
  // Browser routes return JSON on request only.
  headers: { authorization: 'Bearer a.b.c', accept: 'application/json' },
  pathParameters: { ticket: 'x', outTradeNo: 'x', file: 'x', key: 'x' },
  rawQueryString: 'url=https%3A%2F%2Fa.example%2F&redirect=https%3A%2F%2Fa.example%2F&code=x&state=x',
  body: JSON.stringify({
    code: 'x',
    nickname: 'x',
    registrationToken: 'x',
    decision: 'confirm',
    sku: 'coffee',
    tradeType: 'JSAPI',
  }),
  isBase64Encoded: false,
  requestContext: { http: { method: 'POST', sourceIp: '203.0.113.1' } },
};
const SETTINGS =
  /^(TABLE_NAME|JSSDK_|JWT_|MINIAPP_|MP_|OFFICIAL_|PAY_|PUBLIC_|SITE_|SCAN_|WECHAT_|EVENT_|BILL_|UPLOADS_|ORDER_|LIMITS|TRUSTED_|ORIGIN_)/;

/** `GET /jssdk/config` rejects unknown parameters. */
const call = async (name: string) => {
  const sent = { ...event, ...(name === 'jssdk-config' && { rawQueryString: 'url=https%3A%2F%2Fa.example%2F' }) };
  return (await load(name))(structuredClone(sent), { awsRequestId: 'r' } as Context);
};

beforeEach(() => {
  vi.resetModules();
  for (const name of Object.keys(process.env)) {
    if (SETTINGS.test(name)) vi.stubEnv(name, '');
  }
  for (const level of ['info', 'error'] as const) vi.spyOn(console, level).mockImplementation(() => undefined);
});
afterEach(() => vi.unstubAllEnvs());

describe('without settings', () => {
  it.each([
    ['jwks', 'JWT_SIGNING_KEYS'],
    ['miniapp-login', 'TABLE_NAME'],
    ['miniapp-phone-bind', 'TABLE_NAME'],
    ['miniapp-profile-update', 'JWT_SIGNING_KEYS'],
    ['upload-create', 'TABLE_NAME'],
    ['upload', 'UPLOADS_BUCKET'],
    ['register', 'TABLE_NAME'],
    ['account-close', 'JWT_SIGNING_KEYS'],
    ['qr-login-decide', 'MINIAPP_APP_ID'],
    ['oauth-authorize', 'TABLE_NAME'],
    ['oauth-callback', 'TABLE_NAME'],
    ['me', 'JWT_SIGNING_KEYS'],
    ['logout', 'JWT_SIGNING_KEYS'],
    ['qr-login-create', 'TABLE_NAME'],
    ['qr-login-poll', 'TABLE_NAME'],
    ['jssdk-config', 'TABLE_NAME'],
    ['catalog', 'TABLE_NAME'],
    ['pay-prepay', 'PAY_MCH_ID'],
    ['pay-order', 'JWT_SIGNING_KEYS'],
    ['pay-orders', 'JWT_SIGNING_KEYS'],
    ['pay-order-close', 'JWT_SIGNING_KEYS'],
    ['wallet', 'JWT_SIGNING_KEYS'],
  ])('%s returns 503 and names %s', async (name, setting) => {
    vi.stubEnv('PUBLIC_BASE_URL', 'https://api.example.com');
    const { statusCode, body } = await call(name);
    expect(statusCode).toBe(503);
    expect(JSON.parse(body)).toMatchObject({ code: 'NOT_CONFIGURED', detail: { setting } });
  });

  it.each([
    'miniapp-login',
    'miniapp-phone-bind',
    'miniapp-profile-update',
    'register',
    'account-close',
    'qr-login-decide',
    'qr-login-poll',
    'oauth-authorize',
    'oauth-callback',
    'me',
    'logout',
    'pay-prepay',
    'pay-order',
    'pay-orders',
    'pay-order-close',
    'wallet',
  ])('%s returns 503 and names PUBLIC_BASE_URL, the audience of its tokens', async (name) => {
    for (const app of ['MINIAPP', 'OFFICIAL']) {
      for (const setting of ['APP_ID', 'APP_SECRET']) vi.stubEnv(`${app}_${setting}`, 'x');
    }
    for (const setting of ['TABLE_NAME', 'SITE_NAME']) vi.stubEnv(setting, 'x');
    vi.stubEnv('JWT_SIGNING_KEYS', SIGNING_KEYS);
    const { statusCode, body } = await call(name);
    expect(statusCode).toBe(503);
    expect(JSON.parse(body)).toMatchObject({ code: 'NOT_CONFIGURED', detail: { setting: 'PUBLIC_BASE_URL' } });
  });

  it.each(['oauth-authorize', 'oauth-callback'])('%s shows a page without a link to a browser', async (name) => {
    vi.stubEnv('ALLOWED_ORIGINS', '');
    const handler = await load(name);
    const answer = await handler({ ...event, headers: {} }, { awsRequestId: 'r' } as Context);
    expect(answer).toMatchObject({ statusCode: 503, headers: { 'content-type': 'text/html; charset=utf-8' } });
    expect(answer.body).toContain('NOT_CONFIGURED');
    expect(answer.body).not.toContain('<a ');
  });

  it.each([
    ['miniapp-events', 'MINIAPP_APP_ID'],
    ['official-events', 'OFFICIAL_APP_ID'],
    ['pay-notify', 'TABLE_NAME'],
    ['pay-notify-v2', 'PAY_MCH_ID'],
  ])('the webhook %s returns 503, so that WeChat delivers again, and names %s', async (name, setting) => {
    const { statusCode, body } = await call(name);
    expect(statusCode).toBe(503);
    expect(body).toContain(setting);
  });

  it.each([
    ['PAY_MCH_ID', 'complaints', 'pay-refund', 'pay-refund-abnormal'],
    ['BILL_REPORTS_BUCKET', 'pay-bills'],
    ['TABLE_NAME', 'account-export', 'account-release-phone', 'catalog-put', 'content-decide', 'content-sweep'],
    ['TABLE_NAME', 'menu-publish', 'message-send', 'order-ship', 'order-show', 'pay-sweep', 'receipt-remind'],
    ['TABLE_NAME', 'sessions-end', 'shipping-sweep'],
  ])('an operator function fails and names %s', async (setting, ...names) => {
    for (const name of names) await expect(call(name)).rejects.toThrow(`${setting} is not set`);
  });

  it('complaint-sweep does nothing without credentials of API v3 and without virtual payment', async () => {
    expect(await call('complaint-sweep')).toEqual({ visited: 0, found: 0, more: false });
  });

  it('token-refresh fails and names a missing app, or the missing secret of a configured app', async () => {
    await expect(call('token-refresh')).rejects.toThrow('MINIAPP_APP_ID is not set');
    vi.resetModules();
    for (const name of ['TABLE_NAME', 'OFFICIAL_APP_ID']) vi.stubEnv(name, 'x');
    await expect(call('token-refresh')).rejects.toThrow('OFFICIAL_APP_SECRET is not set');
  });

  it('identity-sync reports its first record as failed', async () => {
    const handler = (await load('identity-sync')) as unknown as (event: unknown) => Promise<unknown>;
    const record = { dynamodb: { SequenceNumber: '7', NewImage: { appId: { S: 'wx' }, openId: { S: 'o' } } } };
    expect(await handler({ Records: [record, record] })).toEqual({ batchItemFailures: [{ itemIdentifier: '7' }] });
  });

  it('events-publish fails and names EVENT_BUS_NAME, so that the stream repeats the batch', async () => {
    const handler = (await load('events-publish')) as unknown as (event: unknown) => Promise<unknown>;
    await expect(handler({ Records: [] })).rejects.toThrow('EVENT_BUS_NAME is not set');
  });

  it('verification-file returns 404', async () => {
    await expect(call('verification-file')).resolves.toMatchObject({ statusCode: 404 });
  });

  it.each(['', 'compatible', 'secure'].flatMap((mode) => [['miniapp', mode] as const, ['official', mode] as const]))(
    '%s-events returns 503 and names its AES key in the mode %j',
    async (app, mode) => {
      const prefix = app.toUpperCase();
      for (const name of ['TABLE_NAME', `${prefix}_APP_ID`, `${prefix}_TOKEN`, 'SITE_NAME']) vi.stubEnv(name, 'x');
      vi.stubEnv(`${prefix}_MODE`, mode);
      const { statusCode, body } = await call(`${app}-events`);
      expect(statusCode).toBe(503);
      expect(body).toContain(`${prefix}_AES_KEY is not set`);
    },
  );

  it.each([
    ['miniapp-events', 32],
    ['official-events', 32],
    ['pay-notify', 64],
    ['pay-notify-v2', 64],
  ])('%s returns 413 for a body of more than %i KiB, before it loads a setting', async (name, kib) => {
    const handler = await load(name);
    const statusOf = async (bytes: number) =>
      (await handler({ ...event, body: 'x'.repeat(bytes) }, { awsRequestId: 'r' } as Context)).statusCode;
    expect(await statusOf(kib * 1_024)).toBe(503);
    expect(await statusOf(kib * 1_024 + 1)).toBe(413);
  });

  it.each(['health', 'openapi'])('%s works', async (name) => {
    await expect(call(name)).resolves.toMatchObject({ statusCode: 200 });
  });
});

/** A key set that signs session tokens. */
const SIGNING_KEYS =
  '{"keys":[{"kty":"OKP","crv":"Ed25519","kid":"k","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo","d":"nWGxne_9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A"}]}';

const MERCHANT_KEY = generateKeyPairSync('rsa', { modulusLength: 2048 })
  .privateKey.export({ type: 'pkcs8', format: 'pem' })
  .toString();

describe('pay-prepay', () => {
  const PAY = ['PAY_MCH_ID', 'PAY_NOTIFY_URL', 'PAY_V2_NOTIFY_URL', 'PAY_PUBLIC_KEY_ID'];
  const key32 = 'k'.repeat(32);

  it.each<[string, Record<string, string>, string]>([
    ['an unknown PAY_API', { PAY_API: 'v4' }, 'PAY_API must be v3 or v2'],
    ['API v3 without a notification address', { PAY_NOTIFY_URL: '' }, 'PAY_NOTIFY_URL is not set'],
    ['API v3 and only the id of the public key', { PAY_PUBLIC_KEY: '' }, 'PAY_PUBLIC_KEY is not set'],
    ['platform certificates and no API v3 key', { PAY_PUBLIC_KEY_ID: '' }, 'PAY_API_V3_KEY is not set'],
    [
      'platform certificates and no merchant key',
      { PAY_PUBLIC_KEY_ID: '', PAY_API_V3_KEY: key32, PAY_MCH_PRIVATE_KEY: '' },
      'PAY_MCH_PRIVATE_KEY is not set',
    ],
    ['API v2 without its key', { PAY_API: 'v2', MINIAPP_APP_ID: 'wx' }, 'PAY_API_V2_KEY is not set'],
    ['API v2 without a notification address', { PAY_API: 'v2', PAY_V2_NOTIFY_URL: '' }, 'PAY_V2_NOTIFY_URL is not set'],
  ])('with %s returns 503 and names the setting', async (_, values, reason) => {
    for (const name of ['TABLE_NAME', ...PAY]) vi.stubEnv(name, 'x');
    vi.stubEnv('PUBLIC_BASE_URL', 'https://api.example.com');
    vi.stubEnv('JWT_SIGNING_KEYS', SIGNING_KEYS);
    vi.stubEnv('PAY_MCH_PRIVATE_KEY', MERCHANT_KEY);
    vi.stubEnv('PAY_MCH_CERT_SERIAL', 'F'.repeat(40));
    for (const [name, value] of Object.entries(values)) vi.stubEnv(name, value);
    const { statusCode, body } = await call('pay-prepay');
    expect(statusCode).toBe(503);
    expect(body).toContain(reason);
  });
});

describe('with an invalid setting', () => {
  it.each([
    ['pay-notify', { PAY_PUBLIC_KEY: 'x' }, 'PAY_PUBLIC_KEY is not a key in PEM form'],
    ['miniapp-events', { MINIAPP_MODE: 'safe' }, 'MINIAPP_MODE must be plain, compatible or secure'],
    ['miniapp-events', { MINIAPP_TOKEN: '' }, 'MINIAPP_TOKEN is not set'],
    ['miniapp-events', { MINIAPP_AES_KEY: 'x' }, 'MINIAPP_AES_KEY must be the EncodingAESKey'],
    ['official-events', { OFFICIAL_MODE: 'safe' }, 'OFFICIAL_MODE must be plain, compatible or secure'],
    ['official-events', { OFFICIAL_MODE: 'secure', OFFICIAL_AES_KEY: 'x' }, 'OFFICIAL_AES_KEY must be the'],
    [
      'official-events',
      { OFFICIAL_MODE: 'secure', OFFICIAL_AES_KEY: 'A'.repeat(43), OFFICIAL_AES_KEY_PREVIOUS: `${'A'.repeat(42)}=` },
      'OFFICIAL_AES_KEY_PREVIOUS must be the EncodingAESKey',
    ],
    [
      'official-events',
      { OFFICIAL_MODE: 'plain', SCAN_LOGIN_CONFIRM: 'never' },
      'SCAN_LOGIN_CONFIRM must be tap or scan',
    ],
    ['qr-login-create', { OFFICIAL_MODE: 'plain' }, 'OFFICIAL_MODE must be secure or compatible'],
    ['qr-login-poll', { SCAN_LOGIN_REGISTER: 'perhaps' }, 'SCAN_LOGIN_REGISTER must be ask or auto'],
    [
      'qr-login-create',
      { OFFICIAL_MODE: 'secure', WECHAT_API_BASE_URL: 'api.weixin.qq.com' },
      'WECHAT_API_BASE_URL must be an http or https address',
    ],
    ['jwks', { JWT_SIGNING_KEYS: 'x' }, 'JWT_SIGNING_KEYS must be a JWK Set'],
    ['register', { LIMITS: 'medium' }, 'LIMITS must be small or large'],
    ['register', { LIMITS_FACTOR: '-1' }, 'LIMITS_FACTOR must be a positive number such as 2 or 0.5'],
    ['register', { TRUSTED_PROXY: 'nginx' }, 'TRUSTED_PROXY must be empty or cloudfront'],
    [
      'register',
      { TRUSTED_PROXY: 'cloudfront', PUBLIC_BASE_URL: 'https://api.example.com' },
      'ORIGIN_SECRET is not set',
    ],
  ])('%s with %j returns 503 and describes the valid values', async (name, values, reason) => {
    const apps = ['MINIAPP', 'OFFICIAL'].flatMap((app) => [`${app}_APP_ID`, `${app}_APP_SECRET`, `${app}_TOKEN`]);
    const rest = [...apps, 'TABLE_NAME', 'SITE_NAME', 'PAY_PUBLIC_KEY_ID'];
    for (const setting of rest) vi.stubEnv(setting, 'x');
    vi.stubEnv('JWT_SIGNING_KEYS', SIGNING_KEYS);
    vi.stubEnv('PAY_API_V3_KEY', 'k'.repeat(32));
    for (const [setting, value] of Object.entries(values)) vi.stubEnv(setting, value);
    const { statusCode, body } = await call(name);
    expect(statusCode).toBe(503);
    expect(body).toContain(reason);
  });

  it('the loaders reject a key of WeChat Pay that is not 32 bytes long', async () => {
    const { loadApiV2Key, loadApiV3Keys } = await import('../../lib/wechat-pay/credentials.ts');
    vi.stubEnv('PAY_API_V3_KEY', 'x'.repeat(31));
    await expect(loadApiV3Keys()).rejects.toThrow('PAY_API_V3_KEY must be exactly 32 bytes; got 31');
    vi.stubEnv('PAY_API_V3_KEY', 'x'.repeat(32));
    await expect(loadApiV3Keys()).resolves.toEqual(['x'.repeat(32)]);
    vi.stubEnv('PAY_API_V3_KEY_PREVIOUS', 'y'.repeat(33));
    await expect(loadApiV3Keys()).rejects.toThrow('PAY_API_V3_KEY_PREVIOUS must be exactly 32 bytes; got 33');
    vi.stubEnv('PAY_API_V3_KEY_PREVIOUS', 'y'.repeat(32));
    await expect(loadApiV3Keys()).resolves.toEqual(['x'.repeat(32), 'y'.repeat(32)]);
    vi.stubEnv('PAY_API_V2_KEY', 'z');
    await expect(loadApiV2Key()).rejects.toThrow('PAY_API_V2_KEY must be exactly 32 bytes; got 1');
  });
});
