import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { DynamoDBRecord } from 'aws-lambda';

type Item = Record<string, unknown>;

/** What one write did to one item. */
export interface ItemChange {
  /** What the item is: its sort key, up to the first `#`. */
  entity: string;
  /** Absent of a new item. */
  before: Item | undefined;
  /** Absent of one that was deleted, by us or at the end of its time. */
  after: Item | undefined;
  /** To the second (ISO 8601), and the same in every repeat of the record. */
  at: string;
}

/** The change that a record of the table's stream tells. @throws when the record is not whole */
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

/** Lambda hands binary over as text; nothing here is binary. */
function plain(image: Image): Item | undefined {
  return image && unmarshall(image as Parameters<typeof unmarshall>[0]);
}
