import { settings } from '../core/config.ts';
import { runtime, type Runtime } from '../core/runtime.ts';
import { openTable, type Table } from '../store/table.ts';

/**
 * Loaders put the dependencies of a function together from settings and secrets. Each function loads only what its flow
 * needs, so the bundler drops the rest, and an error names the missing setting. Tests replace `runtime`.
 */
export type Stored = Runtime & { table: Table };

/** For functions that only need the table. @throws NOT_CONFIGURED */
export async function loadTable(outside: Runtime = runtime): Promise<Stored> {
  return { ...outside, table: tableOf(settings('TABLE_NAME').TABLE_NAME) };
}

let opened: Table | undefined;

/** One client for all parts of one function. */
function tableOf(name: string): Table {
  if (opened?.name !== name) opened = openTable(name);
  return opened;
}
