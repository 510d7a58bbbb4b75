import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { DynamoDBRecord } from 'aws-lambda';
import { readService } from '../../service/service.ts';
import { splitIntoBatches } from '../../service/stream-batches.ts';
import { passes } from '../../service/stream-filter.ts';
import { Refusal } from '../refusal.ts';
import type { Target } from '../target.ts';
import type { Letter, StreamRange } from './letter.ts';
import { readRecords } from './records.ts';

/** Tells the function again. @returns what it was told. @throws Refusal when it has not taken all of it */
export async function deliver(target: Target, letter: Letter): Promise<string> {
  return 'range' in letter ? deliverRange(target, letter) : deliverEvent(target, letter);
}

async function deliverEvent(target: Target, { functionName, event }: { functionName: string; event: unknown }) {
  const { id = '', 'detail-type': type = 'an event' } = event as { id?: string; 'detail-type'?: string };
  await invoke(target, functionName, event);
  return `took ${type} ${id}`;
}

/** The stream holds what the mapping's filters leave out, too. */
async function deliverRange(target: Target, { functionName, range }: { functionName: string; range: StreamRange }) {
  const consumer = readService().streamConsumers.find((one) => one.functionName === functionName);
  if (!consumer) throw new Refusal(`${functionName} is no consumer of the stream in this serverless.yml`);
  const all = await readRecords(target, range);
  const records = all.filter((record) => passes(consumer.filterPatterns, record));
  if (records.length === 0) throw new Refusal(`none of ${all.length} records is for it: see filterPatterns`);
  for (const batch of splitIntoBatches(records, consumer.batchSize)) await deliverBatch(target, functionName, batch);
  const since = new Date((records[0]?.dynamodb?.ApproximateCreationDateTime ?? 0) * 1_000).toISOString();
  return `took ${records.length === 1 ? '1 record' : `${records.length} records`} of ${since.slice(0, 19)}Z`;
}

async function deliverBatch(target: Target, functionName: string, Records: DynamoDBRecord[]): Promise<void> {
  const answer = (await invoke(target, functionName, { Records })) as { batchItemFailures?: unknown[] } | null;
  const { length } = answer?.batchItemFailures ?? [];
  if (length > 0) throw new Refusal(`did not take the records ${JSON.stringify(answer)}: its log says why`);
}

async function invoke({ clients, deployedName }: Target, functionName: string, event: unknown): Promise<unknown> {
  const client = new LambdaClient(clients.lambda);
  try {
    const { FunctionError, Payload } = await client.send(
      new InvokeCommand({ FunctionName: deployedName(functionName), Payload: JSON.stringify(event) }),
    );
    const answer: unknown = JSON.parse(Payload?.transformToString() || 'null');
    if (!FunctionError) return answer;
    throw new Refusal(`failed: ${(answer as { errorMessage?: string } | null)?.errorMessage ?? FunctionError}`);
  } finally {
    client.destroy();
  }
}
