import { marshall } from '@aws-sdk/util-dynamodb';
import type { DynamoDBRecord } from 'aws-lambda';
import type { Key } from '../../lib/store/keys.ts';

type Item = object | undefined;

/** When every record of the tests was written: seconds, and the same as ISO 8601. */
const WRITTEN_S = 1_795_144_365;
export const WRITTEN_AT = '2026-11-20T03:12:45.000Z';

let written = 0;

/** The record that the table's stream has of one write: no `before` for a new item, no `after` for one that is gone. */
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
