/** Another writer changed the same items first. The caller must read them and decide on their new state. */
export const VERSION_CONFLICT = Symbol('version conflict');

const MAX_ATTEMPTS = 8;
const PAUSE_MS = 10;

/**
 * Reads, decides and writes under optimistic locking: repeats `decide` with a growing pause while it returns
 * VERSION_CONFLICT.
 * @param decide receives the number of the attempt, from 1
 * @throws Error after eight conflicts in a row
 */
export async function retryOnConflict<Outcome>(
  { sleep }: { sleep(ms: number): Promise<void> },
  decide: (attempt: number) => Promise<Outcome | typeof VERSION_CONFLICT>,
): Promise<Outcome> {
  for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt += 1) {
    const outcome = await decide(attempt);
    if (outcome !== VERSION_CONFLICT) return outcome;
    await sleep(attempt * PAUSE_MS);
  }
  throw new Error(`Version conflict in each of ${MAX_ATTEMPTS} attempts: other writers keep changing the same items`);
}
