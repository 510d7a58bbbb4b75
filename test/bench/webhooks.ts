// The function URLs of the bench: WeChat's pushes and notifications, straight into the handlers.
import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import { buffer } from 'node:stream/consumers';
import type { LambdaFunctionURLEvent } from 'aws-lambda';
import { buildFunctionUrlEvent } from '../../infra/local/function-url-event.ts';
import type { HttpResponse } from '../../lib/http/response.ts';
import { lambdaContext, type Handler } from './invoke.ts';

export interface Webhooks {
  /** Repeats the last request to a function, byte by byte. */
  replay(name: string): Promise<HttpResponse>;
  stop(): void;
}

/** Serves `/<name>` for each function. */
export async function startWebhooks(
  port: number,
  handlers: Record<string, Handler<LambdaFunctionURLEvent>>,
): Promise<Webhooks> {
  const lastEvents = new Map<string, LambdaFunctionURLEvent>();

  const invoke = async (name: string): Promise<HttpResponse> => {
    const [handler, event] = [handlers[name], lastEvents.get(name)];
    if (!handler || !event) throw new Error(`${name} has no handler, or no request to replay`);
    return handler(structuredClone(event), lambdaContext());
  };

  const answer = async (request: IncomingMessage): Promise<HttpResponse> => {
    const [, name = '', target = ''] = /^\/([^/?]*)(.*)$/s.exec(request.url ?? '/') ?? [];
    lastEvents.set(name, await eventOf(request, target, port));
    return invoke(name);
  };

  const server = createServer((request, response) => {
    answer(request).then(
      ({ statusCode, headers, body }) => response.writeHead(statusCode, headers).end(body),
      (error: unknown) => response.writeHead(502).end(String(error)),
    );
  });
  await once(server.listen(port, '127.0.0.1'), 'listening');
  return {
    replay: invoke,
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function eventOf(request: IncomingMessage, target: string, port: number): Promise<LambdaFunctionURLEvent> {
  return buildFunctionUrlEvent({
    method: request.method ?? 'GET',
    target,
    rawHeaders: request.rawHeaders,
    body: await buffer(request),
    sourceIp: '127.0.0.1',
    port,
    now: new Date(),
    requestId: randomUUID(),
  });
}
