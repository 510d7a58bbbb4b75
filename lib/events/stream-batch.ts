import type { AttributeValue, DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda';

/** The strings and numbers of an item, both as text. */
export type ItemTexts = Record<string, string | undefined>;

/**
 * Runs `run` for each record of a stream batch in order, with the item after and before the change. The first failure
 * ends the batch; the stream repeats that record and all later records.
 */
export async function eachRecord(
  event: DynamoDBStreamEvent,
  run: (item: ItemTexts, before: ItemTexts) => Promise<void>,
  onFailure: (error: unknown) => void,
): Promise<DynamoDBBatchResponse> {
  for (const { dynamodb } of event.Records) {
    try {
      await run(textsOf(dynamodb?.NewImage), textsOf(dynamodb?.OldImage));
    } catch (error) {
      onFailure(error);
      return { batchItemFailures: [{ itemIdentifier: dynamodb?.SequenceNumber ?? '' }] };
    }
  }
  return { batchItemFailures: [] };
}

function textsOf(image: Record<string, AttributeValue> = {}): ItemTexts {
  return Object.fromEntries(Object.entries(image).map(([name, { S, N }]) => [name, S ?? N]));
}
