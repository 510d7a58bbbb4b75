import { conflictPauses, tooManyConflicts } from './conflict-pauses.ts';
import { runtime } from './runtime.ts';

/** Another writer changed the same items first. The caller must read them and decide on their new state. */
export const VERSION_CONFLICT = Symbol('version conflict');

/** `table.conflictBudgetMs` limits the time of the attempts. */
interface LockingDeps {
  sleep(ms: number): Promise<void>;
  table: { readonly conflictBudgetMs?: number };
}

/**
 * Reads, decides and writes under optimistic locking: repeats `decide` with a random, growing pause while it returns
 * VERSION_CONFLICT.
 * @param decide receives the number of the attempt, from 1
 * @throws RATE_LIMITED when other writers keep changing the same items
 */
export async function retryOnConflict<Outcome>(
  { sleep, table }: LockingDeps,
  decide: (attempt: number) => Promise<Outcome | typeof VERSION_CONFLICT>,
): Promise<Outcome> {
  let attempt = 1;
  for (const pauseMs of conflictPauses(runtime, table.conflictBudgetMs)) {
    const outcome = await decide(attempt);
    if (outcome !== VERSION_CONFLICT) return outcome;
    await sleep(pauseMs);
    attempt += 1;
  }
  throw tooManyConflicts();
}
