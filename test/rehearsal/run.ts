// `npm run rehearse`: packages the service, deploys it to an emulated AWS and runs the end-to-end tests against the
// deployment. Arguments after `--` are passed to vitest.
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startChild, stopChildren, whenNpmEnds } from '../../infra/local/processes.ts';
import { describeUnused } from './iam/unused.ts';
import { readFunctionLogs } from './logs.ts';
import { NOT_REHEARSED } from './not-rehearsed.ts';
import { preparePython } from './python.ts';
import { setStage, type Stage } from './stage.ts';
import type { Rehearsal } from './verdict.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** Time limit of a whole rehearsal. */
const DEADLINE_MS = 12 * 60_000;

const began = performance.now();
const folder = mkdtempSync(join(tmpdir(), 'wechat-lambda-rehearsal-'));
let stopping = false;

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => void stop(1, `stopped by ${signal}`, { keep: false }));
}
whenNpmEnds(() => void stop(1, 'stopped with npm', { keep: false }));
setTimeout(() => void stop(1, `The rehearsal took longer than ${DEADLINE_MS / 60_000} minutes.`), DEADLINE_MS).unref();

try {
  await stop(await rehearse(process.argv.slice(2)));
} catch (error) {
  await stop(1, error instanceof Error ? error.message : String(error));
}

async function rehearse(vitestArguments: string[]): Promise<number> {
  say('Python: the emulator and the linter');
  const programs = await preparePython();
  const onEmulatorEnd = (lastLines: string) => void stop(1, `The emulator ended unexpectedly:\n${lastLines}`);
  const stage = await setStage({ programs, folder, say, onEmulatorEnd });

  say('the end-to-end tests');
  const code = await runTests(stage.rehearsal, vitestArguments);
  writeFileSync(join(folder, 'functions.log'), (await readFunctionLogs(stage.aws)).join('\n'));
  await summarise(stage);
  return code;
}

async function runTests(rehearsal: Rehearsal, vitestArguments: string[]): Promise<number> {
  const vitest = join(createRequire(import.meta.url).resolve('vitest/package.json'), '../vitest.mjs');
  const child = startChild({
    command: process.execPath,
    args: [vitest, 'run', '--config', 'test/vitest.config.ts', '--project', 'rehearsal*', ...vitestArguments],
    cwd: ROOT,
    env: { ...process.env, REHEARSAL: JSON.stringify(rehearsal) },
    onLine: (line) => console.log(line),
  });
  return (await child.exitCode) ?? 1;
}

async function summarise({ proxies, roles, servicesAccesses }: Stage): Promise<void> {
  const unused = describeUnused(roles, [...proxies.allowed(), ...(await servicesAccesses())]);
  console.log(`\nGranted but unused in this rehearsal${unused.length > 0 ? `:\n${indent(unused)}` : ': nothing'}`);
  console.log(`\nNot rehearsed:\n${indent(NOT_REHEARSED)}`);
}

function indent(lines: string[]): string {
  return lines.map((line) => `  ${line}`).join('\n');
}

function say(step: string): void {
  const seconds = Math.round((performance.now() - began) / 1_000);
  console.log(`${String(seconds).padStart(4)} s  ${step}`);
}

/** Ends the children, then this process. A failed rehearsal keeps its log files. */
async function stop(code: number, message?: string, { keep = code !== 0 } = {}): Promise<void> {
  if (stopping) return;
  stopping = true;
  if (message) console.error(message);
  await stopChildren();
  const logs = existsSync(join(folder, 'emulator.log'));
  if (keep && logs) console.error(`Logs of the emulator and the functions: ${folder}/*.log`);
  else rmSync(folder, { recursive: true, force: true });
  say(code === 0 ? 'the rehearsal succeeded' : 'the rehearsal failed');
  process.exit(code);
}
