import { DynamoDBClient, UpdateTimeToLiveCommand } from '@aws-sdk/client-dynamodb';
import { generateKeyPairSync } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { clientSettings } from '../../../infra/service/table.ts';
import { examineStage } from './examine.ts';
import { failTokens, startStage, type Stage } from './stage.ts';

const KEYS = generateKeyPairSync('rsa', {
  modulusLength: 2_048,
  publicKeyEncoding: { type: 'spki', format: 'pem' },
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
});

const NO_ADDRESS = 'must be an https address without ? and #: WeChat Pay takes no other';

let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
  await stage.run('doctor', ['--fix']);
});
afterEach(() => stage.reset());
afterAll(() => stage.stop());

const examine = (of: Stage = stage) => examineStage(of);

describe('npm run doctor', () => {
  it('passes every check of a working stage, and prints no secret', async () => {
    const { code, stdout, stderr, rows } = await examine();
    expect([code, stderr]).toEqual([0, '']);
    expect(Object.keys(rows)).toEqual([
      '– outbound address',
      '– TRUSTED_PROXY',
      '– PAY_API_V3_KEY',
      '– message page',
      '– virtual goods',
      '– backups',
    ]);
    expect(rows['– PAY_API_V3_KEY']).toContain('no certificate to try it on');
    expect(stdout).toContain('✓ call of API v3');
    expect(stdout.trim().split('\n').at(-1)).toMatch(/^\d+ checks, nothing wrong$/);
    const secrets = Object.entries(stage.settings).filter(
      ([name, value]) => value !== '' && !(name in stage.variables),
    );
    const shown = /CERT_SERIAL|PUBLIC_KEY_ID/;
    expect(secrets.filter(([name, value]) => !shown.test(name) && stdout.includes(value))).toEqual([]);
  });

  it('names the address for the allowlist of WeChat', async () => {
    const { OFFICIAL_APP_ID } = stage.variables;
    const why = 'The IP address 203.0.113.9 is not on the WeChat allowlist of OFFICIAL_APP_ID';
    Object.assign(stage.answers, failTokens(`WeChat returned no access_token of ${OFFICIAL_APP_ID} (${why})`));
    const { code, rows } = await examine();
    expect([code, rows['✗ access token']]).toEqual([1, why]);
  });

  it.each<[string, string, string, string, string]>([
    [
      'a merchant key that WeChat does not know',
      'PAY_MCH_PRIVATE_KEY',
      KEYS.privateKey,
      'call of API v3',
      'WeChat Pay rejected the signature',
    ],
    [
      'a serial of another certificate',
      'PAY_MCH_CERT_SERIAL',
      'A'.repeat(40),
      'call of API v3',
      '(API v2). WeChat: 商户证书序列号有误',
    ],
    [
      'a public key that is not WeChat Pay’s',
      'PAY_PUBLIC_KEY',
      KEYS.publicKey,
      'call of API v3',
      'PAY_PUBLIC_KEY is not the key that WeChat Pay signs with',
    ],
    ['an APIv3 key of another length', 'PAY_API_V3_KEY', 'short', 'PAY_API_V3_KEY', 'exactly 32 bytes'],
    [
      'an APIv2 key that WeChat does not know',
      'PAY_API_V2_KEY',
      'x'.repeat(32),
      'PAY_API_V2_KEY',
      '(API v2). WeChat: 签名错误',
    ],
    [
      'an OFFICIAL_TOKEN that the function does not have',
      'OFFICIAL_TOKEN',
      'another',
      'callback address',
      'rejects OFFICIAL_TOKEN',
    ],
    ['signing keys that are none', 'JWT_SIGNING_KEYS', '{}', 'JWT_SIGNING_KEYS', 'must be a JWK Set'],
    [
      'a public key’s id that WeChat Pay does not know',
      'PAY_PUBLIC_KEY_ID',
      'PUB_KEY_ID_0119000072912025110100000000000099',
      'call of API v3',
      'rejects the call (PARAMERROR). Check PAY_MCH_ID, PAY_MCH_CERT_SERIAL with PAY_MCH_PRIVATE_KEY, and',
    ],
    [
      'the sentence of WeChat about it',
      'PAY_PUBLIC_KEY_ID',
      'PUB_KEY_ID_0119000072912025110100000000000099',
      'call of API v3',
      'and PAY_PUBLIC_KEY_ID. WeChat: 平台证书序列号Wechatpay-Serial错误',
    ],
    [
      'a public key’s id that is none',
      'PAY_PUBLIC_KEY_ID',
      'PUB_KEY_ID_XX',
      'PAY_PUBLIC_KEY',
      'PAY_PUBLIC_KEY_ID must be PUB_KEY_ID_ and a long number',
    ],
    ['an AppSecret that is none', 'MINIAPP_APP_SECRET', 'secret', 'MINIAPP_APP_SECRET', 'must be 32 hex digits'],
  ])('reports %s', async (_what, name, value, row, why) => {
    stage.put(name, value);
    const { code, rows } = await examine();
    expect(rows[`✗ ${row}`]).toContain(why);
    expect(code).toBe(1);
  });

  it.each<[Record<string, string>, string, string]>([
    [{ SCAN_LOGIN_CONFIRM: 'foo' }, 'SCAN_LOGIN_CONFIRM', 'must be tap or scan'],
    [{ SCAN_LOGIN_REGISTER: 'foo' }, 'SCAN_LOGIN_REGISTER', 'must be ask or auto'],
    [{ MP_VERIFY_FILES: 'foo' }, 'MP_VERIFY_FILES', 'must be a JSON object of file names and contents'],
    [{ PAY_NOTIFY_URL: 'foo' }, 'PAY_NOTIFY_URL', NO_ADDRESS],
    [{ PAY_NOTIFY_URL: 'https://pay.example.com/n?a=b' }, 'PAY_NOTIFY_URL', NO_ADDRESS],
    [{ PAY_NOTIFY_URL: '' }, 'PAY_NOTIFY_URL', 'is not set'],
    // Refunds go through API v3.
    [{ PAY_API: 'v2', PAY_NOTIFY_URL: 'foo' }, 'PAY_NOTIFY_URL', NO_ADDRESS],
    [{ PAY_API: 'v2', PAY_V2_NOTIFY_URL: 'foo' }, 'PAY_V2_NOTIFY_URL', NO_ADDRESS],
  ])('reports the setting %j', async (changed, name, why) => {
    Object.assign(stage.variables, changed);
    const { code, rows } = await examine();
    expect([code, rows[`✗ ${name}`]]).toEqual([1, `${name} ${why} → ${name} in .env.<stage>`]);
  });

  it('warns of plain mode, without a failure', async () => {
    Object.assign(stage.variables, { OFFICIAL_MODE: 'plain' });
    const { code, rows } = await examine();
    expect([code, rows['! message keys']]).toEqual([0, expect.stringContaining('OFFICIAL_MODE=secure')]);
  });

  it('checks the keys of secure mode without an OFFICIAL_MODE', async () => {
    Object.assign(stage.variables, { OFFICIAL_MODE: '' });
    const { code, stdout } = await examine();
    expect([code, stdout]).toEqual([0, expect.stringMatching(/✓ message keys +secure mode$/m)]);
    stage.remove('OFFICIAL_AES_KEY');
    expect((await examine()).rows['✗ message keys']).toContain('npm run secrets -- put OFFICIAL_AES_KEY');
  });

  it('warns of a mini-program without a message push, without a failure', async () => {
    stage.remove('MINIAPP_TOKEN');
    stage.remove('MINIAPP_AES_KEY');
    stage.answers['POST /miniapp-events'] = () => ({ status: 503, body: 'MINIAPP_TOKEN is not set' });
    const { code, rows } = await examine();
    expect([code, rows['! message keys']]).toEqual([0, expect.stringContaining('secrets -- put MINIAPP_TOKEN')]);
    expect(rows['– miniapp-events']).toBe('the message push is not set up');
  });

  it('checks only the address of the protocol in use', async () => {
    Object.assign(stage.variables, { PAY_V2_NOTIFY_URL: 'foo' });
    await expect(examine()).resolves.toMatchObject({ code: 0 });
  });

  it.each<[string, string, Stage['answers'][string], string]>([
    ['takes what nobody signed', 'POST /pay-notify', () => ({ status: 200 }), '✗ pay-notify'],
    [
      'echoes to anybody',
      'GET /official-events',
      ({ url }) => ({ status: 200, body: url.searchParams.get('echostr')! }),
      '✗ callback address',
    ],
    [
      'echoes every check of the mini-program',
      'GET /miniapp-events',
      ({ url }) => ({ status: 200, body: url.searchParams.get('echostr')! }),
      '✗ callback address',
    ],
    ['is not there', 'POST /pay-notify-v2', () => ({ status: 404 }), '✗ pay-notify-v2'],
    [
      'lives in another time',
      'GET /health',
      () => ({ status: 200, headers: { date: new Date(Date.now() - 400_000).toUTCString() } }),
      '✗ clock',
    ],
  ])('reports a stage that %s', async (_what, route, answer, row) => {
    stage.answers[route] = answer;
    const { code, rows } = await examine();
    expect([code, Object.keys(rows)]).toEqual([1, expect.arrayContaining([row])]);
  });

  it('passes for a merchant of one protocol', async () => {
    stage.remove('PAY_API_V2_KEY');
    stage.answers['POST /pay-notify-v2'] = () => ({
      status: 503,
      body: '<xml><return_msg><![CDATA[PAY_API_V2_KEY is not set]]></return_msg></xml>',
    });
    const { code, rows } = await examine();
    expect([code, rows['– pay-notify-v2'], rows['– PAY_API_V2_KEY']]).toEqual([
      0,
      'API v2 is not set up',
      'API v2 is not used',
    ]);
  });

  it('skips a part that is not set up, and reports a part that is partly set up', async () => {
    Object.assign(stage.variables, { OFFICIAL_APP_ID: '', PAY_MCH_ID: '', SECRETS_PATH: '/elsewhere' });
    const { code, rows, stdout } = await examine();
    expect(stdout).toMatch(/official account\n {2}– not set up/);
    expect(rows['– pay-notify']).toBe('PAY_MCH_ID is not set');
    expect([code, rows['✗ SECRETS_PATH']]).toEqual([
      1,
      `is /elsewhere on the functions; it must be /wechat-lambda/local`,
    ]);
  });

  it('reports a table without expiry', async () => {
    const { AWS_ENDPOINT_URL_DYNAMODB: endpoint, TABLE_NAME: TableName } = stage.settings;
    const client = new DynamoDBClient(clientSettings(endpoint));
    const setLife = (Enabled: boolean) =>
      client.send(
        new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled } }),
      );
    await setLife(false);
    const { rows } = await examine();
    await setLife(true).finally(() => client.destroy());
    expect(rows['✗ end of items']).toContain('would stay for ever');
  });
});

