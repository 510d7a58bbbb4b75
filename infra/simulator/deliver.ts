interface Delivery {
  url: string;
  headers: Record<string, string>;
  body: string;
}

/** The receiver's answer; `status` is null if the receiver did not answer in time or could not be reached. */
export interface DeliveryResult {
  status: number | null;
  body: string;
  error?: string;
}

export type Deliver = (delivery: Delivery) => Promise<DeliveryResult>;

const deadlineMs = 5_000;

/** Builds the outgoing POST of pushes and notifications: 5 s in total, no redirects, aborted by `closing`. */
export function createDeliver(closing: AbortSignal, servedAt = (url: string) => url): Deliver {
  return async ({ url, headers, body }) => {
    try {
      const signal = AbortSignal.any([closing, AbortSignal.timeout(deadlineMs)]);
      const response = await fetch(servedAt(url), { method: 'POST', headers, body, redirect: 'manual', signal });
      // Not text(), which drops a byte order mark: WeChat keeps it.
      return { status: response.status, body: Buffer.from(await response.arrayBuffer()).toString() };
    } catch (error) {
      return { status: null, body: '', error: reason(error) };
    }
  };
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (error.name === 'TimeoutError') return `no answer within ${deadlineMs} ms`;
  return error.cause instanceof Error ? `${error.message}: ${error.cause.message}` : error.message;
}
