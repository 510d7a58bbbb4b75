import { HttpRequest } from '@smithy/core/protocols';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { AppError } from './errors.ts';

export interface OutboundRequest {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  url: URL;
  headers?: Record<string, string>;
  body?: string | Buffer;
  timeoutMs: number;
}

/** Header names are lower case; `body` holds the bytes as received. */
export interface OutboundResponse {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

/**
 * Sends one HTTP request, without retry or redirect.
 * @throws WECHAT_TIMEOUT, WECHAT_UNAVAILABLE (see isUnreachable)
 */
export type Send = (request: OutboundRequest) => Promise<OutboundResponse>;

/** A response whose `body` is streamed. Leaving the iteration early closes the connection. */
interface Download extends Omit<OutboundResponse, 'body'> {
  body: AsyncIterable<Buffer>;
}

/**
 * Sends one HTTP request for a large response, without retry or redirect. The download has no deadline, but fails when
 * no data arrives for `idleMs`.
 * @throws WECHAT_TIMEOUT, WECHAT_UNAVAILABLE, also while the body is read
 */
export type StartDownload = (request: Omit<OutboundRequest, 'timeoutMs'> & { idleMs: number }) => Promise<Download>;

const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
/**
 * After this pause, a call to the same origin opens a new connection. A frozen Lambda environment does not notice that
 * the server closed an idle connection. A call over such a connection fails, and most calls must not be retried.
 */
const IDLE_MS = 15_000;
/** Time to connect, which leaves time for a call to another host. A lost packet is sent again after one second. */
const CONNECT_MS = 2_000;

/** WeChat sent no response, because the connection failed. */
class UnreachableError extends AppError {}

/** Returns whether the connection to a host failed, so that another host may be able to respond. */
export function isUnreachable(error: unknown): boolean {
  return error instanceof UnreachableError;
}

/**
 * Returns a `Send` over the HTTP handler of the AWS SDK, which is loaded anyway and keeps connections alive. The first
 * call of `fetch` would take 25 ms longer.
 */
export function createSend({ now }: { now(): number }): Send {
  const connections = new Map<string, { handler: NodeHttpHandler; usedAtMs: number }>();

  /** Measures the pause per origin, so that calls to one origin do not keep idle connections to another origin. */
  function connect(origin: string): NodeHttpHandler {
    const last = connections.get(origin);
    const isFresh = last !== undefined && now() - last.usedAtMs <= IDLE_MS;
    if (!isFresh) last?.handler.destroy();
    const handler = isFresh ? last.handler : new NodeHttpHandler({ connectionTimeout: CONNECT_MS });
    connections.set(origin, { handler, usedAtMs: now() });
    return handler;
  }

  return async ({ timeoutMs, ...request }) => {
    const handler = connect(request.url.origin);
    const deadline = AbortSignal.timeout(timeoutMs);
    try {
      const { response } = await handler.handle(requestOf(request), { abortSignal: deadline });
      return { status: response.statusCode, headers: response.headers, body: await readAll(response.body, deadline) };
    } catch (error) {
      if (error instanceof AppError) throw error;
      throw unreachable(error, deadline.aborted);
    }
  };
}

/** Sends a request and streams its response, for bodies too large to hold in memory. */
export const startDownload: StartDownload = async ({ idleMs, ...request }) => {
  const handler = new NodeHttpHandler({ connectionTimeout: idleMs, socketTimeout: idleMs });
  try {
    const { response } = await handler.handle(requestOf(request));
    return { status: response.statusCode, headers: response.headers, body: chunksOf(response.body) };
  } catch (error) {
    throw unreachable(error, (error as Error).name === 'TimeoutError');
  }
};

async function* chunksOf(stream: NodeJS.ReadableStream): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of stream) yield chunk as Buffer;
  } catch (error) {
    throw unreachable(error, (error as Error).name === 'TimeoutError');
  }
}

function requestOf({ method, url, headers, body }: Omit<OutboundRequest, 'timeoutMs'>): HttpRequest {
  return new HttpRequest({
    protocol: url.protocol,
    hostname: url.hostname,
    port: url.port ? Number(url.port) : undefined,
    method,
    path: url.pathname + url.search,
    headers: {
      host: url.host,
      ...headers,
      ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
    },
    body,
  });
}

function unreachable(cause: unknown, late: boolean): AppError {
  if (late) return new AppError('WECHAT_TIMEOUT', 'WeChat did not answer in time', { cause });
  return new UnreachableError('WECHAT_UNAVAILABLE', 'WeChat could not be reached', { cause });
}

async function readAll(stream: NodeJS.ReadableStream & { destroy(): void }, deadline: AbortSignal): Promise<Buffer> {
  const stop = () => stream.destroy();
  deadline.addEventListener('abort', stop, { once: true });
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream) {
    chunks.push(chunk as Buffer);
    size += chunk.length;
    if (size > MAX_ANSWER_BYTES) {
      stop();
      throw new AppError('WECHAT_UNAVAILABLE', `WeChat sent a response of more than ${MAX_ANSWER_BYTES} bytes`);
    }
  }
  deadline.removeEventListener('abort', stop);
  deadline.throwIfAborted();
  return Buffer.concat(chunks);
}
