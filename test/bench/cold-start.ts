// How long a function takes to load, next to the least that is possible and to what others load.
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
const TO_PEERS_BUDGET = 0.45;
const KB_BUDGET = { plain: 300, xml: 400 };

/** One bundle; the floor and the peers are only there to compare with and have no verdict. */
export interface ColdStartRow {
  name: string;
  kb: number;
  kbBudget?: number;
  /** Good for comparing within one run only. */
  importMs: number;
  /** Import time as a multiple of the floor's and of the peers' in the same run. */
  toFloor: number;
  toPeers: number;
  verdict?: 'goal met' | 'ok' | 'OVER BUDGET';
  /** What a function has beyond the floor; what the floor and the peers consist of. */
  parts: Part[];
}

/** Milliseconds that each bundle takes. */
type Times = Map<Bundle, number>;

/** Builds every bundle and loads each in fresh processes, in turns, so that the machine's moods hit all alike. */
export async function measureColdStart(): Promise<ColdStartRow[]> {
  const folder = await mkdtemp(join(tmpdir(), 'wechat-lambda-bench-'));
  try {
    const bundles = await buildBundles(folder);
    return judgeAll(bundles, await importTimes([bundles.floor, bundles.peers, ...bundles.functions]));
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The table as people read it. */
export function formatColdStart(rows: ColdStartRow[]): string {
  const lines = rows.map(({ name, kb, kbBudget, toFloor, toPeers, verdict = '', parts }) => [
    name,
    `${kb.toFixed(0)}${kbBudget === undefined ? '' : ` of ${kbBudget}`}`,
    toFloor.toFixed(2),
    toPeers.toFixed(2),
    verdict,
    parts.map((part) => `${part.name} ${part.kb.toFixed(0)}`).join(', '),
  ]);
  const head = ['bundle', 'KB', 'x floor', 'x peers', 'verdict', 'KB beyond the floor'];
  const limits = `at most ${TO_FLOOR.budget} x floor (goal ${TO_FLOOR.goal}) and ${TO_PEERS_BUDGET} x peers`;
  return `${formatTable(head, lines)}\nImport time: ${limits}.`;
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

function judgeAll({ floor, peers, functions }: Bundles, times: Times): ColdStartRow[] {
  const ms = (bundle: Bundle) => times.get(bundle) as number;
  const row = (bundle: Bundle, than?: Bundle) => ({
    name: bundle.name,
    kb: bundle.kb,
    importMs: ms(bundle),
    toFloor: ms(bundle) / ms(floor),
    toPeers: ms(bundle) / ms(peers),
    parts: largestParts(bundle, than),
  });
  return [
    row(floor),
    row(peers),
    ...functions.map((bundle) => {
      const kbBudget = bundle.parts.has('fast-xml-parser') ? KB_BUDGET.xml : KB_BUDGET.plain;
      return judge({ ...row(bundle, floor), kbBudget });
    }),
  ];
}

function judge(row: ColdStartRow & { kbBudget: number }): ColdStartRow {
  const over = row.kb > row.kbBudget || row.toFloor > TO_FLOOR.budget || row.toPeers > TO_PEERS_BUDGET;
  if (over) return { ...row, verdict: 'OVER BUDGET' };
  return { ...row, verdict: row.toFloor <= TO_FLOOR.goal ? 'goal met' : 'ok' };
}

/**
 * One in ten rounds is faster than this. Whatever else the machine does makes a round slower, never faster: ratios of
 * fast rounds vary half as much from run to run as ratios of medians do, and are a little higher.
 */
function fastDecile(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 10)] as number;
}
