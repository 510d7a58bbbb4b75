import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { sessionTokens } from '../../../lib/identity/session-token.ts';
import { rotateStoredKeys } from '../../../infra/ops/secrets/rotate.ts';
import { openSecretStore } from '../../../infra/ops/secrets/store.ts';
import { clientSettings } from '../../../infra/service/table.ts';
import { certificateOf, merchant, SERIAL } from '../../unit/ops/keys.ts';
import { SECRETS_PATH, startStage, type Stage } from './stage.ts';

const NEW = 'new1new1new1new1new1new1new1new1';
const folder = mkdtempSync(join(tmpdir(), 'ops-'));
const file = (name: string, content: string) => {
  writeFileSync(join(folder, name), `${content}\n`);
  return join(folder, name);
};
const key = file('apiclient_key.pem', merchant.privateKey.trim());
const certificate = file('apiclient_cert.pem', certificateOf(merchant));

let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
});
afterAll(async () => {
  await stage.stop();
  rmSync(folder, { recursive: true });
});

const secrets = (words: string[], input = '') => stage.run('secrets', words, input);

describe('npm run secrets', () => {
  it('lists names without values', async () => {
    stage.put('PAY_APIV3_KEY', 'misnamed');
    const { code, stdout } = await secrets(['list']);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^MINIAPP_APP_SECRET +\d{4}-\d\d-\d\d \d\d:\d\d {2}v1 +mini-program$/m);
    expect(stdout).toMatch(/^PAY_API_V3_KEY_PREVIOUS +– +WeChat Pay$/m);
    expect(stdout).toMatch(/^PAY_APIV3_KEY +.* unknown name$/m);
    expect(stdout).not.toContain(stage.settings.MINIAPP_APP_SECRET);
    expect(stdout).not.toContain('misnamed');
  });

  it('replaces the APIv3 key from a pipe, and keeps the previous key until the operator removes it', async () => {
    const before = stage.read('PAY_API_V3_KEY');
    const { code, stdout } = await secrets(['put', 'PAY_API_V3_KEY'], `${NEW}\n`);
    expect([code, stdout.split('\n').slice(0, 2)]).toEqual([
      0,
      ['stored   PAY_API_V3_KEY_PREVIOUS', 'stored   PAY_API_V3_KEY'],
    ]);
    expect([stage.read('PAY_API_V3_KEY'), stage.read('PAY_API_V3_KEY_PREVIOUS')]).toEqual([NEW, before]);
    await expect(secrets(['put', 'PAY_API_V3_KEY'], NEW)).resolves.toMatchObject({ stdout: 'Nothing has changed.\n' });
    expect(stage.read('PAY_API_V3_KEY_PREVIOUS')).toBe(before);
    await expect(secrets(['remove', 'PAY_API_V3_KEY_PREVIOUS'])).resolves.toMatchObject({ code: 0 });
    expect(stage.read('PAY_API_V3_KEY_PREVIOUS')).toBeUndefined();
    await expect(secrets(['remove', 'PAY_API_V3_KEY_PREVIOUS'])).resolves.toMatchObject({ code: 1 });
  });

  it('replaces the merchant key and its serial number together, from files', async () => {
    const words = ['put', 'PAY_MCH_PRIVATE_KEY', 'PAY_MCH_CERT_SERIAL'];
    const half = await secrets(['put', 'PAY_MCH_PRIVATE_KEY'], `@${key}`);
    expect([half.code, half.stderr]).toEqual([1, expect.stringContaining('change together: nothing was stored')]);
    expect(stage.read('PAY_MCH_CERT_SERIAL')).toBe(stage.settings.PAY_MCH_CERT_SERIAL);
    const { code } = await secrets(words, `@${key}\n@${certificate}\n`);
    expect(code).toBe(0);
    expect(stage.read('PAY_MCH_PRIVATE_KEY')).toBe(merchant.privateKey.trim());
    expect(stage.read('PAY_MCH_CERT_SERIAL')).toBe(SERIAL);
  });

  it('reads a pasted PEM block as one answer', async () => {
    const words = ['put', 'PAY_MCH_CERT_SERIAL', 'PAY_API_V2_KEY'];
    const { code, stdout } = await secrets(words, `${certificateOf(merchant)}\n${NEW}\n`);
    expect([code, stdout.split('\n')[0]]).toEqual([0, 'stored   PAY_API_V2_KEY']);
  });

  it.each([
    ['a value among the names', ['put', 'PAY_API_V3_KEY', NEW], '', 2],
    ['no command', [], '', 2],
    ['answers without names', ['put'], NEW, 2],
    ['the rotation of what others issue', ['rotate', 'PAY_API_V3_KEY'], '', 2],
    ['a value of another form', ['put', 'PAY_API_V3_KEY'], `${NEW}${NEW}`, 1],
    ['an empty pipe', ['put', 'PAY_API_V3_KEY'], '', 1],
    ['an empty pipe for keys that it could make', ['put', 'JWT_SIGNING_KEYS'], '\n', 1],
    ['half a pair', ['put', 'PAY_PUBLIC_KEY_ID'], 'PUB_KEY_ID_0119000072912025110100000000000001', 1],
    ['to remove half a pair', ['remove', 'PAY_PUBLIC_KEY_ID'], '', 1],
    ['to remove what is in use', ['remove', 'PAY_API_V3_KEY'], '', 1],
    ['to remove nothing', ['remove'], '', 2],
    ['too few answers', ['put', 'PAY_API_V3_KEY', 'PAY_API_V2_KEY'], NEW, 1],
    ['an option that there is not', ['list', '--value'], '', 2],
    ['a value as an option', ['put', 'PAY_API_V3_KEY', `--${NEW}`], '', 2],
  ])('rejects %s, and repeats no value', async (_what, words, input, exitCode) => {
    const before = stage.read('PAY_API_V2_KEY');
    const { code, stdout, stderr } = await secrets(words, input);
    expect(code).toBe(exitCode);
    expect(stderr).not.toBe('');
    expect(stdout + stderr).not.toContain(NEW);
    expect(stage.read('PAY_API_V2_KEY')).toBe(before);
  });
});

