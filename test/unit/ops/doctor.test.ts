import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { badSetting, type SettingName } from '../../../lib/core/config.ts';
import { judgeClock, judgeTrustedProxy } from '../../../infra/ops/doctor/account.ts';
import { judgePushKeys } from '../../../infra/ops/doctor/apps.ts';
import { judgeNoAccess } from '../../../infra/ops/doctor/miniapp-calls.ts';
import { judgeNotifyUrl } from '../../../infra/ops/doctor/pay.ts';
import { applySettings, listStoreWarnings } from '../../../infra/ops/doctor/settings.ts';
import { judgeTrade, type Trade } from '../../../infra/ops/doctor/shipping.ts';
import { judgeToken } from '../../../infra/ops/doctor/tokens.ts';
import { exitCodeOf, formatSummary, formatGroup, runCheck, type CheckResult } from '../../../infra/ops/check-report.ts';
import { listNeededSecrets, listRequiredSecrets } from '../../../infra/ops/secrets/needed.ts';
import { PlatformError, platformError } from '../../../lib/wechat/platform-error.ts';
import { readMessageKey } from '../../../lib/wechat/message-cipher.ts';
import type { PushKeys } from '../../../lib/wechat/open-push.ts';

describe('check results', () => {
  it('contain the note of a check, or the reason why it failed', async () => {
    await expect(runCheck('a', () => 'fine')).resolves.toEqual({ mark: '✓', name: 'a', note: 'fine' });
    await expect(runCheck('b', async () => ({ mark: '–', note: 'off' }))).resolves.toMatchObject({
      mark: '–',
      name: 'b',
    });
    const thrown = runCheck('c', () => Promise.reject(new Error('no', { cause: new Error('ECONNREFUSED') })));
    await expect(thrown).resolves.toEqual({ mark: '✗', name: 'c', note: 'Error: no (ECONNREFUSED)' });
  });

  it('name the command or the file that sets a setting', async () => {
    const missing = (name: SettingName) => runCheck('x', () => Promise.reject(badSetting(name, 'is not set')));
    await expect(missing('OFFICIAL_TOKEN')).resolves.toMatchObject({
      note: 'OFFICIAL_TOKEN is not set → npm run secrets -- put OFFICIAL_TOKEN',
    });
    await expect(missing('SITE_NAME')).resolves.toMatchObject({
      note: 'SITE_NAME is not set → SITE_NAME in .env.<stage>',
    });
  });

  it('are printed in columns and end with a count', () => {
    const rows: CheckResult[] = [
      { mark: '✓', name: 'stack', note: 'is there' },
      { mark: '✗', name: 'table', note: 'is not' },
      { mark: '!', name: 'clock', note: 'is slow' },
    ];
    expect(formatGroup('account', rows).split('\n')).toEqual([
      'account',
      `  ✓ ${'stack'.padEnd(21)}is there`,
      `  ✗ ${'table'.padEnd(21)}is not`,
      `  ! ${'clock'.padEnd(21)}is slow`,
    ]);
    expect([formatSummary(rows), exitCodeOf(rows)]).toEqual(['1 of 3 checks failed, 1 to look at', 1]);
    expect([formatSummary(rows.slice(0, 1)), exitCodeOf(rows.slice(0, 1))]).toEqual(['1 checks, nothing wrong', 0]);
  });
});

describe('the clock', () => {
  it.each([
    [0, '✓'],
    [-60, '✓'],
    [61, '!'],
    [-299, '!'],
    [300, '✗'],
  ])('%i seconds off is %s', async (seconds, mark) => {
    const found = await runCheck('clock', () => judgeClock([['AWS', 0] as [string, number], ['WeChat', seconds]]));
    expect(found).toMatchObject({ mark, note: expect.stringContaining(`0 s from AWS, ${seconds} s from WeChat`) });
  });
});

describe('an address of notifications', () => {
  const judge = (url: string, standIns?: string) => {
    vi.stubEnv('PAY_NOTIFY_URL', url);
    return judgeNotifyUrl('PAY_NOTIFY_URL', { standIns });
  };
  afterEach(() => void vi.unstubAllEnvs());

  it.each(['https://pay.example.com/n', 'https://abc.lambda-url.eu-west-1.on.aws/'])('may be %s', (url) => {
    expect(judge(url)).toBe(url);
  });

  it.each(['http://pay.example.com/n', 'https://pay.example.com/n?', 'https://pay.example.com/#n', 'https://', 'foo'])(
    'is not %s',
    (url) => {
      expect(() => judge(url)).toThrow('PAY_NOTIFY_URL must be an https address without ? and #');
    },
  );

  it('may lack https on this machine only', () => {
    const url = 'http://localhost:3001/pay-notify';
    expect(judge(url, 'http://127.0.0.1:3003')).toBe(url);
    expect(() => judge(url)).toThrow('must be an https address');
  });
});

