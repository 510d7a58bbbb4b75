import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import type { Clock } from '../clock.ts';
import type { IssuedSecrets } from '../issued-secrets.ts';
import { alphanumeric } from '../random.ts';
import { PayError } from './error.ts';

const lifetimeMs = 300_000;

/** Bill files for download; each download token is valid for five minutes. */
export class BillFiles {
  readonly #clock: Clock;
  readonly #secrets: IssuedSecrets;
  readonly #files = new Map<string, { file: Buffer; expiresAt: number }>();

  constructor(clock: Clock, secrets: IssuedSecrets) {
    this.#clock = clock;
    this.#secrets = secrets;
  }

  /** Stores a file and returns its download token. */
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

/**
 * Builds the file of a bill, and the hash over its bytes before compression.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013071238
 */
export function toFile(text: string, gzip: boolean): { file: Buffer; hash: string } {
  const bytes = Buffer.from(text);
  return { file: gzip ? gzipSync(bytes) : bytes, hash: createHash('sha1').update(bytes).digest('hex') };
}

/** Parses `yyyy-MM-dd` to the number of the day; undefined if the date does not exist. */
export function readDay(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\d$/.test(text)) return undefined;
  const startOfUtcDay = Date.parse(text);
  if (Number.isNaN(startOfUtcDay) || !new Date(startOfUtcDay).toISOString().startsWith(text)) return undefined;
  return startOfUtcDay / 86_400_000;
}
