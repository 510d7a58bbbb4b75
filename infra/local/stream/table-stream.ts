// Lambda's event source mapping in the local stack, which serverless-offline lacks.
import { setTimeout as sleep } from 'node:timers/promises';
import { DescribeTableCommand, DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { DynamoDBStreamsClient, type _Record as EngineRecord } from '@aws-sdk/client-dynamodb-streams';
import { invokeFunction } from '../../service/invoke.ts';
import type { Service } from '../../service/service.ts';
import { clientSettings } from '../../service/table.ts';
import type { StreamConsumer } from '../../service/stream-consumers.ts';
import { startDelivery } from './delivery.ts';
import { assertSupported } from '../../service/stream-filter.ts';
import { openStream, type StreamReader } from './reader.ts';
import { isChange, toLambdaRecord } from '../../service/stream-record.ts';

const POLL_MS = 500;
const POLL_AFTER_ERROR_MS = 2_000;
/** Margin behind the timeout of a function, which serverless-offline enforces: a reload may drop the response. */
const RESPONSE_MARGIN_MS = 5_000;

export interface TableStreamOptions {
  endpoint: string;
  tableName: string;
  lambdaPort: number;
  service: Pick<Service, 'streamConsumers' | 'deployedName'>;
}

export interface TableStream {
  stop(): Promise<void>;
}

/** Delivers the changes of the table to the functions with a `stream` event, until it is stopped. */
export async function startTableStream(options: TableStreamOptions): Promise<TableStream> {
  const { streamConsumers } = options.service;
  for (const { filterPatterns } of streamConsumers) filterPatterns.forEach(assertSupported);
  const stopping = new AbortController();
  const client = new DynamoDBStreamsClient(clientSettings(options.endpoint));
  let loops: Promise<void>[] = [];
  if (streamConsumers.length > 0) {
    const names = streamConsumers.map(({ functionName }) => functionName).join(', ');
    try {
      const readers = await openReaders(client, options, stopping.signal);
      loops = readers.map((reader) => keepReading(reader, stopping.signal));
      console.log(`stream     to ${names}`);
    } catch (error) {
      console.warn(`stream     not to ${names}: ${formatError(error)}`);
    }
  }
  return {
    stop: async () => {
      stopping.abort();
      await Promise.all(loops);
      client.destroy();
    },
  };
}

/** Opens one reader for each starting position, so that more functions do not cause more polling. */
async function openReaders(
  client: DynamoDBStreamsClient,
  { endpoint, tableName, lambdaPort, service }: TableStreamOptions,
  signal: AbortSignal,
): Promise<StreamReader[]> {
  const streamArn = await findStream(endpoint, tableName);
  const { region } = clientSettings(endpoint);
  const groups = Map.groupBy(service.streamConsumers, ({ startingPosition }) => startingPosition);
  return Promise.all(
    [...groups].map(([startingPosition, consumers]) => {
      const deliveries = consumers.map((consumer) =>
        startDelivery({
          consumer,
          invoke: createInvoke(consumer, lambdaPort, service, signal),
          warn: console.warn,
          signal,
        }),
      );
      const onRecords = (records: EngineRecord[]) => {
        const changes = records.filter(isChange).map((record) => toLambdaRecord(record, { streamArn, region }));
        for (const delivery of deliveries) void delivery.offer(changes);
      };
      return openStream({ client, streamArn, startingPosition, signal, onRecords });
    }),
  );
}

function createInvoke(
  { functionName, timeoutSeconds }: StreamConsumer,
  lambdaPort: number,
  { deployedName }: Pick<Service, 'deployedName'>,
  signal: AbortSignal,
) {
  const name = deployedName(functionName);
  return (event: unknown) => {
    const timeout = AbortSignal.timeout(timeoutSeconds * 1_000 + RESPONSE_MARGIN_MS);
    return invokeFunction(lambdaPort, name, event, AbortSignal.any([signal, timeout]));
  };
}

async function findStream(endpoint: string, tableName: string): Promise<string> {
  const client = new DynamoDBClient(clientSettings(endpoint));
  try {
    const { Table } = await client.send(new DescribeTableCommand({ TableName: tableName }));
    if (!Table?.LatestStreamArn) throw new Error(`the table ${tableName} has no stream, or the engine supports none.`);
    return Table.LatestStreamArn;
  } finally {
    client.destroy();
  }
}

async function keepReading(reader: StreamReader, signal: AbortSignal): Promise<void> {
  let failing = false;
  while (!signal.aborted) {
    try {
      if ((await reader.read()) === 0) await sleep(POLL_MS, undefined, { signal });
      failing = false;
    } catch (error) {
      if (signal.aborted) return;
      if (!failing) console.warn(`The table stream cannot be read; retrying: ${formatError(error)}`);
      failing = true;
      await sleep(POLL_AFTER_ERROR_MS, undefined, { signal }).catch(() => undefined);
    }
  }
}

function formatError(error: unknown): string {
  return String(error).replace(/^Error: /, '');
}
