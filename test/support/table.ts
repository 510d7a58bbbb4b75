import { randomUUID } from 'node:crypto';
import { inject } from 'vitest';
import { createTable } from '../../infra/local/table.ts';

/** An empty table of its own on the engine of this test run. */
export async function freshTable(): Promise<{ name: string; endpoint: string }> {
  const endpoint = inject('dynamodbEndpoint');
  const name = `test-${randomUUID()}`;
  await createTable(endpoint, name);
  return { name, endpoint };
}
