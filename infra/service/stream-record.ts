import { isDeepStrictEqual } from 'node:util';
import type { _Record as EngineRecord } from '@aws-sdk/client-dynamodb-streams';
import type { DynamoDBRecord } from 'aws-lambda';

/** The record as Lambda hands it to a function: JSON, and of our region instead of the engine's own. */
export function toLambdaRecord(record: EngineRecord, { streamArn, region }: { streamArn: string; region: string }) {
  const { userIdentity, ...rest } = record;
  return {
    ...(toJson(rest) as DynamoDBRecord),
    ...(userIdentity && { userIdentity: { type: userIdentity.Type, principalId: userIdentity.PrincipalId } }),
    awsRegion: region,
    eventSourceARN: streamArn.replace(/^(arn:[\w-]+:dynamodb):[^:]*/, `$1:${region}`),
  } satisfies DynamoDBRecord;
}

/** DynamoDB has no record of a write that leaves an item as it was; the engine makes one. */
export function isChange({ eventName, dynamodb }: EngineRecord): boolean {
  return !(
    eventName === 'MODIFY' &&
    dynamodb?.OldImage !== undefined &&
    isDeepStrictEqual(dynamodb.OldImage, dynamodb.NewImage)
  );
}

/** Binary is base64 and times are epoch seconds. */
function toJson(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64');
  if (value instanceof Date) return Math.floor(value.getTime() / 1_000);
  if (Array.isArray(value)) return value.map(toJson);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, toJson(inner)]));
}
