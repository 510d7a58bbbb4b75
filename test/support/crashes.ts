import { vi } from 'vitest';
import type { Table } from '../../lib/store/table.ts';

type Send = (command: { input: object }) => Promise<unknown>;

/**
 * Replaces `send` of the table's client. `intercept` decides about each command, and may send it.
 * @returns a function that ends the replacement
 */
export function interceptCommands(
  { client }: Table,
  intercept: (command: { name: string; text: string }, send: () => Promise<unknown>) => Promise<unknown>,
): () => void {
  const original = client.send.bind(client) as Send;
  const spy = vi.spyOn(client as unknown as { send: Send }, 'send').mockImplementation((command) => {
    const name = command.constructor.name.replace(/Command$/, '');
    return intercept({ name, text: JSON.stringify(command.input) }, () => original(command));
  });
  return () => spy.mockRestore();
}

const WRITES = ['Put', 'Update', 'Delete', 'TransactWrite'];

/** Returns whether a command changes the table. */
export function isWrite(name: string): boolean {
  return WRITES.includes(name);
}

/**
 * Runs a flow that crashes after `writes` writes: every later command fails.
 * @returns whether the flow crashed; false when it made no more than `writes` writes
 */
export async function crashesAfter(table: Table, writes: number, run: () => Promise<unknown>): Promise<boolean> {
  let done = 0;
  const end = interceptCommands(table, async ({ name }, send) => {
    if (done >= writes && isWrite(name)) throw new Error('crash');
    const answer = await send();
    if (isWrite(name)) done += 1;
    return answer;
  });
  try {
    await run();
    return false;
  } catch (error) {
    if (!(error instanceof Error) || error.message !== 'crash') throw error;
    return true;
  } finally {
    end();
  }
}
