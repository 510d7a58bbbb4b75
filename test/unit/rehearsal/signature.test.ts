// Verifies requests that the SDK signed, and rejects changed ones.
import { Sha256 } from '@smithy/core/checksum';
import { HttpRequest } from '@smithy/core/protocols';
import { SignatureV4 } from '@smithy/signature-v4';
import { describe, expect, it } from 'vitest';
import type { AwsRequest } from '../../rehearsal/iam/accesses.ts';
import { signatureFault } from '../../rehearsal/iam/signature.ts';

const KEYS = { accessKeyId: '000000000000', secretAccessKey: 'secret', sessionToken: 'token' };
const NOW = Date.parse('2026-11-20T12:00:00Z');

async function signed(service: string, about: { method: string; path: string; query?: Record<string, string> }) {
  const body = '{"a":1}';
  const headers = { host: '127.0.0.1:4566', 'content-type': 'text/plain  ', 'x-amz-target': 'A.b' };
  const request = new HttpRequest({ ...about, protocol: 'http:', hostname: '127.0.0.1', headers, body });
  const signer = new SignatureV4({
    service,
    region: 'ap-southeast-1',
    credentials: KEYS,
    sha256: Sha256,
    uriEscapePath: service !== 's3',
  });
  const answer = await signer.sign(request, { signingDate: new Date(NOW) });
  const query = new URLSearchParams(about.query).toString();
  return {
    method: about.method,
    target: about.path + (query && `?${query}`),
    headers: answer.headers,
    body: Buffer.from(body),
  } satisfies AwsRequest;
}

describe('signatureFault', () => {
  it.each([
    ['dynamodb', { method: 'POST', path: '/' }],
    ['s3', { method: 'PUT', path: '/reports/a%20b.json', query: { 'x-id': 'PutObject', a: '' } }],
    ['lambda', { method: 'GET', path: '/functions/a%20b' }],
  ])('accepts a call to %s that the SDK signed', async (service, about) => {
    expect(signatureFault(await signed(service, about), KEYS, NOW)).toBeUndefined();
  });

  const changed = async (change: Partial<AwsRequest>) => ({
    ...(await signed('ssm', { method: 'POST', path: '/' })),
    ...change,
  });
  const withHeaders = async (headers: Record<string, string>) => {
    const request = await changed({});
    return { ...request, headers: { ...request.headers, ...headers } };
  };

  it.each([
    ['body', () => changed({ body: Buffer.from('{"a":2}') })],
    ['method', () => changed({ method: 'GET' })],
    ['path', () => changed({ target: '/other' })],
    ['host', () => withHeaders({ host: 'elsewhere' })],
    ['operation', () => withHeaders({ 'x-amz-target': 'A.c' })],
    ['token', () => withHeaders({ 'x-amz-security-token': 'other' })],
  ])('rejects a request whose %s was changed after signing', async (_, request) => {
    expect(signatureFault(await request(), KEYS, NOW)).toBeTruthy();
  });

  it.each([
    ['the request is not signed', () => changed({ headers: {} }), NOW],
    ['the header x-amz-more is not signed', () => withHeaders({ 'x-amz-more': '1' }), NOW],
    ['the date 20261120T120000Z is out of range', () => changed({}), NOW + 10 * 60_000],
  ])('names the fault in a rejected request: %s', async (reason, request, now) => {
    expect(signatureFault(await request(), KEYS, now)).toContain(reason);
  });

  it('rejects a request with an unknown access key or another secret key', async () => {
    const request = await changed({});
    expect(signatureFault(request, { ...KEYS, accessKeyId: '111111111111' }, NOW)).toContain('access key');
    expect(signatureFault(request, { ...KEYS, secretAccessKey: 'other' }, NOW)).toContain('does not match');
  });
});
