// Uploads through the deployed functions, with the table engine and an S3 stand-in over HTTP.
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { handler as create } from '../../functions/upload-create.ts';
import { handler as get } from '../../functions/upload.ts';
import type { HttpResponse } from '../../lib/http/response.ts';
import { readUploads } from '../../lib/store/uploads.ts';
import { distinctPng, filePart, GIF, JPEG, multipart, PNG, type Part } from '../support/pictures.ts';
import { keyOf, startUploadWorld, type UploadWorld } from '../support/uploaders.ts';

const MB = 1024 * 1024;
const FIELD: Part = { headers: 'Content-Disposition: form-data; name="user"', content: 'test' };

let bucket: UploadWorld['bucket'];
let world: UploadWorld['world'];
let users: UploadWorld['users'];
let stop: UploadWorld['stop'];
beforeAll(async () => {
  ({ bucket, world, users, stop } = await startUploadWorld());
  for (const level of ['info', 'warn', 'error'] as const) vi.spyOn(console, level).mockReturnValue();
});
afterAll(async () => {
  vi.restoreAllMocks();
  await stop();
});

/** Calls a function with an event of the HTTP API. */
async function call(
  handler: typeof create | typeof get,
  { method = 'POST', headers = {}, cookies, key, body = Buffer.alloc(0) }: CallOptions,
) {
  const event = {
    rawQueryString: '',
    headers,
    ...(cookies && { cookies }),
    pathParameters: { key },
    body: body.toString('base64'),
    isBase64Encoded: true,
    requestContext: { http: { method, sourceIp: '203.0.113.1' } },
  } as unknown as APIGatewayProxyEventV2;
  const { body: text = '', ...answer } = (await handler(event, { awsRequestId: 'r' } as Context)) as HttpResponse;
  const isJson = answer.headers?.['content-type']?.startsWith('application/json') ?? false;
  return { ...answer, json: isJson ? (JSON.parse(text) as Answer) : undefined, bytes: Buffer.from(text, 'base64') };
}

interface CallOptions {
  method?: string;
  headers?: Record<string, string>;
  cookies?: string[];
  key?: string;
  body?: Buffer;
}

interface Answer {
  code: string;
  message: string;
  uploadId: string;
  url: string;
  status: string;
}

function post(token: string, parts: Part[], change: CallOptions = {}) {
  const { contentType, bytes } = multipart(...parts);
  const headers = { authorization: `Bearer ${token}`, 'content-type': contentType };
  return call(create, { headers, body: bytes, ...change });
}

const fetchKey = (key: string) => call(get, { method: 'GET', key });

