import { UpdateTableCommand } from '@aws-sdk/client-dynamodb';
import { readService } from '../../infra/service/service.ts';
import { startTableStream, type TableStream } from '../../infra/local/stream/table-stream.ts';
import type { recordingLambda } from './lambda-api.ts';
import type { World } from './world.ts';

/** Enables the stream of the table, and starts its delivery with the filters of events-publish. The records go to `lambda`. */
export async function startEventStream(
  { table }: Pick<World, 'table'>,
  { port: lambdaPort, deployedName }: Awaited<ReturnType<typeof recordingLambda>>,
): Promise<TableStream> {
  const StreamSpecification = { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' } as const;
  await table.client.send(new UpdateTableCommand({ TableName: table.name, StreamSpecification }));
  const consumer = readService().streamConsumers.find(({ functionName }) => functionName === 'events-publish')!;
  return startTableStream({
    endpoint: process.env['AWS_ENDPOINT_URL_DYNAMODB']!,
    tableName: table.name,
    lambdaPort,
    service: { streamConsumers: [consumer], deployedName },
  });
}
