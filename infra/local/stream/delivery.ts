// The delivery of stream records by Lambda: filter, batch, invoke, retry.
import { setTimeout as sleep } from 'node:timers/promises';
import type { DynamoDBRecord } from 'aws-lambda';
import type { InvokeResult } from '../../service/invoke.ts';
import type { StreamConsumer } from '../../service/stream-consumers.ts';
import { splitIntoBatches } from '../../service/stream-batches.ts';
import { passes } from '../../service/stream-filter.ts';

export interface DeliveryOptions {
  consumer: StreamConsumer;
  invoke: (event: { Records: DynamoDBRecord[] }) => Promise<InvokeResult>;
  warn: (line: string) => void;
  signal: AbortSignal;
  /** The pause before the first retry; it doubles up to two seconds. */
  pauseMs?: number;
}

export interface Delivery {
  /** Queues the records that pass the filter. A function gets one batch at a time, in order. Settles after the last one. */
  offer(records: DynamoDBRecord[]): Promise<void>;
}

export function startDelivery({ consumer, invoke, warn, signal, pauseMs = 200 }: DeliveryOptions): Delivery {
  let queue = Promise.resolve();

  async function deliver(records: DynamoDBRecord[], retry = 0): Promise<void> {
    if (signal.aborted) return;
    const { done, reason } = await invokeOnce(records);
    if (done === records.length || signal.aborted) return;
    // Processed records are not delivered again, and the remaining records get the full number of retries.
    if (done > 0) return deliver(records.slice(done));
    const halves = consumer.bisects && records.length > 1;
    if (!halves && retry >= consumer.retries) {
      const count = records.length === 1 ? '1 record' : `${records.length} records`;
      warn(`${consumer.functionName} failed ${retry + 1} times and misses ${count} of the table stream: ${reason}`);
      return;
    }
    await sleep(Math.min(pauseMs * 2 ** retry, 2_000), undefined, { signal }).catch(() => undefined);
    if (!halves) return deliver(records, retry + 1);
    const middle = Math.ceil(records.length / 2);
    await deliver(records.slice(0, middle), retry);
    await deliver(records.slice(middle), retry);
  }

  /** Returns how many records were processed before the first failure, and the reason of the failure. */
  async function invokeOnce(records: DynamoDBRecord[]): Promise<{ done: number; reason: string }> {
    try {
      const result = await invoke({ Records: records });
      if ('value' in result) {
        const done = consumer.reportsFailures ? countDone(result.value, records) : records.length;
        return { done, reason: 'reported as failed' };
      }
      return { done: 0, reason: 'error' in result ? result.error : 'the event is larger than 6 MB' };
    } catch (error) {
      return { done: 0, reason: String(error) };
    }
  }

  return {
    offer: (records) => {
      const matching = records.filter((record) => passes(consumer.filterPatterns, record));
      for (const batch of splitIntoBatches(matching, consumer.batchSize)) queue = queue.then(() => deliver(batch));
      return queue;
    },
  };
}

/** Counts the records before the first reported failure. An unknown identifier fails the whole batch. */
export function countDone(result: unknown, records: DynamoDBRecord[]): number {
  const { batchItemFailures } = (result ?? {}) as {
    batchItemFailures?: ({ itemIdentifier?: unknown } | null)[] | null;
  };
  if (!batchItemFailures?.length) return records.length;
  const indexes = batchItemFailures.map((failure) =>
    records.findIndex(({ dynamodb }) => dynamodb?.SequenceNumber === failure?.itemIdentifier),
  );
  return Math.max(0, Math.min(...indexes));
}
