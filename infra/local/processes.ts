// Each child of the local stack has its own process group, so that stopping a child also stops its own children.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import type { Socket } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

const GRACE_MS = 2_000;

export interface Child {
  /** Settles with the last printed lines when the process has ended. */
  readonly exited: Promise<string>;
  /** The exit code; null when the process was killed or never started. */
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

/** Stops every child of this process, also one that is still starting. */
export async function stopChildren(): Promise<void> {
  await Promise.all([...running].map((child) => child.stop()));
}

/** Starts a process in its own group; `onLine` gets every printed line. */
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
  const watchdog = startWatchdog(child.pid);
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
      watchdog?.kill('SIGKILL');
    },
  };
  running.add(started);
  child.once('close', () => {
    running.delete(started);
    watchdog?.kill('SIGKILL');
  });
  return started;
}

/** A signal to npm ends npm and its shell, but does not reach this process. The parent process changes instead. */
export function whenNpmEnds(stop: () => void): void {
  if (!process.env.npm_lifecycle_event) return;
  const { ppid } = process;
  setInterval(() => process.ppid === ppid || stop(), 200).unref();
}

/** Calls `ready` until it returns true. Rejects after `timeoutMs`. */
export async function waitUntil(what: string, timeoutMs: number, ready: () => Promise<boolean>): Promise<void> {
  const deadline = Date.now() + timeoutMs;
  while (!(await ready().catch(() => false))) {
    if (Date.now() > deadline) throw new Error(`${what} did not answer within ${timeoutMs / 1000} s`);
    await sleep(50);
  }
}

/** Returns the status of a response. Bounded, because a reload during the call drops the response. */
export async function statusOf(url: string): Promise<number> {
  const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
  await response.body?.cancel();
  return response.status;
}

/**
 * Starts a shell that ends the group when this process dies, also by `kill -9`: the shell reads from a pipe, and our end of
 * the pipe closes then. An orderly end of the child kills the shell without effect.
 */
function startWatchdog(pid: number | undefined): ChildProcess | undefined {
  if (pid === undefined || process.platform === 'win32') return undefined;
  const script = 'read -r _; kill -s TERM -- "-$1"; sleep 2; kill -s KILL -- "-$1"';
  const watchdog = spawn('sh', ['-c', script, 'watchdog', String(pid)], {
    detached: true,
    stdio: ['pipe', 'ignore', 'ignore'],
  });
  watchdog.unref();
  // The pipe is a socket at run time, and must not keep this process alive.
  (watchdog.stdin as Socket).unref();
  return watchdog;
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
    // ESRCH: the group has already ended.
  }
}
