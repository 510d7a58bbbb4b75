import { describe, expect, it } from 'vitest';
import type { DynamoDBRecord } from 'aws-lambda';
import type { InvokeResult } from '../../../infra/service/invoke.ts';
import type { StreamConsumer } from '../../../infra/service/stream-consumers.ts';
import { splitIntoBatches } from '../../../infra/service/stream-batches.ts';
import { countDone, startDelivery } from '../../../infra/local/stream/delivery.ts';

const CONSUMER: StreamConsumer = {
  functionName: 'outbox',
  timeoutSeconds: 15,
  startingPosition: 'LATEST',
  batchSize: 10,
  retries: 2,
  bisects: false,
  reportsFailures: true,
  filterPatterns: [],
};
const record = (n: number, eventName: DynamoDBRecord['eventName'] = 'INSERT'): DynamoDBRecord => ({
  eventName,
  dynamodb: { SequenceNumber: String(n) },
});
const records = (count: number) => Array.from({ length: count }, (_, n) => record(n + 1));
const numbersOf = (batch: DynamoDBRecord[]) => batch.map(({ dynamodb }) => Number(dynamodb?.SequenceNumber));
const failed = (...numbers: number[]) => ({
  value: { batchItemFailures: numbers.map((n) => ({ itemIdentifier: String(n) })) },
});
const done = { value: null };

/** Offers the records to a function with these results, and returns its batches. */
async function deliver(
  offered: DynamoDBRecord[],
  settings: Partial<StreamConsumer>,
  answer: (numbers: number[], call: number) => InvokeResult,
) {
  const calls: number[][] = [];
  const warnings: string[] = [];
  const stopping = new AbortController();
  const delivery = startDelivery({
    consumer: { ...CONSUMER, ...settings },
    invoke: async ({ Records }) => {
      calls.push(numbersOf(Records));
      return answer(numbersOf(Records), calls.length);
    },
    warn: (line) => warnings.push(line),
    signal: stopping.signal,
    pauseMs: 0,
  });
  await delivery.offer(offered);
  return { calls, warnings };
}

describe('the delivery of stream records', () => {
  it('batches the records that pass the filter, in order', async () => {
    const offered = [...records(4), record(5, 'REMOVE'), record(6)];
    const settings = { batchSize: 2, filterPatterns: [{ eventName: ['INSERT'] }] };
    const { calls } = await deliver(offered, settings, () => done);
    expect(calls).toEqual([[1, 2], [3, 4], [6]]);
  });

  it('invokes nothing when no record passes', async () => {
    const { calls } = await deliver(records(3), { filterPatterns: [{ eventName: ['REMOVE'] }] }, () => done);
    expect(calls).toEqual([]);
  });

  it('sends a failed batch again', async () => {
    const { calls, warnings } = await deliver(records(2), {}, (_, call) => (call < 3 ? { error: 'busy' } : done));
    expect(calls).toEqual([
      [1, 2],
      [1, 2],
      [1, 2],
    ]);
    expect(warnings).toEqual([]);
  });

  it('gives up after the retries with a printed line, and continues with the next batch', async () => {
    const { calls, warnings } = await deliver(records(3), { batchSize: 2 }, ([first]) =>
      first === 1 ? { error: 'boom' } : done,
    );
    expect(calls).toEqual([[1, 2], [1, 2], [1, 2], [3]]);
    expect(warnings).toEqual(['outbox failed 3 times and misses 2 records of the table stream: boom']);
  });

  it('bisects a failed batch, and loses only the bad record', async () => {
    const { calls, warnings } = await deliver(records(4), { bisects: true, retries: 1 }, (numbers) =>
      numbers.includes(3) ? { error: 'boom' } : done,
    );
    expect(calls).toEqual([[1, 2, 3, 4], [1, 2], [3, 4], [3], [3], [4]]);
    expect(warnings).toEqual(['outbox failed 2 times and misses 1 record of the table stream: boom']);
  });

  it('continues from the first record that the function reports', async () => {
    const { calls } = await deliver(records(4), { retries: 0 }, (_, call) => (call === 1 ? failed(4, 3) : done));
    expect(calls).toEqual([
      [1, 2, 3, 4],
      [3, 4],
    ]);
  });

  it('restarts the retries for the remaining records, and ends when the function fails each of them', async () => {
    const { calls, warnings } = await deliver(records(3), { retries: 1 }, (numbers) =>
      numbers.length > 2 ? failed(2) : failed(numbers[0]!),
    );
    expect(calls).toEqual([
      [1, 2, 3],
      [2, 3],
      [2, 3],
    ]);
    expect(warnings).toEqual([expect.stringContaining('misses 2 records')]);
  });

  it('ignores the result when the mapping reports no failures', async () => {
    const { calls } = await deliver(records(2), { reportsFailures: false }, () => failed(1));
    expect(calls).toEqual([[1, 2]]);
  });

  it('treats a rejected invocation as a failure', async () => {
    const { calls, warnings } = await deliver(records(1), { retries: 0 }, () => {
      throw new TypeError('fetch failed');
    });
    expect(calls).toHaveLength(1);
    expect(warnings).toEqual([expect.stringContaining('fetch failed')]);
  });

  it('prints nothing after a stop', async () => {
    const stopping = new AbortController();
    const warnings: string[] = [];
    let calls = 0;
    const delivery = startDelivery({
      consumer: { ...CONSUMER, batchSize: 1 },
      invoke: async () => {
        calls += 1;
        stopping.abort();
        return { error: 'gone' };
      },
      warn: (line) => warnings.push(line),
      signal: stopping.signal,
    });
    await delivery.offer(records(3));
    expect({ calls, warnings }).toEqual({ calls: 1, warnings: [] });
  });
});

describe('countDone', () => {
  it.each<[unknown, number]>([
    [null, 3],
    [undefined, 3],
    ['', 3],
    [{}, 3],
    [{ batchItemFailures: null }, 3],
    [{ batchItemFailures: [] }, 3],
    [{ batchItemFailures: [{ itemIdentifier: '3' }, { itemIdentifier: '2' }] }, 1],
    [{ batchItemFailures: [{ itemIdentifier: '1' }] }, 0],
    [{ batchItemFailures: [{ itemIdentifier: '' }] }, 0],
    [{ batchItemFailures: [{ itemIdentifier: null }] }, 0],
    [{ batchItemFailures: [{ messageId: '2' }] }, 0],
    [{ batchItemFailures: [{ itemIdentifier: '2' }, { itemIdentifier: 'of another batch' }] }, 0],
    [{ batchItemFailures: ['2'] }, 0],
    [{ batchItemFailures: [null] }, 0],
  ])('%j', (result, expected) => {
    expect(countDone(result, records(3))).toBe(expected);
  });
});

it('splits items into batches of at most the size', () => {
  expect(splitIntoBatches([1, 2, 3, 4, 5], 2)).toEqual([[1, 2], [3, 4], [5]]);
  expect(splitIntoBatches([], 2)).toEqual([]);
});
