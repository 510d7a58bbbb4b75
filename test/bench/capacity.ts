import { actorsOf } from './actors.ts';
import { BUDGETS, type Budget, type FlowName } from './budgets.ts';
import { flowsOf, type Prepare } from './flows.ts';
import { formatTable } from './format-table.ts';
import { spent, UNIT_NAMES, type Units } from './units.ts';
import { createWorld, type World } from './world.ts';

/** One row of the capacity table. */
export interface CapacityRow extends Omit<Budget, 'why'> {
  flow: FlowName;
  measured: Units;
  withinBudget: boolean;
  /** The reasons for the units above the floor. */
  aboveFloor: string[];
}

/** Runs every flow once to warm up and once on the meter. */
export async function measureCapacity(): Promise<CapacityRow[]> {
  const world = await createWorld();
  const { info } = console;
  // The functions log each request. Warnings and errors remain visible: only WeChat's reminder to ship, after the first
  // payment, is expected.
  console.info = () => undefined;
  try {
    await actorsOf(world).fillCatalogue();
    const rows: CapacityRow[] = [];
    for (const [flow, prepare] of Object.entries(flowsOf(world)) as [FlowName, Prepare][]) {
      // One-time work, such as the first access token, does not belong to the cost of a flow.
      await (
        await prepare()
      )();
      rows.push(compareWithBudget(flow, await measure(world, prepare)));
    }
    return rows;
  } finally {
    console.info = info;
    await world.stop();
  }
}

/** Formats the rows as a table. */
export function formatCapacity(rows: CapacityRow[]): string {
  const lines = rows.map(({ flow, measured, budget, floor, withinBudget, aboveFloor }) => [
    flow,
    ...[measured, budget, floor].map(formatUnits),
    withinBudget ? 'ok' : 'OVER BUDGET',
    aboveFloor.join('; '),
  ]);
  const head = ['flow (RRU / WRU / calls)', 'measured', 'budget', 'floor', 'verdict', 'above the floor, for'];
  return formatTable(head, lines);
}

async function measure(world: World, prepare: Prepare): Promise<Units> {
  const run = await prepare();
  const before = await world.readUnits();
  await run();
  return spent(before, await world.readUnits());
}

function compareWithBudget(flow: FlowName, measured: Units): CapacityRow {
  const { budget, floor, why = {} } = BUDGETS[flow];
  const over = (limit: Partial<Units>) => UNIT_NAMES.filter((unit) => measured[unit] > (limit[unit] ?? Infinity));
  const aboveFloor = over(floor).map(
    (unit) =>
      `+${measured[unit] - (floor[unit] ?? 0)} ${unit === 'calls' ? unit : unit.toUpperCase()}: ${why[unit] ?? 'unexplained'}`,
  );
  return { flow, measured, budget, floor, withinBudget: over(budget).length === 0, aboveFloor };
}

function formatUnits(units: Partial<Units>): string {
  return UNIT_NAMES.map((unit) => units[unit] ?? '-').join(' / ');
}