describe('npm run doctor for a merchant with platform certificates', () => {
  let certified: Stage;
  beforeAll(async () => {
    certified = await startStage({ PAY_PUBLIC_KEY_ID: '', PAY_PUBLIC_KEY: '' });
  });
  afterAll(() => certified.stop());

  it('opens them with the APIv3 key, and names the signing key', async () => {
    const { code, stdout, rows } = await examine(certified);
    expect(code).toBe(0);
    expect(rows['– PAY_PUBLIC_KEY']).toBe('platform certificates in its place');
    expect(stdout).toMatch(/✓ PAY_API_V3_KEY +opens the platform certificates, the last of which ends \d{4}-/);
    expect(stdout).toMatch(/✓ call of API v3 .* signs with [0-9A-F]{40}/);
  });

  it('warns when only the previous key opens them, because the functions fail once it is removed', async () => {
    certified.put('PAY_API_V3_KEY_PREVIOUS', certified.read('PAY_API_V3_KEY')!);
    certified.put('PAY_API_V3_KEY', 'x'.repeat(32));
    const { code, rows } = await examine(certified);
    expect([code, rows['! PAY_API_V3_KEY']]).toEqual([
      0,
      expect.stringContaining('only PAY_API_V3_KEY_PREVIOUS opens the platform certificates'),
    ]);
    certified.put('PAY_API_V3_KEY_PREVIOUS', 'y'.repeat(32));
    await expect(examine(certified)).resolves.toMatchObject({ code: 1 });
    certified.remove('PAY_API_V3_KEY_PREVIOUS');
  });

  it('fails when no key opens them', async () => {
    certified.put('PAY_API_V3_KEY', 'x'.repeat(32));
    const { rows } = await examine(certified);
    expect(rows['✗ PAY_API_V3_KEY']).toBe(
      'PAY_API_V3_KEY does not open the messages of WeChat Pay → npm run secrets -- put PAY_API_V3_KEY',
    );
  });
});
