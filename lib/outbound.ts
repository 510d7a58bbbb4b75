import { HttpRequest } from '@smithy/core/protocols';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { AppError } from './errors.ts';
import type { Runtime, Send } from './runtime.ts';

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

  return async ({ method, url, headers = {}, body, timeoutMs }) => {
    if (now() - usedAtMs > IDLE_MS) {
      handler.destroy();
      handler = new NodeHttpHandler();
    }
    usedAtMs = now();
    const deadline = AbortSignal.timeout(timeoutMs);
    try {
      const { response } = await handler.handle(
        new HttpRequest({
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
        }),
        { abortSignal: deadline },
      );
      return { status: response.statusCode, headers: response.headers, body: await readAll(response.body, deadline) };
    } catch (error) {
      if (error instanceof AppError) throw error;
      if (deadline.aborted) throw new AppError('WECHAT_TIMEOUT', 'WeChat did not answer in time', { cause: error });
      throw new AppError('WECHAT_UNAVAILABLE', 'WeChat could not be reached', { cause: error });
    }
  };
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
