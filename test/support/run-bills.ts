import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build, type BuildOptions } from 'esbuild';
import { parse } from 'yaml';
import { billSettings, type BillServer } from './bill-server.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

interface ServerlessFile {
  custom: { esbuild: BuildOptions & { outputFileExtension: string } };
  functions: Record<'pay-bills', { memorySize: number }>;
}

const SERVERLESS = parse(readFileSync(join(ROOT, 'serverless.yml'), 'utf8')) as ServerlessFile;
/** The memory of the deployed function (MB). */
export const MEMORY_MB = SERVERLESS.functions['pay-bills'].memorySize;

export interface BillRun {
  answer: { date: string; lines: number; differences: number; report: string };
  /** The highest resident memory of the process. */
  peakMb: number;
  seconds: number;
  cpuSeconds: number;
  /** The number of progress lines in the log. */
  progress: number;
}

/**
 * Runs the deployed bundle of `pay-bills` in its own process, with the bills of a bill server, a table and the settings
 * of one API. `memoryMb` sets the heap limits; the default is the memory of the deployed function.
 */
export async function runBills(
  server: BillServer,
  { tableName, endpoint }: { tableName: string; endpoint: string },
  { api = 'v3', memoryMb = MEMORY_MB }: { api?: 'v3' | 'v2'; memoryMb?: number } = {},
): Promise<BillRun> {
  const env = {
    ...billSettings(server, api),
    TABLE_NAME: tableName,
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
    NODE_NO_WARNINGS: '1',
  };
  const folder = await mkdtemp(join(tmpdir(), 'run-bills-'));
  try {
    const program = await bundle(folder);
    const { stdout } = await run(process.execPath, [...heapLimits(memoryMb), program], {
      env,
      maxBuffer: 64 * 1024 * 1024,
    });
    const lines = stdout.trim().split('\n');
    const progress = lines.filter((line) => line.includes('bills.lines-compared')).length;
    return { ...(JSON.parse(lines.at(-1)!) as BillRun), progress };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The limits that Lambda sets for Node.js: 90 % of the memory for the old generation, 5 % for a semi-space. */
function heapLimits(memoryMb: number): string[] {
  return [`--max-old-space-size=${Math.floor(memoryMb * 0.9)}`, `--max-semi-space-size=${Math.floor(memoryMb * 0.05)}`];
}

/** Bundles the program as serverless.yml does: a process that strips types itself takes 50 MB more. */
async function bundle(folder: string): Promise<string> {
  // The extension is for serverless-esbuild, which also names the platform.
  const { outputFileExtension, ...deployed } = SERVERLESS.custom.esbuild;
  const outfile = join(folder, `bill-child${outputFileExtension}`);
  const entryPoints = ['test/support/bill-child.ts'];
  await build({ ...deployed, platform: 'node', absWorkingDir: ROOT, entryPoints, outfile, logLevel: 'error' });
  return outfile;
}
