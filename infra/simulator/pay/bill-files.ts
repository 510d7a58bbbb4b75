import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Clock } from '../clock.ts';
import type { IssuedSecrets } from '../issued-secrets.ts';
import { alphanumeric } from '../random.ts';
import { PayError } from './error.ts';

const lifetimeMs = 300_000;

/** The bills that wait to be downloaded, each by a token of five minutes. */
export class BillFiles {
  readonly #clock: Clock;
  readonly #secrets: IssuedSecrets;
  readonly #files = new Map<string, { file: Buffer; expiresAt: number }>();

  constructor(clock: Clock, secrets: IssuedSecrets) {
    this.#clock = clock;
    this.#secrets = secrets;
  }

  /** Keeps a file for download; the answer is its token. */
  store(file: Buffer): string {
    const token = this.#secrets.record(alphanumeric(64));
    this.#files.set(token, { file, expiresAt: this.#clock.now() + lifetimeMs });
    return token;
  }

  read(token: string): Buffer {
    const stored = this.#files.get(token);
    if (stored && stored.expiresAt > this.#clock.now()) return stored.file;
    throw new PayError(400, 'INVALID_REQUEST', '账单下载链接无效或已过期');
  }
}

/** The file of a bill, and the hash over what is in it: over the bytes before compression (pay 2.10). */
export function toFile(text: string, gzip: boolean): { file: Buffer; hash: string } {
  const bytes = Buffer.from(text);
  return { file: gzip ? gzipSync(bytes) : bytes, hash: createHash('sha1').update(bytes).digest('hex') };
}

/** The number of the day that `yyyy-MM-dd` names; undefined if there is none such. */
export function readDay(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return undefined;
  const startOfUtcDay = Date.parse(text);
  if (Number.isNaN(startOfUtcDay) || !new Date(startOfUtcDay).toISOString().startsWith(text)) return undefined;
  return startOfUtcDay / 86_400_000;
}
