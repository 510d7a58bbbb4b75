import type { DynamoDBBatchResponse, DynamoDBStreamEvent } from 'aws-lambda';

/**
 * Runs `run` for each record of a stream batch in order, with the strings and numbers of the changed item, both as
 * text. The first failure ends the batch; the stream repeats that record and all later records.
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
