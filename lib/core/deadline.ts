import { AppError } from './errors.ts';
import type { Send } from './outbound.ts';

/** Time for all calls to WeChat within one request. WeChat waits five seconds for the answer of a webhook. */
export const REQUEST_BUDGET_MS = 3_000;
/**
 * Time for all calls to WeChat within one request that creates or closes an order. A call that changes something is not
 * abandoned early. Both functions time out after 20 seconds, and the gateway after 30.
 */
export const ORDER_BUDGET_MS = 14_000;

/** Dependencies whose calls to WeChat need a deadline. `within` is the only access to them. */
export interface Budgeted<Deps> {
  /**
   * Returns the dependencies of one request, whose deadline is `budgetMs` from now.
   * @param budgetMs time for all calls to WeChat in this request
   */
  within(budgetMs: number): Deps;
}

/**
 * Calls `build` once per request, when the deadline of the request is known. All calls of the dependencies use the
 * bounded `send`, which also replaces a `send` that `build` returns.
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
 * Returns a `Send` that bounds every request by one common deadline, in addition to the timeout of the request. The
 * returned `Send` throws WECHAT_TIMEOUT without sending anything once the deadline has passed.
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
