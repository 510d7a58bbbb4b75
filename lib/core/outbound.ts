import { HttpRequest } from '@smithy/core/protocols';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { AppError } from './errors.ts';

export interface OutboundRequest {
  method: 'GET' | 'POST';
  url: URL;
  headers?: Record<string, string>;
  body?: string;
  timeoutMs: number;
}

/** Header names are lower case; `body` holds the bytes as received. */
export interface OutboundResponse {
  status: number;
  headers: Record<string, string>;
  body: Buffer;
}

/** One HTTP request, no retry, no redirect. @throws WECHAT_TIMEOUT, WECHAT_UNAVAILABLE */
export type Send = (request: OutboundRequest) => Promise<OutboundResponse>;

/** A response whose `body` is read as it arrives. A reader that leaves early ends the connection. */
interface Download extends Omit<OutboundResponse, 'body'> {
  body: AsyncIterable<Buffer>;
}

/**
 * One HTTP request for something large, no retry, no redirect. It has no deadline, but fails when nothing arrives for
 * `idleMs`. @throws WECHAT_TIMEOUT, WECHAT_UNAVAILABLE, also while the body is read
 */
export type StartDownload = (request: Omit<OutboundRequest, 'timeoutMs'> & { idleMs: number }) => Promise<Download>;

const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
/**
 * A frozen container does not notice that its idle connections were closed, and most calls here must not be repeated.
 * After such a pause all connections are opened anew.
 */
const IDLE_MS = 15_000;

/**
 * Sends HTTP requests with the SDK's own handler, which is loaded anyway, keeps connections alive and saves the 25 ms
 * of the first `fetch`.
 */
export function createSend({ now }: { now(): number }): Send {
  let handler = new NodeHttpHandler();
  let usedAtMs = now();

  return async ({ timeoutMs, ...request }) => {
    if (now() - usedAtMs > IDLE_MS) {
      handler.destroy();
      handler = new NodeHttpHandler();
    }
    usedAtMs = now();
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
  return new AppError('WECHAT_UNAVAILABLE', 'WeChat could not be reached', { cause });
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
      throw new AppError('WECHAT_UNAVAILABLE', 'WeChat sent more than can be right');
    }
  }
  deadline.removeEventListener('abort', stop);
  deadline.throwIfAborted();
  return Buffer.concat(chunks);
}
