import { AppError } from './errors.ts';
import type { Runtime } from './runtime.ts';

/** Mean time that a request or a webhook waits for other writers of the same item (ms). WeChat waits five seconds. */
const REQUEST_BUDGET_MS = 1_000;
/** Mean time that operators, consumers and the sweep wait for other writers (ms). */
export const PATIENT_BUDGET_MS = 10_000;
const FIRST_MS = 20;
const LONGEST_MS = 400;

/**
 * Yields the pauses (ms) between the attempts of a write that conflicts with other writers. Each pause is random between
 * zero and a ceiling that doubles (full jitter), because writers that wait equally long conflict again.
 * @param budgetMs the mean sum of the pauses
 * @see https://docs.aws.amazon.com/sdkref/latest/guide/feature-retry-behavior.html
 */
export function* conflictPauses(
  { randomBytes }: Pick<Runtime, 'randomBytes'>,
  budgetMs = REQUEST_BUDGET_MS,
): Generator<number, void> {
  let ceilingMs = FIRST_MS;
  for (let meanMs = 0; meanMs < budgetMs; meanMs += ceilingMs / 2) {
    yield (randomBytes(1)[0]! / 255) * ceilingMs;
    ceilingMs = Math.min(2 * ceilingMs, LONGEST_MS);
  }
}

/** Returns the error for a write that conflicted in each attempt. A repeat of the request can succeed. */
export function tooManyConflicts(cause?: unknown): AppError {
  const message = 'Other requests keep changing the same data; retry later';
  return new AppError('RATE_LIMITED', message, { retryAfterSeconds: 1, cause });
}
