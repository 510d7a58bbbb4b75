import type { Runtime } from './runtime.ts';

/** Something else changed the same items first: what was read does not hold any more. */
export const OVERTAKEN = Symbol('overtaken');

const TRIES = 8;
const PAUSE_MS = 10;

/**
 * Reads, decides and writes, anew as long as something else is faster.
 * @param decide gets the number of the try, from 1
 */
export async function untilSettled<Outcome>(
  { sleep }: Pick<Runtime, 'sleep'>,
  decide: (attempt: number) => Promise<Outcome | typeof OVERTAKEN>,
): Promise<Outcome> {
  for (let attempt = 1; attempt <= TRIES; attempt += 1) {
    const outcome = await decide(attempt);
    if (outcome !== OVERTAKEN) return outcome;
    await sleep(attempt * PAUSE_MS);
  }
  throw new Error('the same items keep changing');
}
