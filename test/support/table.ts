import { randomUUID } from 'node:crypto';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { inject } from 'vitest';
import { createTable } from '../../infra/service/table.ts';
import { openTable, type Table } from '../../lib/store/table.ts';

const PATIENCE_MS = 20_000;

/** An empty table of its own on the engine of this test run. */
export async function freshTable(): Promise<{ name: string; endpoint: string }> {
  const endpoint = inject('dynamodbEndpoint');
  const name = `test-${randomUUID()}`;
  await createTable(endpoint, name);
  return { name, endpoint };
}

/**
 * Opens the table, for a test that is not about its deadline of a second: when the machine stands still for a moment, a
 * write that was made would be made again, find its condition gone, and look like a race that was lost.
 */
export function openPatiently(name: string): Table {
  const table = openTable(name);
  table.client.config.requestHandler = new NodeHttpHandler({
    requestTimeout: PATIENCE_MS,
    throwOnRequestTimeout: true,
  });
  return table;
}
