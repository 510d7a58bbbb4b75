import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { DynamoDBRecord } from 'aws-lambda';
import { readService } from '../../service/service.ts';
import { splitIntoBatches } from '../../service/stream-batches.ts';
import { passes } from '../../service/stream-filter.ts';
import { CommandError } from '../command.ts';
import type { Target } from '../target.ts';
import type { DeadLetter, StreamRange } from './dead-letter.ts';
import { readRecords } from './records.ts';

/** Invokes the function again. @returns the note for its tick. @throws CommandError unless it processed everything */
export async function redeliver(target: Target, deadLetter: DeadLetter): Promise<string> {
  return 'range' in deadLetter ? redeliverRange(target, deadLetter) : redeliverEvent(target, deadLetter);
}

async function redeliverEvent(target: Target, { functionName, event }: { functionName: string; event: unknown }) {
  const { id = '', 'detail-type': type = 'an event' } = event as { id?: string; 'detail-type'?: string };
  await invokeInStage(target, functionName, event);
  return `processed ${type} ${id}`;
}

/** Applies the filters of the event source mapping, because the range also holds records that they exclude. */
async function redeliverRange(target: Target, { functionName, range }: { functionName: string; range: StreamRange }) {
  const consumer = readService().streamConsumers.find((candidate) => candidate.functionName === functionName);
  if (!consumer) throw new CommandError(`${functionName} does not read the stream in this serverless.yml`);
  const all = await readRecords(target, range);
  const records = all.filter((record) => passes(consumer.filterPatterns, record));
  if (records.length === 0) throw new CommandError(`no record of ${all.length} passes its filterPatterns`);
  for (const batch of splitIntoBatches(records, consumer.batchSize)) await redeliverBatch(target, functionName, batch);
  const since = new Date((records[0]?.dynamodb?.ApproximateCreationDateTime ?? 0) * 1_000).toISOString();
  return `processed ${records.length === 1 ? '1 record' : `${records.length} records`} of ${since.slice(0, 19)}Z`;
}

async function redeliverBatch(target: Target, functionName: string, Records: DynamoDBRecord[]): Promise<void> {
  const answer = (await invokeInStage(target, functionName, { Records })) as { batchItemFailures?: unknown[] } | null;
  const { length } = answer?.batchItemFailures ?? [];
  if (length > 0) throw new CommandError(`failed records ${JSON.stringify(answer)}: read its log`);
}

async function invokeInStage(
  { clients, deployedName }: Target,
  functionName: string,
  event: unknown,
): Promise<unknown> {
  const client = new LambdaClient(clients.lambda);
  try {
    const { FunctionError, Payload } = await client.send(
      new InvokeCommand({ FunctionName: deployedName(functionName), Payload: JSON.stringify(event) }),
    );
    const answer: unknown = JSON.parse(Payload?.transformToString() || 'null');
    if (!FunctionError) return answer;
    throw new CommandError(`failed: ${(answer as { errorMessage?: string } | null)?.errorMessage ?? FunctionError}`);
  } finally {
    client.destroy();
  }
}
