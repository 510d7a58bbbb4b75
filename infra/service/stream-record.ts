import { isDeepStrictEqual } from 'node:util';
import type { _Record as EngineRecord } from '@aws-sdk/client-dynamodb-streams';
import type { DynamoDBRecord } from 'aws-lambda';

/** Converts a record of the engine to the JSON that Lambda delivers. `region` replaces the engine's region. */
export function toLambdaRecord(record: EngineRecord, { streamArn, region }: { streamArn: string; region: string }) {
  const { userIdentity, ...rest } = record;
  return {
    ...(toJson(rest) as DynamoDBRecord),
    ...(userIdentity && { userIdentity: { type: userIdentity.Type, principalId: userIdentity.PrincipalId } }),
    awsRegion: region,
    eventSourceARN: streamArn.replace(/^(arn:[\w-]+:dynamodb):[^:]*/, `$1:${region}`),
  } satisfies DynamoDBRecord;
}

/**
 * Whether DynamoDB would write this record. Unlike the engine, DynamoDB writes no record when a write leaves the item
 * unchanged.
 */
export function isChange({ eventName, dynamodb }: EngineRecord): boolean {
  return !(
    eventName === 'MODIFY' &&
    dynamodb?.OldImage !== undefined &&
    isDeepStrictEqual(dynamodb.OldImage, dynamodb.NewImage)
  );
}

/** Converts binary values to base64, and times to epoch seconds. */
function toJson(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof Date) return Math.floor(value.getTime() / 1_000);
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, toJson(inner)]));
}
