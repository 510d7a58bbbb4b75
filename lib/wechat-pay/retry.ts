import { DEFAULTS } from '../core/config.ts';
import { isUnreachable } from '../core/outbound.ts';
import type { Runtime } from '../core/runtime.ts';
import { isUnknownOutcome } from './errors.ts';

/** Timeout of one attempt (ms), in either protocol. */
export const TIMEOUT_MS = 5_000;
const PAUSE_MS = 500;
/**
 * The second host of WeChat Pay, at another place. WeChat Pay documents it for every call of both protocols. No
 * signature covers the host.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791859
 */
const SECOND_HOST = 'https://api2.mch.weixin.qq.com';

/** Returns the second host if the first host is the default and the connection to it failed; otherwise undefined. */
function secondHost(firstHost: string, error: unknown): string | undefined {
  return isUnreachable(error) && firstHost === DEFAULTS.WECHAT_PAY_BASE_URL ? SECOND_HOST : undefined;
}

/**
 * Sends a call that changes nothing. The call is sent again only if there is a second host for it.
 * @param send sends the call to the given host
 */
export async function sendToEitherHost<Answer>(
  firstHost: string,
  send: (host: string) => Promise<Answer>,
): Promise<Answer> {
  try {
    return await send(firstHost);
  } catch (error) {
    const host = secondHost(firstHost, error);
    if (host === undefined) throw error;
    return send(host);
  }
}

/**
 * Sends a call, and retries the call once after an unknown outcome. A retry is safe, because every call either changes
 * nothing or is idempotent by its order or refund number. The retry goes to the second host, without a pause, if the
 * first host is the default and does not accept connections.
 * @param changes whether the call changes something at WeChat. The first attempt of such a call may have taken effect
 * even if the retry fails. The first error is then thrown, because its outcome is unknown.
 * @param send sends the call to the host of `payBaseUrl`
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012081717
 */
export async function sendWithRetry<Answer>(
  { payBaseUrl, log, sleep }: Pick<Runtime, 'log' | 'sleep'> & { payBaseUrl: string },
  { path, changes }: { path: string; changes: boolean },
  send: (payBaseUrl: string) => Promise<Answer>,
): Promise<Answer> {
  const attempt = logged({ log, path }, send);
  try {
    return await attempt(payBaseUrl);
  } catch (firstError) {
    if (!isUnknownOutcome(firstError)) throw firstError;
    const otherHost = secondHost(payBaseUrl, firstError);
    if (otherHost === undefined) await sleep(PAUSE_MS);
    try {
      return await attempt(otherHost ?? payBaseUrl);
    } catch (secondError) {
      throw changes ? firstError : secondError;
    }
  }
}

/** Sends a call once. For a call that is not idempotent: a failed connection may break after WeChat Pay took the call. */
export function sendWithoutRetry<Answer>(
  { payBaseUrl, log }: Pick<Runtime, 'log'> & { payBaseUrl: string },
  path: string,
  send: (payBaseUrl: string) => Promise<Answer>,
): Promise<Answer> {
  return logged({ log, path }, send)(payBaseUrl);
}

/** Logs every failed call with the words of WeChat, because callers turn some failures into results. */
function logged<Answer>(
  { log, path }: Pick<Runtime, 'log'> & { path: string },
  send: (baseUrl: string) => Promise<Answer>,
): typeof send {
  return async (baseUrl) => {
    try {
      return await send(baseUrl);
    } catch (error) {
      log[isUnknownOutcome(error) ? 'warn' : 'info']('pay-call.failed', { path, error });
      throw error;
    }
  };
}
