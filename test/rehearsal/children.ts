import { setTimeout as sleep } from 'node:timers/promises';
import { startChild, type ChildOptions } from '../../infra/local/processes.ts';

interface RunOptions extends Pick<ChildOptions, 'env' | 'cwd' | 'onLine'> {
  timeoutMs: number;
}

/**
 * Runs a program in its own process group and waits until it ends.
 * @throws with the last lines of its output when it fails or exceeds `timeoutMs`
 */
export async function run(command: string, args: string[], { timeoutMs, ...options }: RunOptions): Promise<void> {
  const child = startChild({ command, args, ...options });
  const expired = new AbortController();
  const tooLate = sleep(timeoutMs, true, { signal: expired.signal }).catch(() => false);
  const timedOut = await Promise.race([child.exited.then(() => false), tooLate]);
  expired.abort();
  if (timedOut) await child.stop();
  const lines = await child.exited;
  const commandLine = [command.replace(/^.*\//, ''), ...args].join(' ');
  if (timedOut) throw new Error(`${commandLine} took longer than ${timeoutMs / 1000} s:\n${lines}`);
  if ((await child.exitCode) !== 0) throw new Error(`${commandLine} failed:\n${lines}`);
}
