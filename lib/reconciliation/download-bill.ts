import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import { uncompressed } from '../core/chunks.ts';
import { AppError } from '../core/errors.ts';
import type { Log } from '../core/log.ts';
import { isUnknownOutcome } from '../wechat-pay/errors.ts';
import { openTemporaryFile, readUncompressed } from './temporary-file.ts';

/**
 * The body of a bill, which may be compressed; `sha1` (hex) is the hash of the uncompressed content, if WeChat sends a
 * hash.
 */
interface BillBody {
  body: AsyncIterable<Buffer>;
  sha1?: string;
}

/** `none`: the day has no transactions. `creating`: WeChat has not finished the bill. */
export type BillResponse = BillBody | 'none' | 'creating';

/** A complete bill. Each call of `rows` reads the bill from its beginning. */
export interface Bill<Row, Totals> extends AsyncDisposable {
  totals: Totals;
  rows(): AsyncIterable<Row>;
}

/** Opens and reads one kind of bill. `name` appears in messages and logs. */
interface BillKind<Row, Totals> {
  name: string;
  open(): Promise<BillResponse>;
  read(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Row, Totals>;
  empty: Totals;
}

/**
 * Downloads a bill into a temporary file, and verifies its hash and its summary before any row is compared. A failed
 * download or a damaged bill is retried once.
 * @throws WECHAT_UNAVAILABLE when the bill is not ready, or when both downloads fail or are damaged
 * @throws WECHAT_TIMEOUT when both downloads time out; the other errors of `open`
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013071238
 */
export async function downloadBill<Row, Totals>(log: Log, kind: BillKind<Row, Totals>): Promise<Bill<Row, Totals>> {
  try {
    return await downloadOnce(kind);
  } catch (error) {
    if (error instanceof BillNotReady || !isUnknownOutcome(error)) throw error;
    log.warn('bills.download-retried', { bill: kind.name, error });
    return downloadOnce(kind);
  }
}

class BillNotReady extends AppError {}

async function downloadOnce<Row, Totals>(kind: BillKind<Row, Totals>): Promise<Bill<Row, Totals>> {
  const { name, open, read, empty } = kind;
  const response = await open();
  if (response === 'none')
    return { totals: empty, rows: async function* none() {}, [Symbol.asyncDispose]: async () => undefined };
  if (response === 'creating') {
    throw new BillNotReady('WECHAT_UNAVAILABLE', `The ${name} is not ready: retry in half an hour`);
  }
  const file = await openTemporaryFile();
  try {
    const sha1 = await save(response.body, file);
    if (response.sha1 !== undefined && response.sha1.toLowerCase() !== sha1) {
      throw new AppError('WECHAT_UNAVAILABLE', `The ${name} does not match the hash from WeChat Pay`);
    }
    const totals = await readTotals(read(readUncompressed(file)));
    return { totals, rows: () => read(readUncompressed(file)), [Symbol.asyncDispose]: () => file.close() };
  } catch (error) {
    await file.close();
    throw error;
  }
}

/** Writes the body to the file as received, and returns the SHA-1 (hex, lower case) of the uncompressed content. */
async function save(body: AsyncIterable<Buffer>, file: FileHandle): Promise<string> {
  const hash = createHash('sha1');
  try {
    for await (const chunk of uncompressed(writeThrough(file, body))) hash.update(chunk);
  } catch (cause) {
    if (!isZlibError(cause)) throw cause;
    throw new AppError('WECHAT_UNAVAILABLE', 'The bill is not valid gzip', { cause });
  }
  return hash.digest('hex');
}

async function* writeThrough(file: FileHandle, chunks: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  for await (const chunk of chunks) {
    await file.appendFile(chunk);
    yield chunk;
  }
}

function isZlibError(error: unknown): boolean {
  return String((error as { code?: unknown }).code).startsWith('Z_');
}

/** Reads all rows and returns the totals. */
async function readTotals<Totals>(rows: AsyncGenerator<unknown, Totals>): Promise<Totals> {
  for (;;) {
    const { done, value } = await rows.next();
    if (done) return value;
  }
}
