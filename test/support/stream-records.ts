import { marshall } from '@aws-sdk/util-dynamodb';
import type { DynamoDBRecord } from 'aws-lambda';
import type { Key } from '../../lib/store/keys.ts';

type Item = object | undefined;

/** The write time of each record: epoch seconds, and the same time as ISO 8601. */
const WRITTEN_S = 1_795_144_365;
export const WRITTEN_AT = '2026-11-20T03:12:45.000Z';

let written = 0;

/** Builds the stream record of one write. A new item has no `before`, a deleted item has no `after`. */
export function recordOf(key: Key, before: Item, after: Item): DynamoDBRecord {
  const image = (item: object) => marshall({ ...key, ...item }, { removeUndefinedValues: true });
  written += 1;
  return {
    eventID: `e${written}`,
    eventName: !before ? 'INSERT' : !after ? 'REMOVE' : 'MODIFY',
    dynamodb: {
      ApproximateCreationDateTime: WRITTEN_S,
      Keys: marshall(key),
      ...(before && { OldImage: image(before) }),
      ...(after && { NewImage: image(after) }),
      SequenceNumber: String(written),
    } as DynamoDBRecord['dynamodb'],
  };
}
