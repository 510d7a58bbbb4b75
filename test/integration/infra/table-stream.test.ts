// The stream of a real table, in front of a Lambda API whose answers the tests choose.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DynamoDBClient, TransactWriteItemsCommand } from '@aws-sdk/client-dynamodb';
import { DynamoDBDocumentClient, DeleteCommand, PutCommand } from '@aws-sdk/lib-dynamodb';
import type { DynamoDBRecord } from 'aws-lambda';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { startEngine } from '../../../infra/local/engine.ts';
import type { StreamConsumer } from '../../../infra/service/stream-consumers.ts';
import { startTableStream, type TableStream } from '../../../infra/local/stream/table-stream.ts';
import { clientSettings, createTable } from '../../../infra/service/table.ts';
import { recordingLambda } from '../../support/lambda-api.ts';
import { findFreePorts } from '../../support/ports.ts';
import { scriptedEngine } from '../../support/scripted-engine.ts';
import { freshTable } from '../../support/table.ts';
import { unsteadyEngine } from '../../support/unsteady-engine.ts';

const CONSUMER: StreamConsumer = {
  functionName: 'outbox',
  timeoutSeconds: 15,
  startingPosition: 'LATEST',
  batchSize: 10,
  retries: 1,
  bisects: false,
  reportsFailures: true,
  filterPatterns: [],
};
let lambda: Awaited<ReturnType<typeof recordingLambda>>;
const streams: TableStream[] = [];

beforeEach(async () => {
  vi.spyOn(console, 'log').mockReturnValue();
  vi.spyOn(console, 'warn').mockReturnValue();
  lambda = await recordingLambda();
});
afterEach(async () => {
  await Promise.all(streams.splice(0).map((stream) => stream.stop()));
  lambda.close();
  vi.restoreAllMocks();
});

async function startStream(table: { endpoint: string; name: string }, ...consumers: Partial<StreamConsumer>[]) {
  const streamConsumers = consumers.map((consumer) => ({ ...CONSUMER, ...consumer }));
  const stream = await startTableStream({
    endpoint: table.endpoint,
    tableName: table.name,
    lambdaPort: lambda.port,
    service: { streamConsumers, deployedName: lambda.deployedName },
  });
  streams.push(stream);
  return stream;
}

function writer({ endpoint, name: TableName }: { endpoint: string; name: string }) {
  const client = DynamoDBDocumentClient.from(new DynamoDBClient(clientSettings(endpoint)));
  return {
    put: (pk: string, fields = {}) => client.send(new PutCommand({ TableName, Item: { pk, sk: '-', ...fields } })),
    remove: (pk: string) => client.send(new DeleteCommand({ TableName, Key: { pk, sk: '-' } })),
    putTogether: (...pks: string[]) => {
      const Puts = pks.map((pk) => ({ Put: { TableName, Item: { pk: { S: pk }, sk: { S: '-' } } } }));
      return client.send(new TransactWriteItemsCommand({ TransactItems: Puts }));
    },
  };
}

const keyOf = ({ dynamodb }: DynamoDBRecord) => dynamodb?.Keys?.pk?.S;
const delivered = (functionName = 'outbox') => lambda.keysOf(functionName);
const until = (check: () => void) => vi.waitFor(check, { timeout: 15_000, interval: 20 });
/** Waits longer than the stream needs to deliver earlier writes. */
const waitForStream = () => sleep(1_200);

