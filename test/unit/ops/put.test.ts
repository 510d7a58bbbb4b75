import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import type { SecretName } from '../../../lib/config.ts';
import { askForSecrets, planWrites } from '../../../infra/ops/secrets/put.ts';
import { certificateOf, merchant, SERIAL, stranger } from './keys.ts';

const OLD = 'old0old0old0old0old0old0old0old0';
const NEW = 'new1new1new1new1new1new1new1new1';
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

/** Asks for `names`; `typed` are the answers, in turn. */
const put = (names: SecretName[], typed: string[], stored: [SecretName, string][] = [], interactive = true) => {
  const answers = [...typed];
  return askForSecrets(names, {
    store: {
      list: async () => new Map(stored.map(([name]) => [name, { version: 1, changedAt: new Date(0) }])),
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
    say: (line) => void said.push(line),
  });
};

describe('what is written', () => {
  it.each<[SecretName, SecretName]>([
    ['PAY_API_V3_KEY', 'PAY_API_V3_KEY_PREVIOUS'],
    ['OFFICIAL_AES_KEY', 'OFFICIAL_AES_KEY_PREVIOUS'],
  ])('%s: what it replaces is saved first', (name, before) => {
    expect(planWrites(new Map([[name, NEW]]), new Map([[name, OLD]]))).toEqual([
      [before, OLD],
      [name, NEW],
    ]);
  });

  it('is only what changes', () => {
    expect(planWrites(new Map([['PAY_API_V3_KEY', OLD]]), new Map([['PAY_API_V3_KEY', OLD]]))).toEqual([]);
    expect(planWrites(new Map([['PAY_API_V3_KEY', NEW]]), new Map())).toEqual([['PAY_API_V3_KEY', NEW]]);
    expect(planWrites(new Map([['PAY_API_V2_KEY', NEW]]), new Map([['PAY_API_V2_KEY', OLD]]))).toEqual([
      ['PAY_API_V2_KEY', NEW],
    ]);
  });
});

describe('asking for secrets', () => {
  it('keeps what gets an empty answer, and shows which are set', async () => {
    const stored: [SecretName, string][] = [['PAY_API_V2_KEY', OLD]];
    await expect(put(['PAY_API_V2_KEY', 'PAY_API_V3_KEY'], ['', NEW], stored)).resolves.toEqual([
      ['PAY_API_V3_KEY', NEW],
    ]);
    expect(said[0]).toContain('PAY_API_V2_KEY [set 1970-01-01]');
    expect(said[1]).toContain('PAY_API_V3_KEY [not set]');
  });

  it('asks again after a wrong answer, and never repeats it', async () => {
    await expect(put(['PAY_API_V3_KEY'], ['my-secret', '@/no/such/file', NEW])).resolves.toHaveLength(1);
    expect(said.filter((line) => line.includes('must be exactly 32 bytes'))).toHaveLength(1);
    expect(said.filter((line) => line.includes('cannot be read (ENOENT)'))).toHaveLength(1);
    expect(said.join()).not.toContain('my-secret');
  });

  it('fails where nobody can answer again', async () => {
    await expect(put(['PAY_API_V3_KEY'], ['my-secret'], [], false)).rejects.toThrow('exactly 32 bytes');
    await expect(put(['PAY_API_V3_KEY', 'PAY_API_V2_KEY'], [NEW], [], false)).rejects.toThrow('nothing was stored');
  });

  it('makes signing keys where there are none, and new ones when it is told to', async () => {
    const made = ['JWT_SIGNING_KEYS', expect.stringContaining('"crv":"Ed25519"')];
    const leaked: [SecretName, string][] = [['JWT_SIGNING_KEYS', '{"keys":[]}']];
    await expect(put(['JWT_SIGNING_KEYS'], [''])).resolves.toEqual([made]);
    await expect(put(['JWT_SIGNING_KEYS'], [''], leaked)).resolves.toEqual([]);
    await expect(put(['JWT_SIGNING_KEYS'], ['new'], leaked)).resolves.toEqual([made]);
  });
});

describe('a key and what goes with it', () => {
  const pair: SecretName[] = ['PAY_MCH_PRIVATE_KEY', 'PAY_MCH_CERT_SERIAL'];
  const key = file('apiclient_key.pem', merchant.privateKey);
  const certificate = file('apiclient_cert.pem', certificateOf(merchant));
  const othersCertificate = file('others_cert.pem', certificateOf(stranger));

  it('are stored together, the serial number out of the certificate', async () => {
    await expect(put(pair, [key, certificate])).resolves.toEqual([
      ['PAY_MCH_PRIVATE_KEY', merchant.privateKey.trim()],
      ['PAY_MCH_CERT_SERIAL', SERIAL],
    ]);
  });

  it('are refused when the certificate is of another key, the one given or the one stored', async () => {
    const reason = 'does not belong to PAY_MCH_PRIVATE_KEY';
    await expect(put(pair, [key, othersCertificate], [], false)).rejects.toThrow(reason);
    const stored: [SecretName, string][] = [['PAY_MCH_PRIVATE_KEY', stranger.privateKey]];
    await expect(put(['PAY_MCH_CERT_SERIAL'], [certificate], stored, false)).rejects.toThrow(reason);
  });

  it.each<[SecretName, string]>([
    ['PAY_MCH_PRIVATE_KEY', key],
    ['PAY_PUBLIC_KEY', file('pub_key.pem', stranger.publicKey)],
  ])('are refused by halves: %s alone', async (name, answer) => {
    await expect(put([name], [answer])).rejects.toThrow(`change together: nothing was stored`);
    const same: [SecretName, string][] = [
      ['PAY_MCH_PRIVATE_KEY', merchant.privateKey.trim()],
      ['PAY_PUBLIC_KEY', stranger.publicKey.trim()],
    ];
    await expect(put([name], [answer], same)).resolves.toEqual([]);
  });
});
