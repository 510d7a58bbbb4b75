import type { Runtime } from '../core/runtime.ts';
import { isUnknownOutcome } from './errors.ts';

/** How long either protocol waits for one answer. */
export const TIMEOUT_MS = 5_000;
const PAUSE_MS = 500;

/**
 * Sends, and once more what came to an unknown end: every call of WeChat Pay is idempotent by its number (pay 2.13).
 * @param changes whether the call may have taken effect: a refusal of the repeat says nothing about the first request,
 * which may have been taken
 */
export async function sendTwice<Answer>(
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
