import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { uncompressed } from '../core/chunks.ts';
import { AppError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { isUnknownOutcome } from '../wechat-pay/errors.ts';
import { contentOf, openScratch } from './scratch.ts';

/** A bill on its way to us; `sha1` (hex) is of what is inside, where WeChat gives one. */
export interface OpenedBill {
  body: AsyncIterable<Buffer>;
  sha1?: string;
}

/** `none`: nothing happened that day. `creating`: WeChat is not ready with it. */
export type BillAnswer = OpenedBill | 'none' | 'creating';

/** A bill that is whole. `rows` reads it from its beginning, as often as it is wanted. */
export interface Bill<Row, Totals> {
  totals: Totals;
  rows(): AsyncIterable<Row>;
  close(): Promise<void>;
}

interface Kind<Row, Totals> {
  name: string;
  open(): Promise<BillAnswer>;
  read(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Row, Totals>;
  empty: Totals;
}

/**
 * Fetches a bill into a scratch file, as compressed as it came, and reads it once, so that nothing is compared before
 * the hash and the summary agree with the lines. A damaged bill is asked for once more (pay 2.10, 2.13).
 * @throws WECHAT_UNAVAILABLE also when the bill is not ready; WECHAT_TIMEOUT, WECHAT_CONFIG, RATE_LIMITED
 */
export async function fetchBill<Row, Totals>(log: Log, kind: Kind<Row, Totals>): Promise<Bill<Row, Totals>> {
  try {
    return await fetchOnce(kind);
  } catch (error) {
    if (error instanceof BillNotReady || !isUnknownOutcome(error)) throw error;
    log.warn('bills.fetch-repeated', { bill: kind.name, error });
    return fetchOnce(kind);
  }
}

class BillNotReady extends AppError {}

async function fetchOnce<Row, Totals>({ name, open, read, empty }: Kind<Row, Totals>): Promise<Bill<Row, Totals>> {
  const answer = await open();
  if (answer === 'none') return { totals: empty, rows: async function* none() {}, close: async () => undefined };
  if (answer === 'creating') {
    throw new BillNotReady('WECHAT_UNAVAILABLE', `WeChat Pay is still making the ${name}: try again in half an hour`);
  }
  const file = await openScratch();
  try {
    const sha1 = await save(answer.body, file);
    if (answer.sha1 !== undefined && answer.sha1.toLowerCase() !== sha1) {
      throw new AppError('WECHAT_UNAVAILABLE', `The ${name} is not what WeChat Pay gave the hash of`);
    }
    const totals = await resultOf(read(contentOf(file)));
    return { totals, rows: () => read(contentOf(file)), close: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Writes a bill as it comes; the answer is the SHA-1 (hex, lower case) of what is inside. */
async function save(body: AsyncIterable<Buffer>, file: FileHandle): Promise<string> {
  const hash = createHash('sha1');
  try {
    for await (const chunk of uncompressed(writtenTo(file, body))) hash.update(chunk);
  } catch (cause) {
    if (!isZlibError(cause)) throw cause;
    throw new AppError('WECHAT_UNAVAILABLE', 'The bill came damaged', { cause });
  }
  return hash.digest('hex');
}

async function* writtenTo(file: FileHandle, chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    await file.appendFile(chunk);
    yield chunk;
  }
}

function isZlibError(error: unknown): boolean {
  return String((error as { code?: unknown }).code).startsWith('Z_');
}

async function resultOf<Result>(rows: AsyncGenerator<unknown, Result>): Promise<Result> {
  for (;;) {
    const { done, value } = await rows.next();
    if (done) return value;
  }
}
