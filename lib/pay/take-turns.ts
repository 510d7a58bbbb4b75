/** Entries of one owner that wait in memory. The other entries of the owner stay due, and a later pass reads them. */
const MAX_WAITING = 100;

/**
 * Yields entries so that owners take turns: an owner with many entries delays the entries of other owners by one turn
 * per page at most. Reads the pages again from the start as long as an owner had more entries than fit in memory.
 * @param readPages starts a new pass over the pages. A pass does not list the entries that were processed before it.
 */
export async function* takeTurns<Entry>(
  readPages: () => AsyncIterable<Entry[]>,
  ownerOf: (entry: Entry) => string,
): AsyncGenerator<Entry> {
  for (let isComplete = false; !isComplete;) {
    isComplete = true;
    const waiting = new Map<string, Entry[]>();
    for await (const page of readPages()) {
      for (const entry of page) isComplete = enqueue(waiting, ownerOf(entry), entry) && isComplete;
      yield* takeOneTurn(waiting);
    }
    while (waiting.size > 0) yield* takeOneTurn(waiting);
  }
}

/** Adds an entry to the queue of its owner. @returns false if the queue is full */
function enqueue<Entry>(waiting: Map<string, Entry[]>, owner: string, entry: Entry): boolean {
  const queue = waiting.get(owner);
  if (!queue) waiting.set(owner, [entry]);
  else if (queue.length < MAX_WAITING) queue.push(entry);
  else return false;
  return true;
}

/** Yields the oldest entry of each owner. */
function* takeOneTurn<Entry>(waiting: Map<string, Entry[]>): Generator<Entry> {
  for (const [owner, queue] of waiting) {
    yield queue.shift()!;
    if (queue.length === 0) waiting.delete(owner);
  }
}
