import { once } from 'node:events';
import { createServer, request as connect, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';

interface Call {
  operation: string;
  body: string;
}

interface Disturbance {
  when: (call: Call) => boolean;
  how: 'lose the response' | 'return no item' | 'report a conflict';
}

/**
 * Starts a proxy that adds DynamoDB behaviour that the local engine lacks: a lost response after a completed write, an
 * eventually consistent read without the latest write, and a write that conflicts with a transaction on the same item.
 * All other calls go to the real engine.
 */
export async function unsteadyEngine() {
  const planned: Disturbance[] = [];
  const calls: Call[] = [];
  let endpoint = '';
  const server = createServer((incoming, response) => void relay(incoming, response));
  await once(server.listen(0, '127.0.0.1'), 'listening');

  async function relay(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = await buffer(incoming);
    const call = { operation: String(incoming.headers['x-amz-target']).split('.')[1]!, body: body.toString() };
    calls.push(call);
    const index = planned.findIndex(({ when }) => when(call));
    const [disturbance] = index < 0 ? [] : planned.splice(index, 1);
    if (disturbance?.how === 'return no item') {
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end('{}');
      return;
    }
    if (disturbance?.how === 'report a conflict') {
      response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' }).end(conflict(call));
      return;
    }
    const forwarded = connect(endpoint, { method: 'POST', headers: incoming.headers }).end(body);
    const [answer] = (await once(forwarded, 'response')) as [IncomingMessage];
    // The client times out after one second and retries the request.
    if (disturbance) answer.resume();
    else response.writeHead(answer.statusCode!, answer.headers).end(await buffer(answer));
  }

  return {
    /** Sets the engine behind the proxy and returns the proxy's URL. */
    before: (engine: string): string => {
      endpoint = engine;
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    },
    calls,
    loseAnswerOf: (operation: string, part: string) =>
      planned.push({
        how: 'lose the response',
        when: (call) => call.operation === operation && call.body.includes(part),
      }),
    meetTransactionAt: (operation: string, part: string) =>
      planned.push({
        how: 'report a conflict',
        when: (call) => call.operation === operation && call.body.includes(part),
      }),
    findNothingAt: (key: string) =>
      planned.push({
        how: 'return no item',
        when: ({ operation, body }) =>
          operation === 'GetItem' && body.includes(key) && !body.includes('"ConsistentRead":true'),
      }),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** Returns DynamoDB's error for a single write or a transaction that conflicts with another transaction. */
function conflict({ operation }: Call): string {
  const type = (name: string) => ({ __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: 'conflict' });
  if (operation !== 'TransactWriteItems') return JSON.stringify(type('TransactionConflictException'));
  const CancellationReasons = [{ Code: 'None' }, { Code: 'TransactionConflict' }];
  return JSON.stringify({ ...type('TransactionCanceledException'), CancellationReasons });
}
