import { randomUUID } from 'node:crypto';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { inject } from 'vitest';
import { createTable } from '../../infra/service/table.ts';
import { openTable, type Table } from '../../lib/store/table.ts';

/** Above any pause of a test machine. */
const LONG_MS = 20_000;

/** An empty table of its own on the engine of this test run. */
export async function freshTable(): Promise<{ name: string; endpoint: string }> {
  const endpoint = inject('dynamodbEndpoint');
  const name = `test-${randomUUID()}`;
  await createTable(endpoint, name);
  return { name, endpoint };
}

/** Opens the table without its deadline. */
export function openWithoutDeadline(name: string): Table {
  const table = openTable(name);
  removeDeadline(table);
  return table;
}

/**
 * Removes the table's deadline of a second, for tests that are not about it: on a machine that stands still for a moment,
 * a write would be sent twice, fail against itself, and look like a lost race.
 */
export function removeDeadline({ client }: Table): void {
  client.config.requestHandler = new NodeHttpHandler({ requestTimeout: LONG_MS, throwOnRequestTimeout: true });
}
