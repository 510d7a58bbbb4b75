import { fileURLToPath } from 'node:url';
import { readFileSync, rmSync } from 'node:fs';
import { parseEnv } from 'node:util';
import type { Ports } from '../service/ports.ts';
import { serverlessScript } from '../service/serverless-script.ts';
import { startChild, statusOf, waitUntil, type Child } from './processes.ts';

/** The compiler needs minutes on a busy machine. */
const READY_TIMEOUT_MS = 180_000;
const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Starts every function of serverless.yml behind the HTTP API and the Lambda API; settles when /health is 200. */
export async function startFunctions(ports: Ports, variables: Record<string, string>): Promise<Child> {
  const buildFolder = `.esbuild/${ports.http}`;
  const health = `http://127.0.0.1:${ports.http}/health`;
  let ready = false;
  const child = startChild({
    command: process.execPath,
    args: [serverlessScript(), ...offlineArguments(ports)],
    cwd: ROOT,
    env: { ...hideStageSettings(process.env), ...variables, LOCAL_BUILD_FOLDER: buildFolder },
    onLine: (line) => {
      if (ready && !isNoise(line)) console.log(line);
      // The framework failed, but the watching compiler keeps the process alive.
      if (!ready && line === 'Error:') setTimeout(() => void child.stop(), 500);
    },
  });
  const died = child.exited.then((lastLines) => {
    throw new Error(`The functions did not start:\n${removeFrames(lastLines)}`);
  });
  process.once('exit', () => rmSync(`${ROOT}/${buildFolder}`, { recursive: true, force: true }));
  await Promise.race([waitUntil('GET /health', READY_TIMEOUT_MS, async () => (await statusOf(health)) === 200), died]);
  died.catch(() => undefined);
  ready = true;
  return child;
}

/**
 * Returns `env` with every setting of a stage, empty where the shell does not export it. Otherwise the framework would read
 * it from `.env.dev`, which belongs to a stage in AWS. An exported value wins, also an empty one.
 */
export function hideStageSettings(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const settings = parseEnv(readFileSync(`${ROOT}.env.example`, 'utf8'));
  return { ...Object.fromEntries(Object.keys(settings).map((name) => [name, ''])), ...env };
}

/** Without timeouts, a breakpoint or a slow machine does not end a request. */
function offlineArguments(ports: Ports): string[] {
  const listen = ['--host', '127.0.0.1', '--httpPort', String(ports.http), '--lambdaPort', String(ports.lambda)];
  return ['offline', 'start', ...listen, '--localEnvironment', '--noSponsor', '--noTimeout'];
}

/** Whether serverless-offline printed the line for a call. The other lines are logs of our functions, and errors. */
function isNoise(line: string): boolean {
  return /^\s*$|\(λ: [\w-]+\)|^Successfully invoked scheduled function/.test(line);
}

/** Removes the frames of the build tools: an error of the build names file and line itself. */
function removeFrames(text: string): string {
  const lines = text.split('\n').filter((line) => !/^\s+at |^(Environment|Docs):|^\s*$|^Error:$/.test(line));
  return lines.join('\n');
}
