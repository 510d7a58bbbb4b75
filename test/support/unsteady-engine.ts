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
  how: 'lose the answer' | 'find nothing' | 'meet a transaction';
}

/**
 * DynamoDB as it can be and the engine never is: an answer gets lost after the write was done, an eventual read does
 * not find yet what was just written, a write meets a transaction on the same item. Everything else goes through to the real engine.
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
    if (disturbance?.how === 'find nothing') {
      response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' }).end('{}');
      return;
    }
    if (disturbance?.how === 'meet a transaction') {
      response.writeHead(400, { 'content-type': 'application/x-amz-json-1.0' }).end(conflict(call));
      return;
    }
    const onward = connect(endpoint, { method: 'POST', headers: incoming.headers }).end(body);
    const [answer] = (await once(onward, 'response')) as [IncomingMessage];
    // The client gives up after a second and sends the same once more.
    if (disturbance) answer.resume();
    else response.writeHead(answer.statusCode!, answer.headers).end(await buffer(answer));
  }

  return {
    /** Puts itself before this engine. */
    before: (engine: string): string => {
      endpoint = engine;
      return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
    },
    calls,
    loseAnswerOf: (operation: string, part: string) =>
      planned.push({
        how: 'lose the answer',
        when: (call) => call.operation === operation && call.body.includes(part),
      }),
    meetTransactionAt: (operation: string, part: string) =>
      planned.push({
        how: 'meet a transaction',
        when: (call) => call.operation === operation && call.body.includes(part),
      }),
    findNothingAt: (key: string) =>
      planned.push({
        how: 'find nothing',
        when: ({ operation, body }) =>
          operation === 'GetItem' && body.includes(key) && !body.includes('"ConsistentRead":true'),
      }),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

/** What DynamoDB says to a single write, and to a transaction, that meets another transaction. */
function conflict({ operation }: Call): string {
  const type = (name: string) => ({ __type: `com.amazonaws.dynamodb.v20120810#${name}`, message: 'conflict' });
  if (operation !== 'TransactWriteItems') return JSON.stringify(type('TransactionConflictException'));
  const CancellationReasons = [{ Code: 'None' }, { Code: 'TransactionConflict' }];
  return JSON.stringify({ ...type('TransactionCanceledException'), CancellationReasons });
}