describe('local stream of the table', () => {
  it('delivers records in the format of AWS', async () => {
    const table = await freshTable({ withStream: true });
    const { put, remove } = writer(table);
    await put('before');
    await startStream(table, {});
    await put('A', { raw: Uint8Array.from([0, 255]) });
    await until(() => expect(lambda.calls).toHaveLength(1));
    const Keys = { pk: { S: 'A' }, sk: { S: '-' } };
    const [record] = lambda.calls[0]!.Records;
    expect(record).toEqual({
      eventID: expect.any(String),
      eventName: 'INSERT',
      eventVersion: expect.stringMatching(/^1\.[01]$/), // 1.1 in AWS, 1.0 in some engines.
      eventSource: 'aws:dynamodb',
      awsRegion: 'ap-southeast-1',
      dynamodb: {
        ApproximateCreationDateTime: expect.any(Number),
        Keys,
        NewImage: { ...Keys, raw: { B: 'AP8=' } },
        SequenceNumber: expect.stringMatching(/^\d+$/),
        SizeBytes: expect.any(Number),
        StreamViewType: 'NEW_AND_OLD_IMAGES',
      },
      eventSourceARN: expect.stringMatching(`^arn:aws:dynamodb:ap-southeast-1:\\d{12}:table/${table.name}/stream/.+$`),
    });
    expect(Math.abs(record!.dynamodb!.ApproximateCreationDateTime! - Date.now() / 1_000)).toBeLessThan(10);
    await put('A', { count: 1 });
    await remove('A');
    await until(() => expect(lambda.calls.flatMap(({ Records }) => Records)).toHaveLength(3));
    const [, modified, removed] = lambda.calls.flatMap(({ Records }) => Records);
    expect(modified).toMatchObject({ eventName: 'MODIFY', dynamodb: { OldImage: { raw: { B: 'AP8=' } } } });
    expect(removed).toMatchObject({ eventName: 'REMOVE', dynamodb: { Keys, OldImage: { count: { N: '1' } } } });
    expect(removed!.dynamodb).not.toHaveProperty('NewImage');
  });

  it('contains the items of a transaction, and no record of a write that changes nothing', async () => {
    const table = await freshTable({ withStream: true });
    const { put, putTogether } = writer(table);
    await startStream(table, {});
    await putTogether('A', 'B', 'C');
    await put('A');
    await put('D');
    await until(() => expect(delivered().join(' ')).toBe('A B C D'));
  });

  it('invokes a function only for records that match its filter', async () => {
    const table = await freshTable({ withStream: true });
    const { put } = writer(table);
    const filterPatterns = [
      { eventName: ['INSERT', 'MODIFY'], dynamodb: { NewImage: { followUp: { S: [{ exists: true }] } } } },
    ];
    await startStream(table, { filterPatterns }, { functionName: 'audit', startingPosition: 'TRIM_HORIZON' });
    await put('plain');
    await until(() => expect(delivered('audit')).toEqual(['plain']));
    await waitForStream();
    expect(delivered('outbox')).toEqual([]);
    await put('other', { followUp: 'soon' });
    await until(() => expect(delivered('outbox')).toEqual(['other']));
  });

  it('starts at the position of each function and delivers batches', async () => {
    const table = await freshTable({ withStream: true });
    const { putTogether, put } = writer(table);
    await putTogether('A', 'B', 'C');
    await startStream(
      table,
      { functionName: 'all', startingPosition: 'TRIM_HORIZON', batchSize: 2 },
      { functionName: 'new' },
    );
    await put('D');
    await until(() => expect(delivered('all').join(' ')).toBe('A B C D'));
    expect(delivered('all')[0]).toBe('A B');
    await until(() => expect(delivered('new')).toEqual(['D']));
  });

  it('retries a failed batch, then drops the batch with a warning, without delaying another function', async () => {
    const table = await freshTable({ withStream: true });
    const { put } = writer(table);
    lambda.answerWith((name, Records) =>
      name === 'outbox' && Records.map(keyOf).includes('bad')
        ? { body: { errorMessage: 'cannot do it' }, failed: true }
        : { body: null },
    );
    await startStream(table, { retries: 3 }, { functionName: 'audit' });
    await put('bad');
    await until(() => expect(delivered('audit')).toEqual(['bad']));
    expect(console.warn).not.toHaveBeenCalled();
    await put('good');
    await until(() => expect(delivered('audit')).toEqual(['bad', 'good']));
    await until(() => expect(delivered()).toEqual(['bad', 'bad', 'bad', 'bad', 'good']));
    expect(vi.mocked(console.warn).mock.calls).toEqual([
      ['outbox failed 4 times and misses 1 record of the table stream: cannot do it'],
    ]);
  });

  it('resumes at the first record that a function reports as failed', async () => {
    const table = await freshTable({ withStream: true });
    const { putTogether } = writer(table);
    let failing = true;
    lambda.answerWith((_name, Records) => {
      const itemIdentifier = Records.find((record) => keyOf(record) === 'B')?.dynamodb?.SequenceNumber;
      const batchItemFailures = failing ? [{ itemIdentifier }] : [];
      failing = false;
      return { body: { batchItemFailures } };
    });
    await startStream(table, { retries: 0 });
    await putTogether('A', 'B', 'C');
    await until(() => expect(delivered()).toEqual(['A B C', 'B C']));
    expect(console.warn).not.toHaveBeenCalled();
  });

  it('delivers a record within a second in the best of four cases', async () => {
    const table = await freshTable({ withStream: true });
    const { put } = writer(table);
    await startStream(table, {});
    const delays: number[] = [];
    for (const pk of ['A', 'B', 'C', 'D']) {
      const began = performance.now();
      await put(pk);
      await until(() => expect(delivered()).toContain(pk));
      delays.push(lambda.calls.at(-1)!.at - began);
    }
    expect(Math.min(...delays)).toBeLessThan(1_000);
  });

  it('reads from the engine at most four times a second for any number of functions', async () => {
    const table = await freshTable({ withStream: true });
    const engine = await unsteadyEngine();
    const endpoint = engine.before(table.endpoint);
    await startStream(
      { ...table, endpoint },
      {},
      { functionName: 'audit' },
      { functionName: 'all', startingPosition: 'TRIM_HORIZON' },
    );
    const { length: before } = engine.calls;
    const began = performance.now();
    await sleep(2_000);
    const count = engine.calls.length - before;
    // The measured interval can contain one more call for each of the two positions.
    expect((count - 2) / ((performance.now() - began) / 1_000)).toBeLessThanOrEqual(4);
    expect(count).toBeGreaterThanOrEqual(2);
    engine.close();
  });

  it('stops in the middle of a retry', async () => {
    const table = await freshTable({ withStream: true });
    const { put } = writer(table);
    lambda.answerWith(() => ({ body: { errorMessage: 'no' }, failed: true }));
    const stream = await startStream(table, { retries: 100 });
    await put('A');
    await until(() => expect(lambda.calls.length).toBeGreaterThan(1));
    await stream.stop();
    const { length } = lambda.calls;
    await put('B');
    await waitForStream();
    expect(lambda.calls).toHaveLength(length);
    expect(console.warn).not.toHaveBeenCalled();
  });

  it('survives a restart of the engine in the file of the table', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'stream-'));
    const [port] = (await findFreePorts(1)) as [number];
    const file = { port, path: join(folder, 'table.db') };
    const first = await startEngine(file);
    const table = { endpoint: first.endpoint, name: 'shop-dev' };
    await createTable(table.endpoint, table.name);
    await writer(table).put('A');
    await first.stop();
    const second = await startEngine(file);
    await createTable(table.endpoint, table.name);
    await startStream(table, { startingPosition: 'TRIM_HORIZON' }, { functionName: 'new' });
    await writer(table).put('B');
    await until(() => expect([delivered().join(' '), delivered('new').join(' ')]).toEqual(['A B', 'B']));
    await streams[0]!.stop();
    await second.stop();
    await rm(folder, { recursive: true });
  });
});

