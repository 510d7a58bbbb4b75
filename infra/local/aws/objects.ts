// Objects of S3, path style, in a folder: PutObject, GetObject, DeleteObject, GetObjectTagging and DeleteObjectTagging.
import { createHash } from 'node:crypto';
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';

export interface ObjectAnswer {
  status: number;
  headers: Record<string, string>;
  body: string | Buffer;
}

/** The headers of a stored object. */
interface Metadata {
  contentType: string;
  /** The tags as sent: `key=value&…`. */
  tagging: string;
}

/** The files of one object. */
interface Files {
  object: string;
  metadata: string;
}

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;
/** No bucket has this name, because the name of a bucket begins with a letter or a digit. */
const METADATA = '.metadata';

/**
 * Answers a call about the object at `/<bucket>/<key>`, which is the file `<folder>/<bucket>/<key>`; every bucket exists.
 * @returns undefined for a call that the stand-in does not support
 */
export async function callObject(request: IncomingMessage, folder: string): Promise<ObjectAnswer | undefined> {
  const [path = '', query = ''] = (request.url ?? '/').split('?');
  // The SDK adds the name of the operation to the query: `x-id=PutObject`.
  const call = OPERATIONS[`${request.method}${query.startsWith('tagging') ? '?tagging' : ''}`];
  if (!call) return undefined;
  const body = await buffer(request);
  const parts = readParts(path);
  if (!parts)
    return s3Error(400, 'InvalidURI', 'The path must be a bucket and a key, without empty parts, "." and ".."');
  return call({ object: join(folder, ...parts), metadata: join(folder, METADATA, ...parts) }, request, body);
}

type Operation = (files: Files, request: IncomingMessage, body: Buffer) => Promise<ObjectAnswer>;

const OPERATIONS: Record<string, Operation> = {
  PUT: async (files, { headers }, body) => {
    if (headers['content-encoding']?.includes('aws-chunked')) {
      return s3Error(501, 'NotImplemented', 'The stand-in accepts only a body of a known length');
    }
    await write(files.object, body);
    const contentType = headers['content-type'] ?? 'binary/octet-stream';
    await describe(files, { contentType, tagging: String(headers['x-amz-tagging'] ?? '') });
    return { status: 200, headers: { etag: `"${createHash('md5').update(body).digest('hex')}"` }, body: '' };
  },
  GET: (files) =>
    existing(files, async ({ contentType }) => ({
      status: 200,
      headers: { 'content-type': contentType },
      body: await readFile(files.object),
    })),
  DELETE: async (files) => {
    await Promise.all([rm(files.object, { force: true }), rm(files.metadata, { force: true })]);
    return { status: 204, headers: {}, body: '' };
  },
  'GET?tagging': (files) =>
    existing(files, async ({ tagging }) => {
      const tags = [...new URLSearchParams(tagging)].map(
        ([key, value]) => `<Tag><Key>${key}</Key><Value>${value}</Value></Tag>`,
      );
      const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Tagging><TagSet>${tags.join('')}</TagSet></Tagging>`;
      return { status: 200, headers: { 'content-type': 'application/xml' }, body };
    }),
  'DELETE?tagging': (files) =>
    existing(files, async ({ contentType }) => {
      await describe(files, { contentType, tagging: '' });
      return { status: 204, headers: {}, body: '' };
    }),
};

async function write(file: string, content: string | Buffer): Promise<void> {
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, content);
}

function describe({ metadata }: Files, values: Metadata): Promise<void> {
  return write(metadata, JSON.stringify(values));
}

async function existing(files: Files, run: (values: Metadata) => Promise<ObjectAnswer>): Promise<ObjectAnswer> {
  const metadata = await readFile(files.metadata, 'utf8').catch(() => undefined);
  if (metadata === undefined) return s3Error(404, 'NoSuchKey', 'The specified key does not exist.');
  return run(JSON.parse(metadata) as Metadata);
}

/** Returns the bucket and the parts of the key; undefined when they would leave the folder of the bucket. */
function readParts(path: string): string[] | undefined {
  const parts = path.split('/').slice(1).map(decode);
  const safe = parts.every((part) => part !== undefined && !['', '.', '..'].includes(part) && !/[\\/\0]/.test(part));
  return safe && parts.length >= 2 && BUCKET.test(parts[0] ?? '') ? (parts as string[]) : undefined;
}

function decode(part: string): string | undefined {
  try {
    return decodeURIComponent(part);
  } catch {
    return undefined;
  }
}

/** Returns an error in the format of S3. */
export function s3Error(status: number, code: string, message: string): ObjectAnswer {
  const body = `<?xml version="1.0" encoding="UTF-8"?>\n<Error><Code>${code}</Code><Message>${message}</Message></Error>`;
  return { status, headers: { 'content-type': 'application/xml' }, body };
}
