import { awsEndpoint, AwsError, callAws, retryTransient, type AwsDeps } from '../core/aws-call.ts';
import { variable } from '../core/config.ts';
import type { OutboundRequest, OutboundResponse } from '../core/outbound.ts';

/** The bucket of uploaded files. */
export interface FileStore {
  /** Stores a file that is not used yet. The bucket deletes it a day or two later unless `keep` is called. */
  put(key: string, file: Buffer, type: string): Promise<void>;
  /** Reads a file; undefined if it does not exist. */
  read(key: string): Promise<Buffer | undefined>;
  /** Keeps a file until it is deleted. Idempotent. @returns false if the file does not exist */
  keep(key: string): Promise<boolean>;
  /** Deletes a file. Idempotent. */
  delete(key: string): Promise<void>;
}

const TIMEOUT_MS = 3_000;
const SERVICE = { id: 's3', name: 'The bucket of uploads' } as const;

/**
 * Opens the bucket of uploaded files. Every call is safe to repeat, so every call is retried after transient errors.
 * `AWS_ENDPOINT_URL_S3` replaces the public address, with the bucket in the path.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_PutObject.html
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjectTagging.html
 */
export function fileStore(deps: AwsDeps, bucket: string): FileStore {
  const custom = variable('AWS_ENDPOINT_URL_S3') ?? variable('AWS_ENDPOINT_URL');
  const root = custom === undefined ? awsEndpoint(`${bucket}.s3`) : new URL(`/${bucket}/`, custom);

  type Call = Pick<OutboundRequest, 'method' | 'headers' | 'body'> & { query?: string };
  async function call(key: string, { query = '', ...request }: Call): Promise<OutboundResponse | undefined> {
    const url = new URL(`uploads/${key}${query}`, root);
    try {
      return await retryTransient(deps, () => callAws(deps, SERVICE, { ...request, url, timeoutMs: TIMEOUT_MS }));
    } catch (error) {
      if (error instanceof AwsError && error.status === 404 && error.message.includes('NoSuchKey')) return undefined;
      throw error;
    }
  }

  return {
    put: async (key, body, type) => {
      const headers = { 'content-type': type, 'x-amz-tagging': 'state=unused' };
      await call(key, { method: 'PUT', headers, body });
    },
    read: async (key) => (await call(key, { method: 'GET' }))?.body,
    keep: async (key) => (await call(key, { method: 'DELETE', query: '?tagging' })) !== undefined,
    delete: async (key) => void (await call(key, { method: 'DELETE' })),
  };
}