describe('the mode of pushes', () => {
  const key = readMessageKey('A'.repeat(43))!;
  const judge = (mode: PushKeys['mode'], aesKeys = [key], app: 'MINIAPP' | 'OFFICIAL' = 'OFFICIAL') =>
    runCheck('message keys', () => judgePushKeys({ mode, aesKeys }, app));

  it('is a warning with the remedy in plain mode', async () => {
    const { mark, note } = await judge('plain', []);
    expect(mark).toBe('!');
    expect(note).toMatch(/forge pushes, so scan login is off → .*OFFICIAL_AES_KEY, OFFICIAL_MODE=secure .*安全模式/);
    const { note: ofMiniapp } = await judge('plain', [], 'MINIAPP');
    expect(ofMiniapp).toMatch(/forge pushes → .*MINIAPP_AES_KEY, MINIAPP_MODE=secure .*安全模式/);
  });

  it.each(['compatible', 'secure'] as const)('passes in %s mode', async (mode) => {
    await expect(judge(mode)).resolves.toMatchObject({ mark: '✓', note: `${mode} mode` });
    const rotated = `${mode} mode, with the previous EncodingAESKey`;
    await expect(judge(mode, [key, key])).resolves.toMatchObject({ mark: '✓', note: rotated });
  });
});

describe('the trusted proxy', () => {
  const judge = (settings: Record<string, string>) => {
    for (const name of ['TRUSTED_PROXY', 'ORIGIN_SECRET']) vi.stubEnv(name, settings[name] ?? '');
    return runCheck('TRUSTED_PROXY', judgeTrustedProxy);
  };
  afterEach(() => void vi.unstubAllEnvs());

  it.each([
    [{}, '–', 'none'],
    [{ TRUSTED_PROXY: 'cloudfront', ORIGIN_SECRET: 'x' }, '✓', 'recognised by ORIGIN_SECRET'],
    [{ TRUSTED_PROXY: 'cloudfront' }, '!', 'npm run secrets -- put ORIGIN_SECRET'],
    [{ TRUSTED_PROXY: 'nginx' }, '✗', 'TRUSTED_PROXY must be empty or cloudfront'],
  ])('with %j is %s', async (settings, mark, note) => {
    expect(await judge(settings)).toMatchObject({ mark, note: expect.stringContaining(note) });
  });
});

describe('tokens', () => {
  const NOT_LISTED = 'The IP address 203.0.113.9 is not on the WeChat allowlist of OFFICIAL_APP_ID';
  const report = {
    failed: `WeChat returned no access_token of wxb2 (${NOT_LISTED}), no jsapi_ticket of wxb2 (${NOT_LISTED})`,
  };

  it('report the address that WeChat rejects', () => {
    expect(() => judgeToken(report, 'access_token', 'wxb2')).toThrow(NOT_LISTED);
    expect(() => judgeToken(report, 'jsapi_ticket', 'wxb2')).toThrow(NOT_LISTED);
  });

  it('are reported one by one', () => {
    expect(judgeToken(report, 'access_token', 'wxa1')).toBe('WeChat issues it to the functions');
    expect(judgeToken({ requested: true }, 'jsapi_ticket', 'wxb2')).toBe('WeChat issues it to the functions');
    expect(() => judgeToken({ failed: 'Task timed out' }, 'access_token', 'wxa1')).toThrow('token-refresh fails');
  });
});

describe('trade management', () => {
  const judge = (trade: Partial<Trade>) =>
    runCheck('trade management', () =>
      judgeTrade({ isManaged: true, isConfirmed: true, orderShipping: 'auto', ...trade }),
    );

  it.each<[Partial<Trade>, string, string]>([
    [{}, '✓', 'on, and ORDER_SHIPPING is auto'],
    [{ orderShipping: 'on' }, '✓', 'on, and ORDER_SHIPPING is on'],
    [{ orderShipping: 'off' }, '✗', 'the money of each order stays frozen at WeChat → ORDER_SHIPPING=auto'],
    [{ isConfirmed: false, orderShipping: 'off' }, '✗', 'the money of each order stays frozen'],
    [{ isConfirmed: false }, '!', 'a merchant number of the mini-program is neither authorised nor unbound'],
    [{ isManaged: false }, '–', 'WeChat does not freeze the money of orders'],
    [{ isManaged: false, orderShipping: 'off' }, '–', 'WeChat does not freeze the money of orders'],
    [{ isManaged: false, orderShipping: 'on' }, '!', 'declines the shipping information → ORDER_SHIPPING=auto'],
    [{ orderShipping: 'yes' }, '✗', 'ORDER_SHIPPING must be auto, on or off → ORDER_SHIPPING in .env.<stage>'],
  ])('with %j is %s', async (trade, mark, note) => {
    expect(await judge(trade)).toMatchObject({ mark, note: expect.stringContaining(note) });
  });
});

