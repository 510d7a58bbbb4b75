// Signature version 4, checked as AWS checks it and with code of its own: a function that signs by hand may sign the
// wrong thing, and an emulator that checks nothing would not say so.
import { createHash, createHmac } from 'node:crypto';
import type { AwsRequest } from './accesses.ts';

/** Of a role's session: a request must carry its token too. */
export interface SessionKeys {
  accessKeyId: string;
  secretAccessKey: string;
  sessionToken: string;
}

const AUTHORIZATION =
  /^AWS4-HMAC-SHA256 Credential=(?<key>[^/]+)\/(?<scope>(?<day>\d{8})\/(?<region>[^/]+)\/(?<service>[^/]+)\/aws4_request), ?SignedHeaders=(?<names>[^,]+), ?Signature=(?<signature>[0-9a-f]{64})$/;
const MAX_SKEW_MS = 5 * 60_000;

/** What is wrong with the signature of this request; nothing, if all is well. */
export function signatureFault(request: AwsRequest, keys: SessionKeys, now: number): string | undefined {
  const { headers } = request;
  const parts = AUTHORIZATION.exec(headers['authorization'] ?? '')?.groups as
    Record<'key' | 'scope' | 'day' | 'region' | 'service' | 'names' | 'signature', string> | undefined;
  if (!parts) return 'it is not signed';
  if (parts.key !== keys.accessKeyId) return 'its access key is unknown';
  if (headers['x-amz-security-token'] !== keys.sessionToken) return 'it does not carry the token of its session';
  const names = parts.names.split(';');
  const unsigned = Object.keys(headers).find(
    (name) => (name === 'host' || name.startsWith('x-amz-')) && !names.includes(name),
  );
  if (unsigned) return `its header ${unsigned} is not signed`;
  const date = headers['x-amz-date'] ?? '';
  if (!(Math.abs(now - epochMs(date)) < MAX_SKEW_MS) || !date.startsWith(parts.day)) return `its date is ${date}`;
  const declared = headers['x-amz-content-sha256'];
  const bodyHash = sha256(request.body);
  if (declared && /^[0-9a-f]{64}$/.test(declared) && declared !== bodyHash) return 'its body is another one';
  const text = canonicalRequest(request, names, declared ?? bodyHash, parts.service);
  const toSign = ['AWS4-HMAC-SHA256', date, parts.scope, sha256(text)].join('\n');
  const key = parts.scope.split('/').reduce<Buffer | string>(hmac, `AWS4${keys.secretAccessKey}`);
  return hmac(key, toSign).toString('hex') === parts.signature ? undefined : 'its signature does not match';
}

function canonicalRequest({ method, target, headers }: AwsRequest, names: string[], hash: string, service: string) {
  const [path = '', query = ''] = target.split('?');
  // S3 takes a path as it is sent; all others encode it once more.
  const canonicalPath = service === 's3' ? path : path.split('/').map(encodeURIComponent).join('/');
  const pairs = query.split('&').filter(Boolean);
  const canonicalQuery = pairs.map((pair) => (pair.includes('=') ? pair : `${pair}=`)).toSorted();
  const lines = names.map((name) => `${name}:${(headers[name] ?? '').trim().replaceAll(/ +/g, ' ')}\n`);
  return [method, canonicalPath, canonicalQuery.join('&'), lines.join(''), names.join(';'), hash].join('\n');
}

/** Of `20261120T230136Z`; NaN if it is none. */
function epochMs(date: string): number {
  return Date.parse(date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z'));
}

function hmac(key: Buffer | string, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function sha256(data: Buffer | string): string {
  return createHash('sha256').update(data).digest('hex');
}
