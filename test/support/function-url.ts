import { randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Context, LambdaFunctionURLEvent } from 'aws-lambda';
import { buildFunctionUrlEvent } from '../../infra/local/function-url-event.ts';

interface Answer {
  statusCode: number;
  headers?: Record<string, string>;
  body?: string;
}

export type Handler = (event: LambdaFunctionURLEvent, context: Context) => Promise<Answer>;

/** Serves a handler over HTTP. Requests become the events of a function URL, and `events` records them. */
export async function serveFunctionUrl(handler: () => Handler) {
  const events: LambdaFunctionURLEvent[] = [];
  const server = createServer(async (request, response) => {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(chunk as Buffer);
    const event = buildFunctionUrlEvent({
      method: request.method!,
      target: request.url!,
      rawHeaders: request.rawHeaders,
      body: Buffer.concat(chunks),
      sourceIp: '127.0.0.1',
      port: 443,
      now: new Date(),
      requestId: randomUUID(),
    });
    events.push(event);
    const answer = await invoke(handler(), event);
    response.writeHead(answer.statusCode, answer.headers).end(answer.body);
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/`,
    events,
    close: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Calls a handler as Lambda would, with a copy of the event. */
export function invoke(handler: Handler, event: LambdaFunctionURLEvent): Promise<Answer> {
  return handler(structuredClone(event), { awsRequestId: randomUUID() } as Context);
}
