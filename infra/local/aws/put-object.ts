// PutObject of S3, path style, into a folder.
import { createHash } from 'node:crypto';
import { mkdir, writeFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { dirname, join } from 'node:path';
import { buffer } from 'node:stream/consumers';

export interface ObjectAnswer {
  status: number;
  headers: Record<string, string>;
  body: string;
}

const BUCKET = /^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$/;

/** Stores the body of `PUT /<bucket>/<key>` as the file `<folder>/<bucket>/<key>`; every bucket exists. */
export async function putObject(request: IncomingMessage, folder: string): Promise<ObjectAnswer> {
  const body = await buffer(request);
  const place = readPlace(request.url ?? '/');
  if (!place)
    return s3Error(400, 'InvalidURI', 'The path must be a bucket and a key, without empty parts, "." and ".."');
  if (request.headers['content-encoding']?.includes('aws-chunked')) {
    return s3Error(501, 'NotImplemented', 'The stand-in accepts only a body of a known length');
  }
  const file = join(folder, ...place);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, body);
  return { status: 200, headers: { etag: `"${createHash('md5').update(body).digest('hex')}"` }, body: '' };
}

/** Returns the bucket and the parts of the key; undefined when they would leave the folder of the bucket. */
function readPlace(url: string): string[] | undefined {
  const parts = url.replace(/\?.*$/s, '').split('/').slice(1).map(decode);
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
