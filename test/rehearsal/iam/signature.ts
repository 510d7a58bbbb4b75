// Verifies AWS Signature Version 4 without the SDK. The emulator checks no signatures, so it would accept a request that a
// function signs wrongly.
import { createHash, createHmac } from 'node:crypto';
import type { AwsRequest } from './accesses.ts';

/** Keys of a role session. A request must also contain the session token. */
export interface SessionKeys {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=(?<key>[^/]+)\/(?<scope>(?<day>\d{8})\/(?<region>[^/]+)\/(?<service>[^/]+)\/aws4_request), ?SignedHeaders=(?<names>[^,]+), ?Signature=(?<signature>[0-9a-f]{64})$/;
const MAX_SKEW_MS = 5 * 60_000;

/** Describes the fault in a request's signature, or returns undefined for a valid signature. */
export function signatureFault(request: AwsRequest, keys: SessionKeys, now: number): string | undefined {
  const { headers } = request;
  const parts = AUTHORIZATION.exec(headers['authorization'] ?? '')?.groups as
    Record<'key' | 'scope' | 'day' | 'region' | 'service' | 'names' | 'signature', string> | undefined;
  if (!parts) return 'the request is not signed';
  if (parts.key !== keys.accessKeyId) return 'the access key is unknown';
  if (headers['x-amz-security-token'] !== keys.sessionToken) return 'the session token is missing or wrong';
  const names = parts.names.split(';');
  const unsigned = Object.keys(headers).find(
    (name) => (name === 'host' || name.startsWith('x-amz-')) && !names.includes(name),
  );
  if (unsigned) return `the header ${unsigned} is not signed`;
  const date = headers['x-amz-date'] ?? '';
  if (!(Math.abs(now - epochMs(date)) < MAX_SKEW_MS) || !date.startsWith(parts.day))
    return `the date ${date} is out of range`;
  const declared = headers['x-amz-content-sha256'];
  const bodyHash = sha256(request.body);
  if (declared && /^[0-9a-f]{64}$/.test(declared) && declared !== bodyHash) return 'the body does not match its hash';
  const text = canonicalRequest(request, names, declared ?? bodyHash, parts.service);
  const toSign = ['AWS4-HMAC-SHA256', date, parts.scope, sha256(text)].join('\n');
  const key = parts.scope.split('/').reduce<Buffer | string>(hmac, `AWS4${keys.secretAccessKey}`);
  return hmac(key, toSign).toString('hex') === parts.signature ? undefined : 'the signature does not match';
}

function canonicalRequest({ method, target, headers }: AwsRequest, names: string[], hash: string, service: string) {
  const [path = '', query = ''] = target.split('?');
  // S3 signs the path as sent. All other services encode it a second time.
  const canonicalPath = service === 's3' ? path : path.split('/').map(encodeURIComponent).join('/');
  const pairs = query.split('&').filter(Boolean);
  const canonicalQuery = pairs.map((pair) => (pair.includes('=') ? pair : `${pair}=`)).toSorted();
  const lines = names.map((name) => `${name}:${(headers[name] ?? '').trim().replaceAll(/ +/g, ' ')}\n`);
  return [method, canonicalPath, canonicalQuery.join('&'), lines.join(''), names.join(';'), hash].join('\n');
}

/** Parses a date such as `20261120T230136Z` into epoch ms; NaN when invalid. */
function epochMs(date: string): number {
  return Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(data: Buffer | string): string {
  return createHash('sha256').update(data).digest('hex');
}
