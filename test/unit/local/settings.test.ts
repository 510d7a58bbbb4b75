import { createPrivateKey, createPublicKey, createSign, createVerify, generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { buildSettings } from '../../../infra/local/settings.ts';

const PORTS = { http: 3000, functionUrls: 3001, simulator: 9000, dynamodb: 8000, aws: 3003, lambda: 3002 };
const build = (env: Record<string, string> = {}) => buildSettings(env, PORTS, 'wechat-lambda-dev');

const belongTogether = (privatePem: string, publicPem: string) => {
  const signature = createSign('RSA-SHA256').update('text').sign(privatePem);
  return createVerify('RSA-SHA256').update('text').verify(publicPem, signature);
};

describe('the local settings', () => {
  it('direct calls to the simulator and notifications to this stack', async () => {
    const { variables, simulator } = await build();
    expect(variables).toMatchObject({
      TABLE_NAME: 'wechat-lambda-dev',
      AWS_ENDPOINT_URL_DYNAMODB: 'http://127.0.0.1:8000',
      AWS_ENDPOINT_URL_EVENTBRIDGE: 'http://127.0.0.1:3003',
      AWS_ENDPOINT_URL_S3: 'http://127.0.0.1:3003',
      PUBLIC_BASE_URL: 'http://localhost:3000',
      ALLOWED_ORIGINS: 'http://localhost:9000,http://localhost:3000',
      WECHAT_API_BASE_URL: 'http://localhost:9000',
      WECHAT_MP_BASE_URL: 'http://localhost:9000',
      WECHAT_OPEN_BASE_URL: 'http://localhost:9000',
      WECHAT_PAY_BASE_URL: 'http://localhost:9000',
      PAY_NOTIFY_URL: 'http://localhost:3001/pay-notify',
      PAY_V2_NOTIFY_URL: 'http://localhost:3001/pay-notify-v2',
    });
    expect(simulator.official).toMatchObject({
      callbackUrl: 'http://localhost:3001/official-events',
      oauthDomain: 'localhost',
      mode: 'secure',
      aesKey: variables['OFFICIAL_AES_KEY'],
    });
    expect(simulator.pay).toMatchObject({
      apiV2Key: variables['PAY_API_V2_KEY'],
      refundCallbackUrl: 'http://localhost:3001/pay-notify-v2',
    });
  });

  it('have the formats of WeChat', async () => {
    const { variables } = await build();
    expect(variables).toMatchObject({
      MINIAPP_APP_ID: expect.stringMatching(/^wx[0-9a-f]{16}$/) as string,
      OFFICIAL_APP_ID: expect.stringMatching(/^wx[0-9a-f]{16}$/) as string,
      OFFICIAL_AES_KEY: expect.stringMatching(/^[A-Za-z0-9]{43}$/) as string,
      MINIAPP_AES_KEY_PREVIOUS: '',
      MINIAPP_MODE: 'secure',
      CONTENT_CHECK: 'on',
      OFFICIAL_AES_KEY_PREVIOUS: '',
      OFFICIAL_MODE: 'secure',
      MP_VERIFY_FILES: '{"MP_verify_localhost0000001.txt":"localhost0000001"}',
      PAY_MCH_CERT_SERIAL: expect.stringMatching(/^[0-9A-F]{40}$/) as string,
      PAY_API: 'v3',
      PAY_API_V3_KEY: expect.stringMatching(/^[ -~]{32}$/) as string,
      PAY_API_V3_KEY_PREVIOUS: '',
      PAY_API_V2_KEY: expect.stringMatching(/^[ -~]{32}$/) as string,
      PAY_PUBLIC_KEY_ID: expect.stringMatching(/^PUB_KEY_ID_[0-9A-Z]+$/) as string,
    });
  });

  it('sign sessions with one private Ed25519 key', async () => {
    const { variables } = await build();
    const { keys } = JSON.parse(variables['JWT_SIGNING_KEYS'] ?? '') as { keys: unknown[] };
    expect(keys).toEqual([
      {
        kty: 'OKP',
        crv: 'Ed25519',
        alg: 'EdDSA',
        use: 'sig',
        kid: expect.any(String) as string,
        x: expect.any(String) as string,
        d: expect.any(String) as string,
      },
    ]);
  });

  it('contain the other half of each key for the simulator', async () => {
    const { variables, simulator } = await build();
    expect(belongTogether(variables['PAY_MCH_PRIVATE_KEY'] ?? '', simulator.pay.merchantPublicKey)).toBe(true);
    expect(belongTogether(simulator.pay.platformPrivateKey, variables['PAY_PUBLIC_KEY'] ?? '')).toBe(true);
  });

  it('differ at each start', async () => {
    const [one, other] = await Promise.all([build(), build()]);
    for (const name of ['JWT_SIGNING_KEYS', 'PAY_MCH_PRIVATE_KEY', 'MINIAPP_APP_SECRET']) {
      expect(one.variables[name]).not.toBe(other.variables[name]);
    }
  });

  it('are replaced by the environment, for functions and simulator', async () => {
    const { variables, simulator } = await build({ MINIAPP_APP_ID: 'wx1', WECHAT_API_BASE_URL: 'http://elsewhere' });
    expect(variables).toMatchObject({ MINIAPP_APP_ID: 'wx1', WECHAT_API_BASE_URL: 'http://elsewhere' });
    expect(simulator.miniapp.appId).toBe('wx1');
    // The same host creates codes, shows them and asks the user.
    const { WECHAT_MP_BASE_URL: mp, WECHAT_OPEN_BASE_URL: open } = variables;
    expect([mp, open]).toEqual(['http://elsewhere', 'http://elsewhere']);
  });

  it.each([
    ['plain', 'plain'],
    ['compatible', 'compatible'],
    ['', 'secure'],
    ['open', 'secure'],
  ])('pass the push mode %j to the functions, and %s to the simulator', async (mode, simulated) => {
    const { variables, simulator } = await build({ OFFICIAL_MODE: mode });
    expect([variables['OFFICIAL_MODE'], simulator.official.mode]).toEqual([mode, simulated]);
  });

  it('keep an empty account setting, for trials of a missing setting, but replace an empty address', async () => {
    const { variables } = await build({ PAY_MCH_ID: '', PAY_MCH_PRIVATE_KEY: '', WECHAT_PAY_BASE_URL: '' });
    expect(variables).toMatchObject({ PAY_MCH_ID: '', PAY_MCH_PRIVATE_KEY: '' });
    expect(variables['WECHAT_PAY_BASE_URL']).toMatch(/^http/);
  });

  it('take the merchant public key from a private key that was set, escaped line ends too', async () => {
    const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const pem = privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
    const { simulator } = await build({ PAY_MCH_PRIVATE_KEY: pem.replaceAll('\n', '\\n') });
    const expected = createPublicKey(createPrivateKey(pem)).export({ type: 'spki', format: 'pem' });
    expect(simulator.pay.merchantPublicKey).toBe(expected);
  });

  it('name the variable that contains no key', async () => {
    await expect(build({ PAY_MCH_PRIVATE_KEY: 'x' })).rejects.toThrow('PAY_MCH_PRIVATE_KEY');
  });
});