describe('a secret that a variable of the functions shadows', () => {
  const warning = (name: string) =>
    `${name} is also a variable of the functions, which wins over the stored value: take it`;
  afterEach(() => void delete stage.variables.PAY_API_V2_KEY);

  it('is stored with a warning', async () => {
    stage.variables.PAY_API_V2_KEY = 'x'.repeat(32);
    const { code, stdout } = await secrets(['put', 'PAY_API_V2_KEY'], 'another0another0another0another0');
    expect([code, stdout.split('\n')]).toEqual([
      0,
      ['stored   PAY_API_V2_KEY', expect.stringContaining(warning('PAY_API_V2_KEY')), 'Try it: npm run doctor', ''],
    ]);
  });

  it('does not hide that other secrets take effect', async () => {
    stage.variables.PAY_API_V2_KEY = 'x'.repeat(32);
    const key32 = 'further0further0further0further0';
    const { stdout } = await secrets(['put', 'PAY_API_V2_KEY', 'MINIAPP_APP_SECRET'], `${key32}\n${'0a'.repeat(16)}\n`);
    expect(stdout).toContain(warning('PAY_API_V2_KEY'));
    expect(stdout).not.toContain(warning('MINIAPP_APP_SECRET'));
    expect(stdout).toContain('Functions use it within');
  });
});

describe('npm run secrets -- remove', () => {
  it('removes an optional pair', async () => {
    const pair = ['PAY_PUBLIC_KEY_ID', 'PAY_PUBLIC_KEY'];
    await expect(secrets(['remove', ...pair])).resolves.toMatchObject({
      code: 0,
      stdout: 'removed  PAY_PUBLIC_KEY_ID\nremoved  PAY_PUBLIC_KEY\n',
    });
    expect(pair.map(stage.read)).toEqual([undefined, undefined]);
  });
});

describe('npm run secrets -- rotate', () => {
  const claims = {
    sid: 's1',
    accountId: 'a1',
    createdAtMs: Date.now(),
    expiresAt: Math.floor(Date.now() / 1_000) + 3_600,
  };
  const here = { now: Date.now, audience: 'https://api.example.com' };
  const tokensNow = () => sessionTokens(stage.read('JWT_SIGNING_KEYS')!, here);

  it('lets every function verify every token at any moment', async () => {
    const store = openSecretStore(
      { clients: { ssm: clientSettings(stage.standIns), lambda: { region: '' } }, standIns: stage.standIns },
      SECRETS_PATH,
    );
    const first = await tokensNow();
    const steps: string[] = [];
    const wait = async (ms: number) => {
      const between = await tokensNow();
      steps.push(`waits ${ms} ms`);
      // A container with the old set verifies the new tokens, and one with the new set the old tokens.
      await expect(first.verifySession(await between.signSession(claims))).resolves.toMatchObject({ sid: 's1' });
      await expect(between.verifySession(await first.signSession(claims))).resolves.toMatchObject({ sid: 's1' });
    };
    await rotateStoredKeys({ store, now: Date.now, wait, print: (line) => void steps.push(line) });
    store.close();
    const last = await tokensNow();
    await expect(last.verifySession(await first.signSession(claims))).resolves.toMatchObject({ sid: 's1' });
    await expect(first.verifySession(await last.signSession(claims))).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
    });
    expect(steps).toEqual([
      expect.stringContaining('is published'),
      'waits 70000 ms',
      expect.stringContaining('The new key signs now'),
    ]);
  });
});
