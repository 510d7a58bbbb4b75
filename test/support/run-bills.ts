import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build, type BuildOptions } from 'esbuild';
import { parse } from 'yaml';
import { LOCAL_AWS } from '../../infra/service/table.ts';
import { APP_ID, MCH_ID } from './bill-files.ts';
import { API_V2_KEY, CERT_SERIAL, KEY_ID, type startBillServer } from './bill-server.ts';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** The limits that Lambda sets a Node of 256 MB: nine tenths for what lives long, a twentieth for what does not. */
const LIMITS = ['--max-old-space-size=230', '--max-semi-space-size=12'];

export interface BillRun {
  answer: { date: string; lines: number; differences: number; report: string };
  peakMb: number;
  seconds: number;
  cpuSeconds: number;
  /** Lines of the log that tell how far it is. */
  progress: number;
}

/** Runs `pay-bills`, bundled as it is deployed, in a process of its own, against these bills and this table, with the settings of one API alone. */
export async function runBills(
  { url, keys }: Awaited<ReturnType<typeof startBillServer>>,
  { tableName, endpoint }: { tableName: string; endpoint: string },
  api: 'v3' | 'v2' = 'v3',
): Promise<BillRun> {
  const env = {
    ...LOCAL_AWS,
    TABLE_NAME: tableName,
    AWS_ENDPOINT_URL_DYNAMODB: endpoint,
    AWS_ENDPOINT_URL_S3: url,
    BILL_REPORTS_BUCKET: 'reports',
    WECHAT_PAY_BASE_URL: url,
    PAY_MCH_ID: MCH_ID,
    PAY_API: api,
    ...(api === 'v3'
      ? {
          PAY_MCH_CERT_SERIAL: CERT_SERIAL,
          PAY_MCH_PRIVATE_KEY: keys.merchantPem,
          PAY_PUBLIC_KEY_ID: KEY_ID,
          PAY_PUBLIC_KEY: keys.platformPem,
        }
      : { PAY_API_V2_KEY: API_V2_KEY, OFFICIAL_APP_ID: APP_ID }),
    NODE_NO_WARNINGS: '1',
  };
  const folder = await mkdtemp(join(tmpdir(), 'run-bills-'));
  try {
    const program = await bundle(folder);
    const { stdout } = await run(process.execPath, [...LIMITS, program], { env, maxBuffer: 64 * 1024 * 1024 });
    const lines = stdout.trim().split('\n');
    const progress = lines.filter((line) => line.includes('bills.progress')).length;
    return { ...(JSON.parse(lines.at(-1)!) as BillRun), progress };
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** A process that runs TypeScript takes 50 MB more than one that runs what is deployed. */
async function bundle(folder: string): Promise<string> {
  const { custom } = parse(readFileSync(join(ROOT, 'serverless.yml'), 'utf8')) as {
    custom: { esbuild: BuildOptions & { outputFileExtension: string } };
  };
  // The extension is for serverless-esbuild, which also names the platform.
  const { outputFileExtension, ...deployed } = custom.esbuild;
  const outfile = join(folder, `bill-child${outputFileExtension}`);
  const entryPoints = ['test/support/bill-child.ts'];
  await build({ ...deployed, platform: 'node', absWorkingDir: ROOT, entryPoints, outfile, logLevel: 'error' });
  return outfile;
}
