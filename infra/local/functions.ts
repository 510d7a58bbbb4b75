import { fileURLToPath } from 'node:url';
import { readFileSync, rmSync } from 'node:fs';
import { parseEnv } from 'node:util';
import type { Ports } from '../service/ports.ts';
import { serverlessScript } from '../service/serverless-script.ts';
import { startChild, statusOf, waitUntil, type Child } from './processes.ts';

const READY_TIMEOUT_MS = 60_000;
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
    env: { ...withoutStage(process.env), ...variables, LOCAL_BUILD_FOLDER: buildFolder },
    onLine: (line) => {
      if (ready && !isNoise(line)) console.log(line);
      // Having said this it ought to end, but the watching compiler keeps it alive.
      if (!ready && line === 'Error:') setTimeout(() => void child.stop(), 500);
    },
  });
  const died = child.exited.then((lastLines) => {
    throw new Error(`The functions did not start:\n${withoutFrames(lastLines)}`);
  });
  process.once('exit', () => rmSync(`${ROOT}/${buildFolder}`, { recursive: true, force: true }));
  await Promise.race([waitUntil('GET /health', READY_TIMEOUT_MS, async () => (await statusOf(health)) === 200), died]);
  died.catch(() => undefined);
  ready = true;
  return child;
}

/**
 * `env` with every setting that a stage may have, empty where nobody exported it: the framework would take it from
 * `.env.dev`, which is about a stage in AWS. What is set, if to nothing, wins.
 */
export function withoutStage(env: NodeJS.ProcessEnv): NodeJS.ProcessEnv {
  const settings = parseEnv(readFileSync(`${ROOT}.env.example`, 'utf8'));
  return { ...Object.fromEntries(Object.keys(settings).map((name) => [name, ''])), ...env };
}

function offlineArguments(ports: Ports): string[] {
  const listen = ['--host', '127.0.0.1', '--httpPort', String(ports.http), '--lambdaPort', String(ports.lambda)];
  return ['offline', 'start', ...listen, '--localEnvironment', '--noSponsor'];
}

/** What serverless-offline says of each call. What remains are lines that our functions wrote, and errors. */
function isNoise(line: string): boolean {
  return /^\s*$|\(λ: [\w-]+\)|^Successfully invoked scheduled function/.test(line);
}

/** An error of the build says file and line by itself; where in the tools it was raised helps nobody. */
function withoutFrames(text: string): string {
  const lines = text.split('\n').filter((line) => !/^\s+at |^(Environment|Docs):|^\s*$|^Error:$/.test(line));
  return lines.join('\n');
}
