import { Readable } from 'node:stream';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';

/** Keeps a report under `key`, in place of an older one; `length` is its bytes. */
export type PutReport = (key: string, body: AsyncIterable<Buffer>, length: number) => Promise<void>;

/** The bucket of the reports; `AWS_ENDPOINT_URL_S3`, which the SDK reads itself, says where it is. */
export function reportStore(Bucket: string): PutReport {
  // A checksum of the SDK's own would turn the upload into chunks with a trailer, and TLS watches over the bytes.
  const client = new S3Client({ forcePathStyle: true, requestChecksumCalculation: 'WHEN_REQUIRED' });
  return async (Key, body, ContentLength) => {
    const Body = Readable.from(body, { objectMode: false });
    await client.send(new PutObjectCommand({ Bucket, Key, Body, ContentLength, ContentType: 'application/json' }));
  };
}
