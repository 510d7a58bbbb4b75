import {
  DescribeStreamCommand,
  ExpiredIteratorException,
  GetRecordsCommand,
  GetShardIteratorCommand,
  TrimmedDataAccessException,
  type DynamoDBStreamsClient,
  type _Record as EngineRecord,
  type Shard,
  type ShardIteratorType,
} from '@aws-sdk/client-dynamodb-streams';

const LIST_EVERY_MS = 10_000;

export interface ReaderOptions {
  client: DynamoDBStreamsClient;
  streamArn: string;
  startingPosition: 'LATEST' | 'TRIM_HORIZON';
  signal: AbortSignal;
  onRecords: (records: EngineRecord[]) => void;
}

export interface StreamReader {
  /** Reads one page of every shard and passes its records to `onRecords`. Settles with the number of records. */
  read(): Promise<number>;
}

interface OpenShard {
  id: string;
  parent: string | undefined;
  /** Undefined when the shard was read to its end. */
  iterator: string | undefined;
  lastRead?: string;
}

/** Opens every shard of the stream at the starting position. Every later write will be read. */
export async function openStream(options: ReaderOptions): Promise<StreamReader> {
  const { client, streamArn, startingPosition, onRecords } = options;
  const ending = { abortSignal: options.signal };
  const shards = new Map<string, OpenShard>();
  let listedAt = -Infinity;

  async function findShards(position: ShardIteratorType): Promise<void> {
    for (const { ShardId: id = '', ParentShardId: parent } of await listShards(options)) {
      if (!shards.has(id)) shards.set(id, { id, parent, iterator: await getIterator(id, position) });
    }
    listedAt = performance.now();
  }

  async function getIterator(shardId: string, type: ShardIteratorType, after?: string): Promise<string | undefined> {
    const place = { StreamArn: streamArn, ShardId: shardId, ShardIteratorType: type, SequenceNumber: after };
    return (await client.send(new GetShardIteratorCommand(place), ending)).ShardIterator;
  }

  async function readPage(shard: OpenShard): Promise<number> {
    const { Records = [], NextShardIterator } = await client.send(
      new GetRecordsCommand({ ShardIterator: shard.iterator }),
      ending,
    );
    shard.iterator = NextShardIterator;
    shard.lastRead = Records.at(-1)?.dynamodb?.SequenceNumber ?? shard.lastRead;
    // At the end of a shard its children continue.
    if (!NextShardIterator) listedAt = -Infinity;
    if (Records.length > 0) onRecords(Records);
    return Records.length;
  }

  /** After a laptop slept, iterators have expired or records are gone. */
  async function renewIterator(shard: OpenShard, error: unknown): Promise<void> {
    if (error instanceof TrimmedDataAccessException) {
      shard.iterator = await getIterator(shard.id, 'TRIM_HORIZON');
    } else if (error instanceof ExpiredIteratorException) {
      const type = shard.lastRead ? 'AFTER_SEQUENCE_NUMBER' : startingPosition;
      shard.iterator = await getIterator(shard.id, type, shard.lastRead);
    } else {
      throw error;
    }
  }

  /** The records of one key move from a shard to its children, so the parent comes first. */
  const isReadable = ({ iterator, parent }: OpenShard) => iterator && !(parent && shards.get(parent)?.iterator);

  await findShards(startingPosition);
  return {
    read: async () => {
      if (performance.now() - listedAt > LIST_EVERY_MS) await findShards('TRIM_HORIZON');
      let count = 0;
      for (const shard of [...shards.values()].filter(isReadable)) {
        count += await readPage(shard).catch((error: unknown) => renewIterator(shard, error).then(() => 0));
      }
      return count;
    },
  };
}

async function listShards({ client, streamArn, signal }: ReaderOptions): Promise<Shard[]> {
  const shards: Shard[] = [];
  let last: string | undefined;
  do {
    const page = new DescribeStreamCommand({ StreamArn: streamArn, ExclusiveStartShardId: last });
    const { StreamDescription } = await client.send(page, { abortSignal: signal });
    shards.push(...(StreamDescription?.Shards ?? []));
    last = StreamDescription?.LastEvaluatedShardId;
  } while (last);
  return shards;
}
