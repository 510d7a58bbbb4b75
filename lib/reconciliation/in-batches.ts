/**
 * Processes `items` in batches of `size`, `inFlight` batches at a time. A batch is read only when a worker is free.
 * @throws the error of a failed batch or of `items`, after the running batches have ended
 */
export async function inBatches<Item>(
  items: Iterable<Item> | AsyncIterable<Item>,
  { size, inFlight }: { size: number; inFlight: number },
  work: (batch: Item[]) => Promise<void>,
): Promise<void> {
  const batches = batchesOf(items, size);
  const worker = async () => {
    for await (const batch of batches) await work(batch);
  };
  const ended = await Promise.allSettled(Array.from({ length: inFlight }, worker));
  const failed = ended.find((end) => end.status === 'rejected');
  if (failed) throw failed.reason;
}

async function* batchesOf<Item>(
  items: Iterable<Item> | AsyncIterable<Item>,
  size: number,
): AsyncGenerator<Item[], void> {
  let batch: Item[] = [];
  for await (const item of items) {
    batch.push(item);
    if (batch.length < size) continue;
    yield batch;
    batch = [];
  }
  if (batch.length > 0) yield batch;
}
