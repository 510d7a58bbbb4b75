import type { Runtime } from '../core/runtime.ts';
import { isUnknownOutcome } from './errors.ts';

/** Timeout of one attempt, in either protocol. */
export const TIMEOUT_MS = 5_000;
const PAUSE_MS = 500;

/**
 * Sends a call, and retries it once when its outcome is unknown. A retry is safe, because every call of WeChat Pay is
 * idempotent by its number.
 * @param changes whether the call changes something at WeChat. Such a call may have taken effect although its retry
 * fails, so the first error, with its unknown outcome, is thrown.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012081717
 */
export async function sendWithRetry<Answer>(
  { log, sleep }: Pick<Runtime, 'log' | 'sleep'>,
  { path, changes }: { path: string; changes: boolean },
  send: () => Promise<Answer>,
): Promise<Answer> {
  try {
    return await send();
  } catch (firstError) {
    if (!isUnknownOutcome(firstError)) throw firstError;
    log.warn('pay-call.retried', { path, error: firstError });
    await sleep(PAUSE_MS);
    try {
      return await send();
    } catch (secondError) {
      throw changes ? firstError : secondError;
    }
  }
}