describe('a machine that WeChat does not accept', () => {
  const notListed = (errcode: number) =>
    platformError('MINIAPP', new PlatformError(errcode, 'invalid ip 203.0.113.9, not in whitelist'));
  const judge = (error: unknown, fix: boolean) =>
    runCheck('call of WeChat', () => judgeNoAccess(error, { subject: 'shipping', fix }));

  it('gets a warning with the address and the page of the allowlist', async () => {
    const { mark, note } = await judge(notListed(40164), false);
    expect(mark).toBe('!');
    expect(note).toMatch(/not checked: The IP address 203\.0\.113\.9 is not on .* → add .*IP 白名单/);
    expect((await judge(notListed(48001), false)).note).not.toContain('白名单');
  });

  it('fails a command that has to change a setting at WeChat', async () => {
    expect(await judge(notListed(40164), true)).toMatchObject({ mark: '✗', note: expect.stringContaining('白名单') });
  });
});

describe('the settings of the functions', () => {
  const before = process.env;
  beforeEach(() => {
    process.env = {
      PATH: '/bin',
      PAY_MCH_ID: 'mine',
      WECHAT_API_BASE_URL: 'http://mine',
      SCAN_LOGIN_REGISTER: 'mine',
      ORDER_SHIPPING: 'mine',
      AWS_PROFILE: 'me',
    };
  });
  afterEach(() => {
    process.env = before;
  });

  it('replace those of the operator; a variable wins over the store', () => {
    const variables = { MINIAPP_APP_ID: 'wx1', SITE_NAME: '', SECRETS_PATH: '/a/b', OFFICIAL_TOKEN: 'variable' };
    applySettings(
      variables,
      new Map([
        ['OFFICIAL_TOKEN', 'stored'],
        ['PAY_API_V3_KEY', 'key'],
      ]),
    );
    expect(process.env).toEqual({
      PATH: '/bin',
      AWS_PROFILE: 'me',
      MINIAPP_APP_ID: 'wx1',
      OFFICIAL_TOKEN: 'variable',
      PAY_API_V3_KEY: 'key',
    });
  });

  it('cause a warning for an unknown stored name and for a shadowed secret', () => {
    const stored = { version: 1, changedAt: new Date() };
    const odd = listStoreWarnings(
      { OFFICIAL_TOKEN: 'x', PAY_API_V3_KEY: '', PAY_API_V2_KEY: 'not stored' },
      new Map([
        ['OFFICIAL_TOKEN', stored],
        ['PAY_API_V3_KEY', stored],
        ['PAY_APIV3_KEY', stored],
      ]),
    );
    expect(odd).toEqual([
      expect.stringContaining('PAY_APIV3_KEY is stored, but is not the name of a secret'),
      expect.stringMatching(/^OFFICIAL_TOKEN is also a variable of the functions, which wins.* take it out of infra/),
    ]);
  });
});

describe('listNeededSecrets', () => {
  it('returns the secrets of the parts that are set up, and our own keys', () => {
    expect(listNeededSecrets({ MINIAPP_APP_ID: 'wx1' })).toEqual([
      'JWT_SIGNING_KEYS',
      'MINIAPP_APP_SECRET',
      'MINIAPP_TOKEN',
      'MINIAPP_AES_KEY',
    ]);
    expect(listNeededSecrets({ OFFICIAL_APP_ID: 'wx1' })).toContain('OFFICIAL_AES_KEY');
    expect(listNeededSecrets({ VIRTUAL_PAY_OFFER_ID: '1450000001' })).toContain('VIRTUAL_PAY_APP_KEY');
    const withProxy = { MINIAPP_APP_ID: 'wx1', TRUSTED_PROXY: 'cloudfront' };
    expect(listNeededSecrets(withProxy)).toContain('ORIGIN_SECRET');
  });

  it('returns all secrets while nothing is set up, but never a previous value', () => {
    const all = listNeededSecrets({});
    expect(all).toEqual(expect.arrayContaining(['MINIAPP_APP_SECRET', 'OFFICIAL_TOKEN', 'PAY_API_V2_KEY']));
    expect(all.filter((name) => name.endsWith('_PREVIOUS'))).toEqual([]);
    expect(all).not.toContain('ORIGIN_SECRET');
    expect(listNeededSecrets({ TRUSTED_PROXY: 'cloudfront' })).toEqual([...all, 'ORIGIN_SECRET']);
  });
});

describe('listRequiredSecrets', () => {
  const official = { OFFICIAL_APP_ID: 'wx1' };

  it.each(['', 'secure', 'compatible'])('requires OFFICIAL_AES_KEY with the OFFICIAL_MODE %j', (OFFICIAL_MODE) => {
    expect(listRequiredSecrets({ ...official, OFFICIAL_MODE })).toContain('OFFICIAL_AES_KEY');
  });

  it('does not require OFFICIAL_AES_KEY in plain mode', () => {
    expect(listRequiredSecrets({ ...official, OFFICIAL_MODE: 'plain' })).not.toContain('OFFICIAL_AES_KEY');
  });
});