describe('local stream of a table in a foreign engine', () => {
  const StreamArn = 'arn:aws:dynamodb:x:000000000000:table/shop-dev/stream/1';

  it.each([
    ['without streams', {}, 'the table shop-dev has no stream'],
    ['without the streams API', { LatestStreamArn: StreamArn }, 'UnknownOperation'],
  ])('warns about an engine %s and keeps running', async (_which, Table, reason) => {
    const engine = await scriptedEngine({ DescribeTable: [{ body: { Table } }] });
    const stream = await startStream({ ...engine, name: 'shop-dev' }, {}, { functionName: 'audit' });
    expect(vi.mocked(console.warn).mock.calls).toEqual([[expect.stringContaining(reason)]]);
    expect(console.warn).toHaveBeenCalledWith(expect.stringContaining('outbox, audit'));
    await stream.stop();
    engine.close();
  });

  it('resumes at the same position after a failure of the engine', async () => {
    const dynamodb = { Keys: { pk: { S: 'A' } }, SequenceNumber: '1' };
    const bad = { status: 400, body: { __type: 'ValidationException', message: 'not now' } };
    const engine = await scriptedEngine({
      DescribeTable: [{ body: { Table: { LatestStreamArn: StreamArn } } }],
      DescribeStream: [{ body: { StreamDescription: { Shards: [{ ShardId: 'a' }] } } }],
      GetShardIterator: [{ body: { ShardIterator: 'i' } }],
      GetRecords: [
        bad,
        { body: { Records: [{ eventName: 'INSERT', dynamodb }], NextShardIterator: 'i' } },
        { body: { Records: [], NextShardIterator: 'i' } },
      ],
    });
    await startStream({ ...engine, name: 'shop-dev' }, {});
    await vi.waitFor(() => expect(delivered()).toEqual(['A']), { timeout: 15_000 });
    expect(vi.mocked(console.warn).mock.calls).toEqual([[expect.stringContaining('not now')]]);
    engine.close();
  });

  it('makes no call when no function consumes the stream', async () => {
    await startStream({ name: 'shop-dev', endpoint: 'http://127.0.0.1:1' });
    expect(console.warn).not.toHaveBeenCalled();
  });
});

it('startTableStream rejects a filter that only AWS supports', async () => {
  const filterPatterns = [{ dynamodb: { NewImage: { n: { N: [{ numeric: ['=', 1] }] } } } }];
  await expect(startStream({ name: 'shop-dev', endpoint: 'http://127.0.0.1:1' }, { filterPatterns })).rejects.toThrow(
    'numeric',
  );
});
