import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { findFreePorts } from './ports.ts';

const START = fileURLToPath(new URL('../../infra/local/start.ts', import.meta.url));
const READY_TIMEOUT_MS = 240_000;

/** Base URLs of the parts of a running local stack. */
export interface StackUrls {
  http: string;
  functionUrls: string;
  simulator: string;
  dynamodb: string;
  lambda: string;
  aws: string;
}

export interface Stack extends StackUrls {
  pid: number;
  ports: number[];
  startedInMs: number;
  output(): string;
  /** Sends the signal and settles with the exit code. */
  stop(signal?: NodeJS.Signals): Promise<number | null>;
}

/**
 * Starts the local stack, on free ports by default, and waits until it is ready.
 * @throws with the output of the stack when it ends early or is not ready in time
 */
export async function startStack(env: Record<string, string> = {}, ports?: number[]): Promise<Stack> {
  const used = ports ?? (await findFreePorts(6));
  const began = performance.now();
  const { child, output, exited } = runStart({ ...portVariables(used), ...env });
  const deadline = Date.now() + READY_TIMEOUT_MS;
  while (!/^ready /m.test(output())) {
    if (child.exitCode !== null || Date.now() > deadline) {
      child.kill('SIGTERM');
      throw new Error(`The local stack did not start:\n${output()}`);
    }
    await sleep(50);
  }
  return {
    ...urls(used),
    pid: child.pid as number,
    ports: used,
    startedInMs: Math.round(performance.now() - began),
    output,
    stop: (signal = 'SIGTERM') => {
      child.kill(signal);
      return exited;
    },
  };
}

/** Runs start.ts with these variables. It may also fail to start. */
export function runStart(env: Record<string, string>) {
  const child = spawn(process.execPath, [START], {
    env: { ...process.env, LOCAL_RELOAD: 'off', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let text = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += String(chunk)));
  const exited = once(child, 'close').then(([code]) => code as number | null);
  return { child, output: () => text, exited };
}

/** Returns the variables that set the six ports of a stack. */
export function portVariables([http, functionUrls, simulator, dynamodb, lambda, aws]: number[]): Record<
  string,
  string
> {
  return {
    LOCAL_HTTP_PORT: String(http),
    FUNCTION_URL_PORT: String(functionUrls),
    SIMULATOR_PORT: String(simulator),
    DYNAMODB_PORT: String(dynamodb),
    LAMBDA_PORT: String(lambda),
    AWS_STANDINS_PORT: String(aws),
  };
}

function urls(ports: number[]): StackUrls {
  const [http, functionUrls, simulator, dynamodb, lambda, aws] = ports.map((port) => `http://localhost:${port}`);
  return { http, functionUrls, simulator, dynamodb, lambda, aws } as { [Name in keyof StackUrls]: string };
}
