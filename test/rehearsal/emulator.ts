import { fileURLToPath } from 'node:url';
import { startChild, statusOf, waitUntil, type Child } from '../../infra/local/processes.ts';
import type { SessionKeys } from './iam/signature.ts';

const NODE_FOLDER = fileURLToPath(new URL('../../node_modules/.bin', import.meta.url));
const PRELOAD = fileURLToPath(new URL('lambda-preload.cjs', import.meta.url));
const READY_TIMEOUT_MS = 60_000;

/** The account id of the emulator. The functions get this number as their access key. */
export const ACCOUNT = '000000000000';

export interface EmulatorOptions {
  /** The folder with the programs of the emulator. */
  programs: string;
  port: number;
  region: string;
  /** Working folder of the emulator and home of the functions. */
  folder: string;
  /** The IAM proxy of each function, which the function uses as the address of AWS. */
  proxies: Record<string, string>;
  keys: SessionKeys;
  /** Variables of the functions that the template does not set: the base URLs of WeChat. */
  variables: Record<string, string>;
  onLine(line: string): void;
}

/** Starts the AWS emulator on one port. Functions run as processes of the installed Node. */
export async function startEmulator(options: EmulatorOptions): Promise<Child> {
  const { programs, port, region, folder, proxies, keys, variables, onLine } = options;
  const child = startChild({
    command: `${programs}/ministack`,
    args: [],
    cwd: folder,
    onLine,
    // The environment of this process is left out. The emulator passes its environment to the functions, which would
    // hide a variable that is missing in the template.
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
      REHEARSAL_PROXIES: JSON.stringify(proxies),
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
