// A bucket behind the S3 stand-in of the local stack, which can fail on request.
import { once } from 'node:events';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { callObject, s3Error } from '../../infra/local/aws/objects.ts';

export type Bucket = Awaited<ReturnType<typeof startBucket>>;

/** Starts the stand-in with empty buckets, and points the functions to the bucket `uploads`. */
export async function startBucket() {
  const folder = await mkdtemp(join(tmpdir(), 'bucket-'));
  const requests: string[] = [];
  const failures: number[] = [];
  const server = createServer((request, response) => {
    void (async () => {
      requests.push(`${request.method} ${request.url}`);
      const failure = failures.shift();
      const { status, headers, body } = failure
        ? s3Error(failure, 'Injected', 'Failed on request of the test')
        : ((await callObject(request, folder)) ?? s3Error(501, 'NotImplemented', 'No call of S3'));
      response.writeHead(status, headers).end(body);
    })();
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  Object.assign(process.env, { AWS_ENDPOINT_URL_S3: url, UPLOADS_BUCKET: 'uploads' });
  const object = (key: string, query = '') => fetch(`${url}/uploads/uploads/${key}${query}`);
  return {
    url,
    requests,
    /** Answers the next requests with these statuses. */
    failNext: (...statuses: number[]) => void failures.push(...statuses),
    /** The keys of all stored files. */
    keys: async (): Promise<string[]> => {
      const names = await readdir(join(folder, 'uploads', 'uploads')).catch(() => []);
      return names.toSorted();
    },
    exists: async (key: string): Promise<boolean> => (await object(key)).ok,
    isTagged: async (key: string): Promise<boolean> =>
      (await (await object(key, '?tagging')).text()).includes('unused'),
    /** Deletes a file like the lifecycle rule. */
    expire: (key: string) => fetch(`${url}/uploads/uploads/${key}`, { method: 'DELETE' }),
    stop: async () => {
      server.closeAllConnections();
      server.close();
      await rm(folder, { recursive: true });
    },
  };
}
