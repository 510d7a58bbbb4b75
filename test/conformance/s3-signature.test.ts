import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { callAws } from '../../lib/core/aws-call.ts';
import type { OutboundRequest } from '../../lib/core/outbound.ts';

const ORIGIN = 'https://examplebucket.s3.amazonaws.com';

type Example = Pick<OutboundRequest, 'method' | 'headers' | 'body'> & { path: string };

/**
 * The examples of AWS for signatures in the header Authorization. The example "PUT Object" is left out, because it signs
 * the header Date, which the signer of the SDK removes.
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
 * @see https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming.html
 */
const EXAMPLES: [string, Example, string][] = [
  [
    'GET Object',
    { method: 'GET', path: '/test.txt', headers: { range: 'bytes=0-9' } },
    'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  ],
  [
    'PUT Object with a body in chunks, path style',
    {
      method: 'PUT',
      path: 'https://s3.amazonaws.com/examplebucket/chunkObject.txt',
      headers: {
        'content-encoding': 'aws-chunked',
        'content-length': '66824',
        'x-amz-content-sha256': 'STREAMING-AWS4-HMAC-SHA256-PAYLOAD',
        'x-amz-decoded-content-length': '66560',
        'x-amz-storage-class': 'REDUCED_REDUNDANCY',
      },
    },
    '4f232c4386841ef735655705268965c44a0e4690baa4adea153f7db9fa80a0a9',
  ],
  [
    'GET Bucket Lifecycle, a query without a value',
    { method: 'GET', path: '/?lifecycle' },
    'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
  ],
  [
    'GET Bucket (List Objects)',
    { method: 'GET', path: '/?max-keys=2&prefix=J' },
    '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
  ],
];

describe('callAws', () => {
  beforeAll(() => {
    vi.stubEnv('AWS_REGION', 'us-east-1');
    vi.stubEnv('AWS_ACCESS_KEY_ID', 'AKIAIOSFODNN7EXAMPLE');
    vi.stubEnv('AWS_SECRET_ACCESS_KEY', 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY');
    vi.stubEnv('AWS_SESSION_TOKEN', '');
  });
  afterAll(() => vi.unstubAllEnvs());

  /** Returns the headers that `callAws` sends on the day of the examples. */
  const headersOf = async ({ path, ...request }: Example): Promise<Record<string, string>> => {
    let headers = {};
    const send = async (sent: OutboundRequest) => {
      headers = sent.headers!;
      return { status: 200, headers: {}, body: Buffer.alloc(0) };
    };
    const now = () => Date.parse('2013-05-24T00:00:00Z');
    const service = { id: 's3', name: 'The bucket' } as const;
    await callAws({ now, send }, service, { ...request, url: new URL(path, ORIGIN), timeoutMs: 1 });
    return headers;
  };

  it.each(EXAMPLES)('signs the example %s as AWS does', async (_, example, signature) => {
    expect((await headersOf(example))['authorization']).toMatch(new RegExp(`, Signature=${signature}$`));
  });

  it('signs the hash of the body of the example PUT Object', async () => {
    const body = Buffer.from('Welcome to Amazon S3.');
    const headers = await headersOf({ method: 'PUT', path: '/test%24file.text', body });
    expect(headers['x-amz-content-sha256']).toBe('44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072');
    expect(headers['authorization']).toContain('SignedHeaders=host;x-amz-content-sha256;x-amz-date,');
  });
});
