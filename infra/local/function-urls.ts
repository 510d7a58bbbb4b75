// Lambda function URLs of the local stack, which serverless-offline lacks.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { buildFunctionUrlEvent } from './function-url-event.ts';
import { invokeFunction } from '../service/invoke.ts';
import { readFunctionUrlResult, type UrlResponse } from './function-url-result.ts';
import type { Service } from '../service/service.ts';

const MAX_BODY_BYTES = 6 * 1024 * 1024;

export interface FunctionUrlOptions {
  port: number;
  lambdaPort: number;
  service: Pick<Service, 'withUrl' | 'deployedName'>;
}

/** Serves `/<function-name>[/path][?query]` for every function with a URL. */
export async function startFunctionUrls(options: FunctionUrlOptions): Promise<{ stop(): Promise<void> }> {
  const server = createServer((request, response) => void serve(request, response, options));
  await once(server.listen(options.port, '127.0.0.1'), 'listening');
  return {
    stop: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function serve(request: IncomingMessage, response: ServerResponse, options: FunctionUrlOptions): Promise<void> {
  try {
    send(response, await answer(request, options));
  } catch (error) {
    // The Lambda API did not respond, or the function returned a header that HTTP does not allow.
    send(response, plainText(502, `The function returned no valid response: ${String(error)}\n`));
  }
}

async function answer(
  request: IncomingMessage,
  { port, lambdaPort, service }: FunctionUrlOptions,
): Promise<UrlResponse> {
  const [, name = '', target = ''] = /^\/([^/?]*)(.*)$/s.exec(request.url ?? '/') ?? [];
  if (!service.withUrl.includes(name)) {
    return plainText(
      404,
      `No function URL here. There are: ${service.withUrl.map((known) => `/${known}`).join(' ')}\n`,
    );
  }
  const body = await readBody(request);
  if (body === undefined) return tooLarge();
  const event = buildFunctionUrlEvent({
    method: request.method ?? 'GET',
    target,
    rawHeaders: request.rawHeaders,
    body,
    sourceIp: (request.socket.remoteAddress ?? '127.0.0.1').replace(/^::ffff:/, ''),
    port,
    now: new Date(),
    requestId: randomUUID(),
  });
  const result = await invokeFunction(lambdaPort, service.deployedName(name), event);
  return 'tooLarge' in result ? tooLarge() : readFunctionUrlResult(result);
}

/** Reads the raw bytes; undefined when there are more than Lambda accepts. */
async function readBody(request: IncomingMessage): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    // The rest is read and dropped, so that the client gets the response instead of a broken pipe.
    if (size <= MAX_BODY_BYTES) chunks.push(chunk);
  }
  return size <= MAX_BODY_BYTES ? Buffer.concat(chunks) : undefined;
}

function tooLarge(): UrlResponse {
  const message = `Request must be smaller than ${MAX_BODY_BYTES} bytes for the InvokeFunction operation`;
  return {
    status: 413,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify({ message })),
  };
}

function plainText(status: number, text: string): UrlResponse {
  return { status, headers: { 'content-type': 'text/plain; charset=utf-8' }, body: Buffer.from(text) };
}

function send(response: ServerResponse, { status, headers, body }: UrlResponse): void {
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  response.end(body);
}
