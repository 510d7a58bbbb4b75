import { randomUUID } from 'node:crypto';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { inject } from 'vitest';
import { createTable, LOCAL_AWS } from '../../infra/service/table.ts';
import { openTable, type Table } from '../../lib/store/table.ts';

/** Longer than any pause of a test machine. */
const LONG_MS = 20_000;

/** Returns the endpoint of the engine of this worker. */
export function engineEndpoint(): string {
  const endpoints = inject('dynamodbEndpoints');
  return endpoints[(Number(process.env.VITEST_POOL_ID) - 1) % endpoints.length]!;
}

/**
 * Creates an empty table on the engine of this worker. A table has a stream only where a test reads the stream: for each
 * write to such a table, the embedded engine scans the stream records of all tables.
 */
export async function freshTable({ withStream = false } = {}): Promise<{ name: string; endpoint: string }> {
  const endpoint = engineEndpoint();
  const name = inject('tablePrefix') + randomUUID();
  // Some engines keep one set of tables per key, and each world uses these keys.
  Object.assign(process.env, LOCAL_AWS);
  await createTable(endpoint, name, { withStream });
  return { name, endpoint };
}

/** Opens the table without its deadline. */
export function openWithoutDeadline(name: string): Table {
  const table = openTable(name);
  removeDeadline(table);
  return table;
}

/**
 * Replaces the request timeout of one second. On a stalled machine, the SDK would retry a write, and the retry would fail
 * its condition against the first attempt. Tests of that timeout keep it.
 */
export function removeDeadline({ client }: Table): void {
  client.config.requestHandler = new NodeHttpHandler({ requestTimeout: LONG_MS, throwOnRequestTimeout: true });
}
