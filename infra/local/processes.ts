// A child of the local stack lives in a process group of its own, so that ending it ends what it started as well.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const GRACE_MS = 2_000;

export interface Child {
  /** Settles when the process is gone, with the last lines it printed. */
  readonly exited: Promise<string>;
  /** What it ended with; null when it was killed, or never started. */
  readonly exitCode: Promise<number | null>;
  stop(): Promise<void>;
}

export interface ChildOptions {
  command: string;
  args: string[];
  env?: NodeJS.ProcessEnv;
  cwd?: string;
  onLine?: (line: string) => void;
}

const running = new Set<Child>();

/** Ends every child that this process has started, also one that is still starting. */
export async function stopChildren(): Promise<void> {
  await Promise.all([...running].map((child) => child.stop()));
}

/** Starts a process in its own group; `onLine` gets every line it prints. */
export function startChild({ command, args, env, cwd, onLine }: ChildOptions): Child {
  const child = spawn(command, args, { env, cwd, detached: true, stdio: ['ignore', 'pipe', 'pipe'] });
  const tail: string[] = [];
  for (const stream of [child.stdout, child.stderr]) {
    createInterface({ input: stream }).on('line', (line) => {
      tail.push(line);
      if (tail.length > 40) tail.shift();
      onLine?.(line);
    });
  }
  const leash = putOnLeash(child.pid);
  const exited = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('close', () => resolve(tail.join('\n')));
  });
  const exitCode = new Promise<number | null>((resolve) => {
    child.once('error', () => resolve(null));
    child.once('close', resolve);
  });
  const started: Child = {
    exited,
    exitCode,
    stop: async () => {
      await stopGroup(child);
      leash?.kill('SIGKILL');
    },
  };
  running.add(started);
  child.once('close', () => {
    running.delete(started);
    leash?.kill('SIGKILL');
  });
  return started;
}

/** A signal to npm ends npm and the shell under it, and never gets here: what shows is that our parent changes. */
export function whenNpmEnds(stop: () => void): void {
  if (!process.env.npm_lifecycle_event) return;
  const { ppid } = process;
  setInterval(() => process.ppid === ppid || stop(), 200).unref();
}

/** Calls `ready` until it says true. Fails when the time is up. */
export async function waitUntil(what: string, timeoutMs: number, ready: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await ready().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`${what} did not answer within ${timeoutMs / 1000} s`);
    await sleep(50);
  }
}

/** The status that `url` answers with. Bounded: a function that is reloaded in mid-call never answers that call. */
export async function statusOf(url: string): Promise<number> {
  const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
  await response.body?.cancel();
  return response.status;
}

/**
 * Nothing can be done from inside a process that gets `kill -9`. So a shell holds the other end of a pipe: when our
 * end closes, however we died, it ends the group. It is killed without effect when the child ends in an orderly way.
 */
function putOnLeash(pid: number | undefined): ChildProcess | undefined {
  if (pid === undefined || process.platform === 'win32') return undefined;
  const script = 'read -r _; kill -s TERM -- "-$1"; sleep 2; kill -s KILL -- "-$1"';
  const leash = spawn('sh', ['-c', script, 'leash', String(pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  leash.unref();
  // The pipe is a socket at run time, and must not keep us alive either.
  (leash.stdin as Socket).unref();
  return leash;
}

async function stopGroup(child: ChildProcess): Promise<void> {
  if (child.pid === undefined) return;
  if (child.exitCode === null && child.signalCode === null) {
    signalGroup(child.pid, 'SIGTERM');
    await Promise.race([once(child, 'exit'), sleep(GRACE_MS, undefined, { ref: false })]);
  }
  signalGroup(child.pid, 'SIGKILL');
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(process.platform === 'win32' ? pid : -pid, signal);
  } catch {
    // ESRCH: the group is gone already.
  }
}
