import { AppError } from './errors.ts';
import type { Send } from './outbound.ts';

/** Time for all calls to WeChat within one request. WeChat waits five seconds for the answer of a webhook. */
export const REQUEST_BUDGET_MS = 3_000;

/** Dependencies that can only be had together with a deadline for their calls to WeChat. */
export interface Budgeted<Deps> {
  /** Starts the time of one request. @param budgetMs for all its calls to WeChat together */
  within(budgetMs: number): Deps;
}

/**
 * Defers `build` until a request brings its deadline. Every call of the dependencies goes through the given `send`, which
 * replaces a `send` that `build` returns.
 */
export function budgeted<Deps extends object>(
  { now, send }: { now(): number; send: Send },
  build: (send: Send) => Deps,
): Budgeted<Deps> {
  return {
    within: (budgetMs) => {
      const bounded = sendBefore(send, { deadlineMs: now() + budgetMs, now });
      return { ...build(bounded), send: bounded };
    },
  };
}

/**
 * Bounds every request by one common deadline, in addition to its own timeout.
 * @param deadlineMs epoch ms
 * @throws WECHAT_TIMEOUT without sending anything once the deadline has passed
 */
function sendBefore(send: Send, { deadlineMs, now }: { deadlineMs: number; now(): number }): Send {
  return async (request) => {
    const leftMs = deadlineMs - now();
    if (leftMs <= 0) throw new AppError('WECHAT_TIMEOUT', 'The time for calls to WeChat in this request is used up');
    return send({ ...request, timeoutMs: Math.min(request.timeoutMs, leftMs) });
  };
}
