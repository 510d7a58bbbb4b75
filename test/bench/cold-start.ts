// The import time of each function as a multiple of the floor: the DynamoDB client alone.
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { buildBundles, largestParts, type Bundle, type Bundles, type Part } from './bundles.ts';
import { formatTable } from './format-table.ts';

const run = promisify(execFile);
const PROBE = fileURLToPath(new URL('import-probe.cjs', import.meta.url));

const ROUNDS = 31;
const WARM_UP_ROUNDS = 1;
const TO_FLOOR = { budget: 1.3, goal: 1.1 };
const KB_BUDGET = { plain: 300, xml: 400 };

/** One bundle. The floor is the reference and has no verdict. */
export interface ColdStartRow {
  name: string;
  kb: number;
  kbBudget?: number;
  /** Comparable within one run only. */
  importMs: number;
  /** Import time as a multiple of the floor's in the same run. */
  toFloor: number;
  verdict?: 'goal met' | 'ok' | 'OVER BUDGET';
  /** The largest packages of the floor; for a function those beyond the floor. */
  parts: Part[];
}

/** Import time of each bundle (ms). */
type Times = Map<Bundle, number>;

/** Builds every bundle and imports each in fresh processes, in turns: changes in load affect all bundles alike. */
export async function measureColdStart(): Promise<ColdStartRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'wechat-lambda-bench-'));
  try {
    const bundles = await buildBundles(folder);
    return rowsOf(bundles, await importTimes([bundles.floor, ...bundles.functions]));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Formats the rows as a table. */
export function formatColdStart(rows: ColdStartRow[]): string {
  const lines = rows.map(({ name, kb, kbBudget, toFloor, verdict = '', parts }) => [
    name,
    `${kb.toFixed(0)}${kbBudget === undefined ? '' : ` of ${kbBudget}`}`,
    toFloor.toFixed(2),
    verdict,
    parts.map((part) => `${part.name} ${part.kb.toFixed(0)}`).join(', '),
  ]);
  const head = ['bundle', 'KB', 'x floor', 'verdict', 'KB beyond the floor'];
  return `${formatTable(head, lines)}\nImport time: at most ${TO_FLOOR.budget} x floor (goal ${TO_FLOOR.goal}).`;
}

async function importTimes(bundles: Bundle[]): Promise<Times> {
  const times = new Map(bundles.map((bundle) => [bundle, [] as number[]]));
  for (let round = 1; round <= WARM_UP_ROUNDS + ROUNDS; round += 1) {
    process.stderr.write(`\rround ${round}/${WARM_UP_ROUNDS + ROUNDS}`);
    for (const [{ file }, measured] of times) {
      const { stdout } = await run(process.execPath, [PROBE, file], { env: {} });
      if (round > WARM_UP_ROUNDS) measured.push(Number(stdout));
    }
  }
  process.stderr.write('\r');
  return new Map([...times].map(([bundle, measured]) => [bundle, fastDecile(measured)]));
}

function rowsOf({ floor, functions }: Bundles, times: Times): ColdStartRow[] {
  const ms = (bundle: Bundle) => times.get(bundle) as number;
  const row = (bundle: Bundle, than?: Bundle) => ({
    name: bundle.name,
    kb: bundle.kb,
    importMs: ms(bundle),
    toFloor: ms(bundle) / ms(floor),
    parts: largestParts(bundle, than),
  });
  return [
    row(floor),
    ...functions.map((bundle) => {
      const kbBudget = bundle.parts.has('fast-xml-parser') ? KB_BUDGET.xml : KB_BUDGET.plain;
      return withVerdict({ ...row(bundle, floor), kbBudget });
    }),
  ];
}

function withVerdict(row: ColdStartRow & { kbBudget: number }): ColdStartRow {
  if (row.kb > row.kbBudget || row.toFloor > TO_FLOOR.budget) return { ...row, verdict: 'OVER BUDGET' };
  return { ...row, verdict: row.toFloor <= TO_FLOOR.goal ? 'goal met' : 'ok' };
}

/**
 * Returns the first decile. Other load on the machine makes a round slower, never faster: ratios of fast rounds vary
 * half as much from run to run as ratios of medians, and are slightly higher.
 */
function fastDecile(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 10)] as number;
}
