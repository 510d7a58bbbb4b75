import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { SecretName } from '../../../lib/core/config.ts';
import { promptForSecrets, planWrites } from '../../../infra/ops/secrets/put.ts';
import { certificateOf, merchant, SERIAL, stranger } from './keys.ts';

const OLD = 'old0old0old0old0old0old0old0old0';
const NEW = 'new1new1new1new1new1new1new1new1';
const KEY_ID = 'PUB_KEY_ID_0119000072912025110100000000000001';
const folder = mkdtempSync(join(tmpdir(), 'ops-'));
afterAll(() => rmSync(folder, { recursive: true }));
const file = (name: string, content: string) => {
  writeFileSync(join(folder, name), `${content}\n`);
  return `@${join(folder, name)}`;
};

let said: string[] = [];
beforeEach(() => {
  said = [];
});

/** Prompts for `names` with the answers `typed`. The stored values date from `changedAt`. */
const put = (
  names: SecretName[],
  typed: string[],
  stored: [SecretName, string][] = [],
  { interactive = true, changedAt = new Date(0) } = {},
) => {
  const answers = [...typed];
  return promptForSecrets(names, {
    store: {
      list: async () => new Map(stored.map(([name]) => [name, { version: 1, changedAt }])),
      read: async () => new Map(stored),
    },
    answers: {
      interactive,
      next: async (question) => {
        said.push(question);
        return answers.shift();
      },
      close: () => undefined,
    },
    print: (line) => void said.push(line),
  });
};

const NONE: ReadonlySet<string> = new Set();

describe('planWrites', () => {
  it.each<[SecretName, SecretName]>([
    ['PAY_API_V3_KEY', 'PAY_API_V3_KEY_PREVIOUS'],
    ['OFFICIAL_AES_KEY', 'OFFICIAL_AES_KEY_PREVIOUS'],
  ])('saves the replaced value of %s first', (name, before) => {
    expect(planWrites(new Map([[name, NEW]]), new Map([[name, OLD]]), NONE)).toEqual([
      [before, OLD],
      [name, NEW],
    ]);
  });

  it('writes only changed values', () => {
    expect(planWrites(new Map([['PAY_API_V3_KEY', OLD]]), new Map([['PAY_API_V3_KEY', OLD]]), NONE)).toEqual([]);
    expect(planWrites(new Map([['PAY_API_V3_KEY', NEW]]), new Map(), NONE)).toEqual([['PAY_API_V3_KEY', NEW]]);
    expect(planWrites(new Map([['PAY_API_V2_KEY', NEW]]), new Map([['PAY_API_V2_KEY', OLD]]), NONE)).toEqual([
      ['PAY_API_V2_KEY', NEW],
    ]);
  });
});

describe('a key that was mistyped during its rotation', () => {
  const stored: [SecretName, string][] = [
    ['PAY_API_V3_KEY', 'typo0typo0typo0typo0typo0typo0ty'],
    ['PAY_API_V3_KEY_PREVIOUS', OLD],
  ];

  it('is replaced while the previous key, which WeChat still uses, stays', async () => {
    const writes = put(['PAY_API_V3_KEY'], [NEW], stored, { changedAt: new Date() });
    await expect(writes).resolves.toEqual([['PAY_API_V3_KEY', NEW]]);
    expect(said.at(-1)).toMatch(/^PAY_API_V3_KEY_PREVIOUS stays, .* remove it when the change is over/);
  });

  it('is not assumed when the previous key is older than a change may take', async () => {
    const eightDaysAgo = new Date(Date.now() - 8 * 86_400_000);
    await expect(put(['PAY_API_V3_KEY'], [NEW], stored, { changedAt: eightDaysAgo })).resolves.toEqual([
      ['PAY_API_V3_KEY_PREVIOUS', stored[0]![1]],
      ['PAY_API_V3_KEY', NEW],
    ]);
  });

  it('does not overwrite a previous key that is given too', async () => {
    const names: SecretName[] = ['PAY_API_V3_KEY_PREVIOUS', 'PAY_API_V3_KEY'];
    await expect(put(names, ['x'.repeat(32), NEW], stored)).resolves.toEqual([
      ['PAY_API_V3_KEY_PREVIOUS', 'x'.repeat(32)],
      ['PAY_API_V3_KEY', NEW],
    ]);
  });
});

