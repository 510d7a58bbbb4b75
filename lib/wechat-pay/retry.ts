import type { Runtime } from '../core/runtime.ts';
import { isUnknownOutcome } from './errors.ts';

/** Timeout of one attempt (ms), in either protocol. */
export const TIMEOUT_MS = 5_000;
const PAUSE_MS = 500;

/**
 * Sends a call, and retries the call once after an unknown outcome. A retry is safe, because every call either changes
 * nothing or is idempotent by its order or refund number.
 * @param changes whether the call changes something at WeChat. The first attempt of such a call may have taken effect
 * even if the retry fails. The first error is then thrown, because its outcome is unknown.
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
