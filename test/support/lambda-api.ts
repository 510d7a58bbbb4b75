import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { json } from 'node:stream/consumers';
import type { DynamoDBRecord, DynamoDBStreamEvent } from 'aws-lambda';

interface Call {
  functionName: string;
  at: number;
  Records: DynamoDBRecord[];
  event: unknown;
}
type Reply = (functionName: string, Records: DynamoDBRecord[]) => { body: unknown; failed?: true };

/** Starts a Lambda invoke API. `calls` records each event; `answerWith` sets the replies. */
export async function recordingLambda() {
  const calls: Call[] = [];
  let reply: Reply = () => ({ body: null });
  const server = createServer(async (incoming, outgoing) => {
    const functionName = /\/functions\/shop-dev-(.*)\/invocations$/.exec(incoming.url!)![1]!;
    const event = await json(incoming);
    const { Records } = event as DynamoDBStreamEvent;
    calls.push({ functionName, at: performance.now(), Records, event });
    const { body, failed } = reply(functionName, Records);
    outgoing.writeHead(200, failed ? { 'x-amz-function-error': 'Unhandled' } : {}).end(JSON.stringify(body));
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    deployedName: (functionName: string) => `shop-dev-${functionName}`,
    calls,
    /** Returns the partition keys of the records that a function received, one text per call. */
    keysOf: (functionName: string) =>
      calls
        .filter((call) => call.functionName === functionName)
        .map(({ Records }) => Records.map(({ dynamodb }) => dynamodb?.Keys?.pk?.S).join(' ')),
    answerWith: (next: Reply) => (reply = next),
    close: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}
