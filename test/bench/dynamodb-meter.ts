// A proxy in front of the engine that requests the consumed capacity of every call and adds it up.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import { json } from 'node:stream/consumers';
import type { Units } from './units.ts';

type Capacity = Pick<Units, 'rru' | 'wru'>;

export interface Meter {
  /** Returns the units since the start. */
  read(): Capacity;
  stop(): void;
}

interface Input {
  TransactItems?: unknown[];
}

interface Consumed {
  CapacityUnits: number;
}

interface Output {
  __type?: string;
  /** Of all tables, where an operation can touch several. Indexes are included. */
  ConsumedCapacity?: Consumed | Consumed[];
}

const CONTENT_TYPE = 'application/x-amz-json-1.0';
const READS = new Set(['GetItem', 'Query', 'Scan', 'BatchGetItem', 'TransactGetItems']);
const WRITES = new Set(['PutItem', 'UpdateItem', 'DeleteItem', 'BatchWriteItem', 'TransactWriteItems']);

/** Listens on `port` and forwards each request to the engine at `endpoint`. */
export async function startMeter({ port, endpoint }: { port: number; endpoint: string }): Promise<Meter> {
  const total: Capacity = { rru: 0, wru: 0 };
  const server = createServer((request, response) => {
    relay(request, response, { endpoint, total }).catch((error: unknown) => response.destroy(error as Error));
  });
  await once(server.listen(port, '127.0.0.1'), 'listening');
  return {
    read: () => ({ ...total }),
    stop: () => {
      server.close();
      server.closeAllConnections();
    },
  };
}

async function relay(
  request: IncomingMessage,
  response: ServerResponse,
  { endpoint, total }: { endpoint: string; total: Capacity },
): Promise<void> {
  const target = String(request.headers['x-amz-target']);
  const input = (await json(request)) as Input;
  const answer = await fetch(endpoint, {
    method: 'POST',
    headers: { 'content-type': CONTENT_TYPE, 'x-amz-target': target, ...signatureOf(request) },
    body: JSON.stringify({ ...input, ReturnConsumedCapacity: 'INDEXES' }),
  });
  // The function did not request the consumed capacity, so its response omits it.
  const { ConsumedCapacity, ...output } = (await answer.json()) as Output;
  const units = answer.ok ? unitsOf(ConsumedCapacity) : chargeOfFailure(output, input);
  total[kindOf(target)] += units;
  response.writeHead(answer.status, { 'content-type': CONTENT_TYPE }).end(JSON.stringify(output));
}

/** The engine requires a signature, but does not verify it against the changed body. */
function signatureOf({ headers }: IncomingMessage): Record<string, string> {
  return { authorization: String(headers.authorization), 'x-amz-date': String(headers['x-amz-date']) };
}

function kindOf(target: string): keyof Capacity {
  const operation = target.split('.')[1] ?? '';
  if (READS.has(operation)) return 'rru';
  if (WRITES.has(operation)) return 'wru';
  throw new Error(`${target} is neither in READS nor in WRITES`);
}

function unitsOf(consumed: Consumed | Consumed[] | undefined): number {
  if (!consumed) throw new Error('the engine returned no ConsumedCapacity');
  return [consumed].flat().reduce((sum, { CapacityUnits }) => sum + CapacityUnits, 0);
}

/**
 * Returns the units of a failed call. AWS charges a failed condition like the write, but the response does not contain
 * the charge. Every item of the bench is below 1 KB: one unit, and two for each item of a transaction.
 */
function chargeOfFailure({ __type = '' }: Output, { TransactItems = [] }: Input): number {
  if (__type.endsWith('ConditionalCheckFailedException')) return 1;
  if (__type.endsWith('TransactionCanceledException')) return 2 * TransactItems.length;
  return 0;
}
