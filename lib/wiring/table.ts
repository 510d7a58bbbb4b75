import { settings } from '../core/config.ts';
import { PATIENT_BUDGET_MS } from '../core/conflict-pauses.ts';
import { runtime, type Runtime } from '../core/runtime.ts';
import { openTable, type Table } from '../store/table.ts';

// Loaders build the dependencies of a function from settings and secrets. Each function loads only the dependencies of
// its flow, so that the bundler drops the rest and an error names the missing setting. Tests replace `runtime`.

/** The runtime and the table. */
export type Stored = Runtime & { table: Table };

/**
 * Loads the dependencies of functions that need only the table.
 * @throws NOT_CONFIGURED
 */
export async function loadTable(outside: Runtime = runtime): Promise<Stored> {
  return { ...outside, table: tableOf(settings('TABLE_NAME').TABLE_NAME) };
}

/**
 * Returns the dependencies with a table whose writes outlast a burst of other writers, for callers that no client and no
 * webhook waits for.
 */
export function patient<Deps extends { table: Table }>(deps: Deps): Deps {
  return { ...deps, table: { ...deps.table, conflictBudgetMs: PATIENT_BUDGET_MS } };
}

let opened: Table | undefined;

/** Returns the client of the table, which all parts of a function share. */
function tableOf(name: string): Table {
  if (opened?.name !== name) opened = openTable(name);
  return opened;
}
