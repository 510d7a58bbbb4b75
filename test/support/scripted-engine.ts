import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

interface EngineAnswer {
  status?: number;
  body: object;
}

/** Starts a DynamoDB stand-in that returns the planned responses of each operation in order; the last one repeats. */
export async function scriptedEngine(answers: Record<string, EngineAnswer[]>) {
  const server = createServer((incoming, outgoing) => {
    const operation = String(incoming.headers['x-amz-target']).split('.')[1]!;
    const list = answers[operation] ?? [{ status: 400, body: { __type: 'UnknownOperationException' } }];
    const { status = 200, body } = list.length > 1 ? list.shift()! : list[0]!;
    outgoing.writeHead(status, { 'content-type': 'application/x-amz-json-1.0' }).end(JSON.stringify(body));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    endpoint: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