describe('promptForSecrets', () => {
  it('keeps a value after an empty answer, and shows which values are set', async () => {
    const stored: [SecretName, string][] = [['PAY_API_V2_KEY', OLD]];
    await expect(put(['PAY_API_V2_KEY', 'PAY_API_V3_KEY'], ['', NEW], stored)).resolves.toEqual([
      ['PAY_API_V3_KEY', NEW],
    ]);
    expect(said[0]).toContain('PAY_API_V2_KEY [set 1970-01-01]');
    expect(said[1]).toContain('PAY_API_V3_KEY [not set]');
  });

  it('prompts again after a wrong answer, and never repeats the answer', async () => {
    await expect(put(['PAY_API_V3_KEY'], ['my-secret', '@/no/such/file', NEW])).resolves.toHaveLength(1);
    expect(said.filter((line) => line.includes('must be exactly 32 bytes'))).toHaveLength(1);
    expect(said.filter((line) => line.includes('cannot be read (ENOENT)'))).toHaveLength(1);
    expect(said.join()).not.toContain('my-secret');
  });

  it('fails after a wrong answer from a pipe', async () => {
    await expect(put(['PAY_API_V3_KEY'], ['my-secret'], [], { interactive: false })).rejects.toThrow(
      'exactly 32 bytes',
    );
    await expect(put(['PAY_API_V3_KEY', 'PAY_API_V2_KEY'], [NEW], [], { interactive: false })).rejects.toThrow(
      'nothing was stored',
    );
  });

  it.each<SecretName>(['PAY_API_V3_KEY', 'JWT_SIGNING_KEYS'])('fails for %s when the pipe is empty', async (name) => {
    await expect(put([name], [''], [], { interactive: false })).rejects.toThrow(`No answer for ${name}`);
  });

  it('creates signing keys when none are stored, and new ones for the answer "new"', async () => {
    const made = ['JWT_SIGNING_KEYS', expect.stringContaining('"crv":"Ed25519"')];
    const leaked: [SecretName, string][] = [['JWT_SIGNING_KEYS', '{"keys":[]}']];
    await expect(put(['JWT_SIGNING_KEYS'], [''])).resolves.toEqual([made]);
    await expect(put(['JWT_SIGNING_KEYS'], [''], leaked)).resolves.toEqual([]);
    await expect(put(['JWT_SIGNING_KEYS'], ['new'], leaked)).resolves.toEqual([made]);
  });
});

describe('a pair of secrets', () => {
  const pair: SecretName[] = ['PAY_MCH_PRIVATE_KEY', 'PAY_MCH_CERT_SERIAL'];
  const key = file('apiclient_key.pem', merchant.privateKey);
  const certificate = file('apiclient_cert.pem', certificateOf(merchant));
  const othersCertificate = file('others_cert.pem', certificateOf(stranger));

  it('is stored together, with the serial number of the certificate', async () => {
    await expect(put(pair, [key, certificate])).resolves.toEqual([
      ['PAY_MCH_PRIVATE_KEY', merchant.privateKey.trim()],
      ['PAY_MCH_CERT_SERIAL', SERIAL],
    ]);
  });

  it('is rejected when the certificate belongs to another key than the given or stored one', async () => {
    const reason = 'does not belong to PAY_MCH_PRIVATE_KEY';
    await expect(put(pair, [key, othersCertificate], [], { interactive: false })).rejects.toThrow(reason);
    const stored: [SecretName, string][] = [['PAY_MCH_PRIVATE_KEY', stranger.privateKey]];
    await expect(put(['PAY_MCH_CERT_SERIAL'], [certificate], stored, { interactive: false })).rejects.toThrow(reason);
  });

  it.each<[SecretName, string, string]>([
    ['PAY_MCH_PRIVATE_KEY', key, merchant.privateKey.trim()],
    ['PAY_MCH_CERT_SERIAL', SERIAL, SERIAL],
    ['PAY_PUBLIC_KEY', file('pub_key.pem', stranger.publicKey), stranger.publicKey.trim()],
    ['PAY_PUBLIC_KEY_ID', KEY_ID, KEY_ID],
  ])('is rejected when only %s is given', async (name, answer, value) => {
    await expect(put([name], [answer])).rejects.toThrow(`change together: nothing was stored`);
    // A stored value is no change.
    await expect(put([name], [answer], [[name, value]])).resolves.toEqual([]);
  });

  it('may be given as the certificate alone when it belongs to the stored key', async () => {
    const stored: [SecretName, string][] = [['PAY_MCH_PRIVATE_KEY', merchant.privateKey]];
    await expect(put(['PAY_MCH_CERT_SERIAL'], [certificate], stored)).resolves.toEqual([
      ['PAY_MCH_CERT_SERIAL', SERIAL],
    ]);
    await expect(put(['PAY_MCH_CERT_SERIAL'], [certificate])).rejects.toThrow('change together');
  });
});
