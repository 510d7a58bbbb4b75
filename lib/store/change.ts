import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { DynamoDBRecord } from 'aws-lambda';

type Item = Record<string, unknown>;

/** The effect of one write on one item. */
export interface ItemChange {
  /** The kind of the item: its sort key up to the first `#`. */
  entity: string;
  /** The former item; undefined for a new item. */
  before: Item | undefined;
  /** The written item; undefined for an item that this service or the TTL deleted. */
  after: Item | undefined;
  /** Time of the write, to the second (ISO 8601). Every delivery of the record has the same time. */
  at: string;
}

/** Reads the change in a record of the table's stream. @throws when the record has no time */
export function readChange({ dynamodb = {} }: DynamoDBRecord): ItemChange {
  const { Keys, OldImage, NewImage, ApproximateCreationDateTime = Number.NaN } = dynamodb;
  return {
    entity: Keys?.['sk']?.S?.split('#', 1)[0] ?? '',
    before: plain(OldImage),
    after: plain(NewImage),
    at: new Date(ApproximateCreationDateTime * 1_000).toISOString(),
  };
}

type Image = NonNullable<DynamoDBRecord['dynamodb']>['NewImage'];

/** Converts an image to a plain item. Lambda passes binary attributes as text, but no item has a binary attribute. */
function plain(image: Image): Item | undefined {
  return image && unmarshall(image as Parameters<typeof unmarshall>[0]);
}
