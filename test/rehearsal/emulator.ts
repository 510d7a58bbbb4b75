import { fileURLToPath } from 'node:url';
import { startChild, statusOf, waitUntil, type Child } from '../../infra/local/processes.ts';
import type { SessionKeys } from './iam/signature.ts';

const NODE_FOLDER = fileURLToPath(new URL('../../node_modules/.bin', import.meta.url));
const PRELOAD = fileURLToPath(new URL('lambda-preload.cjs', import.meta.url));
const READY_TIMEOUT_MS = 60_000;

/** The account that the emulator is. Its functions get this number as their access key. */
export const ACCOUNT = '000000000000';

export interface EmulatorOptions {
  /** Where the emulator's programs are. */
  programs: string;
  port: number;
  region: string;
  /** For what the emulator and the functions leave behind. */
  folder: string;
  /** The address of AWS for each function. */
  doors: Record<string, string>;
  keys: SessionKeys;
  /** What the functions find in their environment besides what the template says: where WeChat is. */
  variables: Record<string, string>;
  onLine(line: string): void;
}

/** Starts an AWS on one port of this machine. Functions are processes of the Node that runs this. */
export async function startEmulator(options: EmulatorOptions): Promise<Child> {
  const { programs, port, region, folder, doors, keys, variables, onLine } = options;
  const child = startChild({
    command: `${programs}/ministack`,
    args: [],
    cwd: folder,
    onLine,
    // Nothing of our own environment: the emulator hands all of its environment to the functions, and what the template
    // forgot would not be missed.
    env: {
      ...variables,
      PATH: `${NODE_FOLDER}:${programs}:/usr/bin:/bin`,
      HOME: folder,
      TMPDIR: folder,
      GATEWAY_PORT: String(port),
      BIND_HOST: '127.0.0.1',
      LAMBDA_EXECUTOR: 'local',
      MINISTACK_REGION: region,
      MINISTACK_ACCOUNT_ID: ACCOUNT,
      NODE_OPTIONS: `--require ${PRELOAD}`,
      REHEARSAL_DOORS: JSON.stringify(doors),
      AWS_SECRET_ACCESS_KEY: keys.secretAccessKey,
      AWS_SESSION_TOKEN: keys.sessionToken,
    },
  });
  const died = child.exited.then((lastLines) => {
    throw new Error(`The emulator stopped:\n${lastLines}`);
  });
  const health = `http://127.0.0.1:${port}/_ministack/health`;
  const ready = waitUntil('The emulator', READY_TIMEOUT_MS, async () => (await statusOf(health)) === 200);
  await Promise.race([ready, died]);
  died.catch(() => undefined);
  return child;
}