describe('POST /uploads', () => {
  it('stores a picture for a day and returns its address', async () => {
    const { token, id } = await users.logIn();
    const { statusCode, json } = await post(token, [filePart(PNG)]);
    expect(statusCode).toBe(201);
    expect(json).toEqual({
      uploadId: expect.stringMatching(/^[0-9a-z]{32}$/),
      url: `https://api.example.com/uploads/${json!.uploadId}.png`,
      status: 'passed',
    });
    expect(await bucket.isTagged(keyOf(json!))).toBe(true);
    const [upload] = await readUploads(world.table, id);
    expect(upload).toMatchObject({
      accountId: id,
      uploadId: json!.uploadId,
      key: `${json!.uploadId}.png`,
      type: 'image/png',
      bytes: PNG.length,
      sha256: expect.stringMatching(/^[\w-]{43}$/),
      state: 'passed',
    });
    expect(upload!.expiresAt! - Date.parse(upload!.createdAt) / 1_000).toBeCloseTo(24 * 3_600, -1);
  });

  it.each([
    ['a PNG', PNG, 'png', 'image/png'],
    ['a GIF', GIF, 'gif', 'image/gif'],
    ['a JPEG', JPEG, 'jpg', 'image/jpeg'],
  ])('stores %s by its content, whatever its name and its declared type', async (_, picture, extension, type) => {
    const { token } = await users.logIn();
    const { json } = await post(token, [filePart(picture, { filename: 'page.html', type: 'text/html' })]);
    expect(keyOf(json!)).toMatch(new RegExp(`\\.${extension}$`));
    expect((await fetchKey(keyOf(json!))).headers).toMatchObject({ 'content-type': type });
  });

  it('ignores the other fields of the form', async () => {
    const { token } = await users.logIn();
    expect(await post(token, [FIELD, filePart(PNG, { name: 'anything' }), FIELD])).toMatchObject({ statusCode: 201 });
  });

  it.each([
    ['an SVG', filePart('<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>', { type: 'image/svg+xml' })],
    ['HTML that is named .png', filePart('<!doctype html><script>1</script>')],
    ['a WebP', filePart(Buffer.from('RIFF\x24\0\0\0WEBPVP8 '))],
    ['a BMP', filePart(Buffer.from('BM\x3a\0\0\0\0\0\0\0'))],
    ['an empty file', filePart('')],
    ['a truncated signature', filePart(PNG.subarray(0, 7))],
  ])('rejects %s', async (_, part) => {
    const { token, id } = await users.logIn();
    const answer = await post(token, [part]);
    expect(answer).toMatchObject({ statusCode: 400, json: { code: 'PARAM_ERROR' } });
    expect(answer.json!.message).toMatch(/^The file is (empty|no JPEG, PNG or GIF)/);
    expect(await readUploads(world.table, id)).toEqual([]);
  });

  it.each([
    ['no file', [FIELD], {}],
    ['two files', [filePart(PNG), filePart(PNG)], {}],
    ['a JSON body', [], { body: Buffer.from('{}') }],
    ['an incomplete body', [filePart(PNG)], { body: multipart(filePart(PNG)).bytes.subarray(0, 200) }],
  ] as [string, Part[], CallOptions][])('rejects %s', async (_, parts, change) => {
    const { token } = await users.logIn();
    expect(await post(token, parts, change)).toMatchObject({ statusCode: 400, json: { code: 'PARAM_ERROR' } });
  });

  it.each(['application/json', 'multipart/form-data', undefined])('rejects the content type %s', async (type) => {
    const { token } = await users.logIn();
    const headers = { authorization: `Bearer ${token}`, ...(type && { 'content-type': type }) };
    const answer = await post(token, [filePart(PNG)], { headers });
    expect(answer).toMatchObject({ statusCode: 400, json: { code: 'PARAM_ERROR' } });
  });

  it('accepts a file of 1 MB and rejects a file of one byte more', async () => {
    const { token } = await users.logIn();
    const largest = Buffer.concat([PNG, Buffer.alloc(MB - PNG.length)]);
    expect(await post(token, [filePart(largest)])).toMatchObject({ statusCode: 201 });
    const answer = await post(token, [filePart(Buffer.concat([largest, Buffer.alloc(1)]))]);
    expect(answer).toMatchObject({ statusCode: 413, json: { code: 'BODY_TOO_LARGE' } });
  });

  it('rejects a body that is too large before it is parsed', async () => {
    const { token } = await users.logIn();
    const answer = await post(token, [filePart(PNG), { ...FIELD, content: 'x'.repeat(MB + 60_000) }]);
    expect(answer).toMatchObject({ statusCode: 413, json: { code: 'BODY_TOO_LARGE' } });
  });

  it('rejects a request without a session before the file is read', async () => {
    const answer = await post('invalid', [filePart('no picture')]);
    expect(answer).toMatchObject({ statusCode: 401, json: { code: 'UNAUTHENTICATED' } });
  });

  it('accepts a session cookie only from an allowed origin', async () => {
    const { token } = await users.logIn();
    const { contentType, bytes: body } = multipart(filePart(PNG));
    const cookies = [`__Host-session=${token}`];
    const headers = { 'content-type': contentType };
    expect(await call(create, { headers, cookies, body })).toMatchObject({
      statusCode: 403,
      json: { code: 'ORIGIN_NOT_ALLOWED' },
    });
    const own = { ...headers, origin: 'https://www.example.com' };
    expect(await call(create, { headers: own, cookies, body })).toMatchObject({ statusCode: 201 });
  });

  it('retries a call that the bucket could not serve', async () => {
    const { token } = await users.logIn();
    bucket.failNext(503, 500);
    expect(await post(token, [filePart(PNG)])).toMatchObject({ statusCode: 201 });
  });

  it('stores no item when the bucket fails', async () => {
    const { token, id } = await users.logIn();
    bucket.failNext(500, 500, 500);
    expect(await post(token, [filePart(PNG)])).toMatchObject({ statusCode: 500, json: { code: 'INTERNAL' } });
    bucket.failNext(403);
    expect(await post(token, [filePart(PNG)])).toMatchObject({ statusCode: 500 });
    expect(await readUploads(world.table, id)).toEqual([]);
  });
});

describe('GET /uploads/{key}', () => {
  it('serves the stored bytes as a picture that can run no script', async () => {
    const { token } = await users.logIn();
    const picture = distinctPng('<script>alert(document.domain)</script>');
    const { json } = await post(token, [filePart(picture, { filename: 'x.html', type: 'text/html' })]);
    const answer = await fetchKey(keyOf(json!));
    expect(answer.statusCode).toBe(200);
    expect(answer.bytes.equals(picture)).toBe(true);
    expect(answer.headers).toEqual({
      'content-type': 'image/png',
      'cache-control': 'public, max-age=31536000, immutable',
      vary: 'origin',
      'x-content-type-options': 'nosniff',
      'content-security-policy': "sandbox; default-src 'none'",
      'content-disposition': 'inline',
      'cross-origin-resource-policy': 'cross-origin',
    });
    expect(answer.cookies).toBeUndefined();
  });

  it.each([
    'unknown',
    `${'0'.repeat(32)}.svg`,
    `${'0'.repeat(32)}`,
    `../bills/2026/2026-11-19.json`,
    `..%2fbills%2f${'0'.repeat(32)}.png`,
    `${'0'.repeat(32)}.png?tagging`,
    `${'0'.repeat(32)}.png\n`,
    `${'A'.repeat(32)}.png`,
    '',
  ])('returns 404 for the key %j without a call of the bucket', async (key) => {
    const before = bucket.requests.length;
    const answer = await fetchKey(key);
    expect(answer).toMatchObject({ statusCode: 404, json: { code: 'NOT_FOUND' } });
    expect(answer.headers).toMatchObject({ 'cache-control': 'no-store' });
    expect(bucket.requests).toHaveLength(before);
  });

  it('returns 404 for a file that does not exist', async () => {
    const answer = await fetchKey(`${'0'.repeat(32)}.png`);
    expect(answer).toMatchObject({ statusCode: 404, json: { code: 'NOT_FOUND' } });
  });

  it('returns 500 when the bucket denies access', async () => {
    bucket.failNext(403);
    expect(await fetchKey(`${'0'.repeat(32)}.png`)).toMatchObject({ statusCode: 500, json: { code: 'INTERNAL' } });
  });
});
