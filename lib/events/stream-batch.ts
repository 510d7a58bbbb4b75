import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda';

/**
 * Runs a batch of the table's stream, one record after the other: `run` gets the texts and numbers of the item as it is now. The
 * first failure ends the batch, and the stream hands in the rest again, beginning with it.
 */
export async function eachRecord(
  event: DynamoDBStreamEvent,
  run: (item: Record<string, string | undefined>) => Promise<void>,
  onFailure: (error: unknown) => void,
): Promise<DynamoDBBatchResponse> {
  for (const { dynamodb } of event.Records) {
    const image = Object.entries(dynamodb?.NewImage ?? {});
    const texts = image.map(([name, { S, N }]) => [name, S ?? N] as const);
    try {
      await run(Object.fromEntries(texts));
    } catch (error) {
      onFailure(error);
      return { batchItemFailures: [{ itemIdentifier: dynamodb?.SequenceNumber ?? '' }] };
    }
  }
  return { batchItemFailures: [] };
}
