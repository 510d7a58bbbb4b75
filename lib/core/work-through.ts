/**
 * The outcome of one entry. `skipped`: another run works on it. `declined`: it failed for a reason of its own. `failed`: the
 * service behind it is probably down. `stop`: it failed, and no further entry may begin.
 */
export type Outcome = 'done' | 'skipped' | 'declined' | 'failed' | 'stop';

interface Work<Entry> {
  /** Number of entries that are worked on at a time. */
  workers: number;
  /** Circuit breaker: the work ends after this many `failed` entries in a row. */
  maxFailures: number;
  /** Whether the time is used up. */
  isOver(): boolean;
  visit(entry: Entry): Promise<Outcome>;
}

/** The result. `more`: the work ended although entries were left. */
interface WorkedThrough {
  /** Entries that were not skipped. `failed` of them failed. */
  visited: number;
  failed: number;
  more: boolean;
}

/** Works through entries until they end, the time is used up, or the circuit breaker opens. Entries under way end. */
export async function workThrough<Entry>(
  entries: AsyncIterator<Entry>,
  { workers, maxFailures, isOver, visit }: Work<Entry>,
): Promise<WorkedThrough> {
  const run = { visited: 0, failed: 0, more: false };
  let failuresInARow = 0;
  let isStopped = false;
  const work = async () => {
    for (;;) {
      const { value: entry, done } = await entries.next();
      if (done) return;
      if (isStopped || failuresInARow >= maxFailures || isOver()) {
        run.more = true;
        return;
      }
      const outcome = await visit(entry);
      if (outcome !== 'skipped') run.visited += 1;
      if (outcome === 'declined' || outcome === 'failed' || outcome === 'stop') run.failed += 1;
      isStopped ||= outcome === 'stop';
      failuresInARow = outcome === 'failed' ? failuresInARow + 1 : 0;
    }
  };
  await Promise.all(Array.from({ length: workers }, work));
  return run;
}

/** Yields the entries of pages, which are read when they are needed. */
export async function* entriesOf<Entry>(pages: AsyncIterable<Entry[]>): AsyncGenerator<Entry, undefined> {
  for await (const page of pages) yield* page;
}
