// Several shards, which the embedded engine never has.
import {
  DescribeStreamCommand,
  ExpiredIteratorException,
  GetRecordsCommand,
  GetShardIteratorCommand,
  TrimmedDataAccessException,
  type DynamoDBStreamsClient,
  type _Record as EngineRecord,
  type Shard,
} from '@aws-sdk/client-dynamodb-streams';
import { beforeEach, describe, expect, it } from 'vitest';
import { openStream } from '../../../infra/local/stream/reader.ts';

type Page = { records: string[]; ends?: boolean } | Error;

let shards: Shard[];
let pages: Record<string, Page[]>;
let iterators: string[];
let read: string[];

/** A stream whose shards have these pages; an iterator is the name of its shard. */
const client = {
  send: async (command: unknown) => {
    if (command instanceof DescribeStreamCommand) {
      const { ExclusiveStartShardId: after } = command.input;
      const start = shards.findIndex(({ ShardId }) => ShardId === after) + 1;
      const last = start + 1 < shards.length ? shards[start]?.ShardId : undefined;
      return { StreamDescription: { Shards: shards.slice(start, start + 1), LastEvaluatedShardId: last } };
    }
    if (command instanceof GetShardIteratorCommand) {
      const { ShardId, ShardIteratorType, SequenceNumber = '' } = command.input;
      iterators.push(`${ShardId} ${ShardIteratorType} ${SequenceNumber}`.trim());
      return { ShardIterator: ShardId };
    }
    const { ShardIterator: id = '' } = (command as GetRecordsCommand).input;
    const page = pages[id]?.shift() ?? { records: [] };
    if (page instanceof Error) throw page;
    const Records = page.records.map((SequenceNumber): EngineRecord => ({ dynamodb: { SequenceNumber } }));
    return { Records, NextShardIterator: page.ends ? undefined : id };
  },
} as unknown as DynamoDBStreamsClient;

const open = (startingPosition: 'LATEST' | 'TRIM_HORIZON' = 'LATEST') =>
  openStream({
    client,
    streamArn: 'arn:stream',
    startingPosition,
    signal: new AbortController().signal,
    onRecords: (records) => read.push(...records.map(({ dynamodb }) => String(dynamodb?.SequenceNumber))),
  });

beforeEach(() => {
  shards = [{ ShardId: 'a' }];
  pages = {};
  iterators = [];
  read = [];
});

describe('the reader of a stream', () => {
  it('opens every shard at once, and passes on new records', async () => {
    shards = [{ ShardId: 'a' }, { ShardId: 'b' }, { ShardId: 'c' }];
    const reader = await open();
    expect(iterators).toEqual(['a LATEST', 'b LATEST', 'c LATEST']);
    pages = { a: [{ records: ['1', '2'] }], c: [{ records: ['3'] }] };
    expect(await reader.read()).toBe(3);
    expect(await reader.read()).toBe(0);
    expect(read).toEqual(['1', '2', '3']);
  });

  it('continues with the child of a shard, from its beginning', async () => {
    const reader = await open();
    pages = { a: [{ records: ['1'], ends: true }], b: [{ records: ['2'] }] };
    shards = [{ ShardId: 'a' }, { ShardId: 'b', ParentShardId: 'a' }];
    await reader.read();
    await reader.read();
    expect(read).toEqual(['1', '2']);
    expect(iterators).toEqual(['a LATEST', 'b TRIM_HORIZON']);
  });

  it('reads a parent before its children, and children of a trimmed parent', async () => {
    shards = [
      { ShardId: 'b', ParentShardId: 'a' },
      { ShardId: 'a', ParentShardId: 'gone' },
    ];
    pages = { a: [{ records: ['1'] }, { records: ['2'], ends: true }], b: [{ records: ['3'] }] };
    const reader = await open('TRIM_HORIZON');
    for (let round = 0; round < 3; round += 1) await reader.read();
    expect(read).toEqual(['1', '2', '3']);
  });

  it('renews expired iterators', async () => {
    const expired = new ExpiredIteratorException({ message: 'old', $metadata: {} });
    const trimmed = new TrimmedDataAccessException({ message: 'gone', $metadata: {} });
    const reader = await open();
    pages = { a: [expired, { records: ['7'] }, expired, trimmed, { records: ['8'] }] };
    for (let round = 0; round < 5; round += 1) await reader.read();
    expect(read).toEqual(['7', '8']);
    expect(iterators).toEqual(['a LATEST', 'a LATEST', 'a AFTER_SEQUENCE_NUMBER 7', 'a TRIM_HORIZON']);
  });

  it('fails on any other error, and retries at the same position', async () => {
    const reader = await open();
    pages = { a: [new Error('no connection'), { records: ['1'] }] };
    await expect(reader.read()).rejects.toThrow('no connection');
    await reader.read();
    expect(read).toEqual(['1']);
  });
});
