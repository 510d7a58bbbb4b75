// Serves the parameter store of the local stack over HTTP, with planned failures.
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import { parameterStore } from '../../infra/local/aws/parameters.ts';

interface Call {
  operation: string;
  /** The names in a GetParameters request, without their path. */
  names: string[];
  authorization: string;
}

export interface StoreServer {
  url: string;
  calls: Call[];
  /** Puts a parameter under its whole name. */
  put(name: string, value: string): void;
  /** Makes each later response begin and never end. */
  stall(): void;
  /** Plans the responses of the next calls. `null` closes the connection. */
  fail(...answers: ({ status: number; body: string } | null)[]): void;
  stop(): Promise<void>;
}

/** Starts the parameter store of the local stack alone. */
export async function startParameterStore(): Promise<StoreServer> {
  const store = parameterStore();
  const calls: Call[] = [];
  let stalled = false;
  const failures: ({ status: number; body: string } | null)[] = [];
  const server: Server = createServer(async (request, response) => {
    const operation = String(request.headers['x-amz-target']).replace('AmazonSSM.', '');
    const input = (await json(request)) as { Names?: string[] };
    const names = (input.Names ?? []).map((name) => name.split('/').at(-1)!);
    calls.push({ operation, names, authorization: request.headers.authorization ?? '' });
    if (stalled) return void response.writeHead(200, { 'content-length': '100' }).write('{');
    const failure = failures.shift();
    if (failure === null) return void request.socket.destroy();
    if (failure) return void response.writeHead(failure.status).end(failure.body);
    const { status, answer } = store.call(operation, input)!;
    response.writeHead(status, { 'content-type': 'application/x-amz-json-1.1' }).end(JSON.stringify(answer));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    calls,
    put: store.put,
    stall: () => {
      stalled = true;
    },
    fail: (...answers) => void failures.push(...answers),
    stop: async () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
