import { HttpRequest } from '@smithy/core/protocols';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { AppError } from './errors.ts';
import type { OutboundRequest, Runtime, Send, StartDownload } from './runtime.ts';

const MAX_ANSWER_BYTES = 4 * 1024 * 1024;
/**
 * A container sleeps between two requests, and its connections may die meanwhile without its knowing: the next request
 * would fail on one, and most calls here must not be repeated. After a pause they are made anew.
 */
const IDLE_MS = 15_000;

/**
 * HTTP through the SDK's own handler: it is loaded anyway, keeps connections alive, and spares the 25 ms that
 * the first `fetch` costs.
 */
export function createSend({ now }: Pick<Runtime, 'now'>): Send {
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

/** As Send, for what is too large to be held whole. */
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
