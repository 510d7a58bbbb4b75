import type { Runtime } from '../core/runtime.ts';
import { isUnknownOutcome } from './errors.ts';

/** Timeout of one call, in either protocol. */
export const TIMEOUT_MS = 5_000;
const PAUSE_MS = 500;

/**
 * Sends a call, and once more when its outcome is unknown: every call of WeChat Pay is idempotent by its number
 * (pay 2.13).
 * @param changes whether the call changes something. When the second attempt of such a call is declined, the first may
 * still have taken effect, so its error is thrown.
 */
export async function sendWithRetry<Answer>(
  { log, sleep }: Pick<Runtime, 'log' | 'sleep'>,
  { path, changes }: { path: string; changes: boolean },
  send: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await send();
  } catch (first) {
    if (!isUnknownOutcome(first)) throw first;
    log.warn('pay.call-repeated', { path, error: first });
    await sleep(PAUSE_MS);
    try {
      return await send();
    } catch (second) {
      throw changes ? first : second;
    }
  }
}
