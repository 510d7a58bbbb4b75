import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { runtime, type Runtime } from '../../lib/core/runtime.ts';
import { fileStore } from '../../lib/uploads/file-store.ts';
import { LOCAL_AWS } from '../../infra/service/table.ts';
import { startBucket, type Bucket } from '../support/bucket.ts';
import { PNG } from '../support/pictures.ts';

describe('fileStore', () => {
  let bucket: Bucket;
  beforeAll(async () => {
    bucket = await startBucket();
    for (const [name, value] of Object.entries(LOCAL_AWS)) vi.stubEnv(name, value);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await bucket.stop();
  });

  const open = (change: Partial<Runtime> = {}) => fileStore({ ...runtime, ...change }, 'uploads');

  it('stores, keeps, reads and deletes a file', async () => {
    const files = open();
    await files.put('a.png', PNG, 'image/png');
    expect(await bucket.isTagged('a.png')).toBe(true);
    expect(await files.keep('a.png')).toBe(true);
    expect(await files.keep('a.png')).toBe(true);
    expect(await bucket.isTagged('a.png')).toBe(false);
    expect((await files.read('a.png'))!.equals(PNG)).toBe(true);
    await files.delete('a.png');
    await files.delete('a.png');
    expect([await files.read('a.png'), await files.keep('a.png')]).toEqual([undefined, false]);
  });

  it.each([[500], [503], [429]])('retries status %i twice and then reports it', async (status) => {
    const pauses: number[] = [];
    const files = open({ sleep: async (ms) => void pauses.push(ms) });
    bucket.failNext(status, status);
    await files.put('b.png', PNG, 'image/png');
    bucket.failNext(status, status, status);
    await expect(files.read('b.png')).rejects.toThrow(`The bucket of uploads returned ${status}`);
    expect(pauses).toHaveLength(4);
    for (const [at, pause] of pauses.entries()) {
      expect(pause).toBeGreaterThanOrEqual(at % 2 === 0 ? 50 : 200);
      expect(pause).toBeLessThanOrEqual(at % 2 === 0 ? 150 : 600);
    }
  });

  it('does not retry a denied call', async () => {
    const { length } = bucket.requests;
    bucket.failNext(403);
    await expect(open().read('c.png')).rejects.toThrow('The bucket of uploads returned 403');
    expect(bucket.requests).toHaveLength(length + 1);
  });

  it('reports a bucket that does not respond', async () => {
    vi.stubEnv('AWS_ENDPOINT_URL_S3', 'http://127.0.0.1:9');
    const files = open({ sleep: async () => undefined });
    await expect(files.read('d.png')).rejects.toThrow('The bucket of uploads did not respond');
    vi.stubEnv('AWS_ENDPOINT_URL_S3', bucket.url);
  });

  it.each([
    ['ap-southeast-1', 'https://uploads.s3.ap-southeast-1.amazonaws.com/uploads/e.png'],
    ['cn-north-1', 'https://uploads.s3.cn-north-1.amazonaws.com.cn/uploads/e.png'],
  ])('calls the bucket in %s by its own host', async (region, address) => {
    vi.stubEnv('AWS_ENDPOINT_URL_S3', '');
    vi.stubEnv('AWS_REGION', region);
    const sent: string[] = [];
    const send: Runtime['send'] = async ({ url }) => {
      sent.push(url.href);
      return { status: 204, headers: {}, body: Buffer.alloc(0) };
    };
    await open({ send }).delete('e.png');
    expect(sent).toEqual([address]);
    vi.stubEnv('AWS_ENDPOINT_URL_S3', bucket.url);
  });
});
