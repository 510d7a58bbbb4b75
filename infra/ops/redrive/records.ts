import {
  DynamoDBStreamsClient,
  GetRecordsCommand,
  GetShardIteratorCommand,
  TrimmedDataAccessException,
} from '@aws-sdk/client-dynamodb-streams';
import type { DynamoDBRecord } from 'aws-lambda';
import { toLambdaRecord } from '../../service/stream-record.ts';
import { CommandError } from '../command.ts';
import type { Target } from '../target.ts';
import type { StreamRange } from './dead-letter.ts';

/** A page may be empty although more records follow. */
const MAX_EMPTY_PAGES = 20;

/**
 * Reads every record of the range, in the form that Lambda passes to a function.
 * @throws CommandError when the stream no longer has one of them
 */
export async function readRecords({ region }: Pick<Target, 'region'>, range: StreamRange): Promise<DynamoDBRecord[]> {
  const client = new DynamoDBStreamsClient({ region });
  try {
    return await readUntilEnd(client, range, region);
  } catch (error) {
    if (!(error instanceof TrimmedDataAccessException)) throw error;
    throw new CommandError('is about changes that are no longer in the stream, which keeps them for 24 hours');
  } finally {
    client.destroy();
  }
}

async function readUntilEnd(client: DynamoDBStreamsClient, range: StreamRange, region: string) {
  const { streamArn, shardId, startSequenceNumber, endSequenceNumber } = range;
  const first = { StreamArn: streamArn, ShardId: shardId, SequenceNumber: startSequenceNumber };
  const begin = new GetShardIteratorCommand({ ...first, ShardIteratorType: 'AT_SEQUENCE_NUMBER' });
  let { ShardIterator } = await client.send(begin);
  const records: DynamoDBRecord[] = [];
  let empty = 0;
  while (ShardIterator && empty < MAX_EMPTY_PAGES) {
    const { Records = [], NextShardIterator } = await client.send(new GetRecordsCommand({ ShardIterator }));
    for (const record of Records) {
      const { SequenceNumber = '' } = record.dynamodb ?? {};
      if (BigInt(SequenceNumber) <= BigInt(endSequenceNumber))
        records.push(toLambdaRecord(record, { streamArn, region }));
      if (BigInt(SequenceNumber) >= BigInt(endSequenceNumber)) return records;
    }
    empty = Records.length === 0 ? empty + 1 : 0;
    ShardIterator = NextShardIterator;
  }
  throw new CommandError(`ends at record ${endSequenceNumber}, which the stream does not return`);
}
