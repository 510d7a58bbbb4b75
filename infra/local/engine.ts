import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { startChild, statusOf, waitUntil } from './processes.ts';

// The first start on a platform without the bundled binary downloads one.
const READY_TIMEOUT_MS = 60_000;

export interface Engine {
  endpoint: string;
  /** Settles with the last printed lines when the engine has ended. */
  exited: Promise<string>;
  stop(): Promise<void>;
}

/** Starts the embedded DynamoDB engine: in memory, or on the file `path`. */
export async function startEngine({ port, path }: { port: number; path?: string }): Promise<Engine> {
  const { command, args } = engineCommand();
  const storage = path ? ['--db-path', path] : [];
  const child = startChild({ command, args: [...args, '--host', '127.0.0.1', '--port', String(port), ...storage] });
  const endpoint = `http://127.0.0.1:${port}`;
  const died = child.exited.then((lastLines) => {
    throw new Error(`the DynamoDB engine stopped: ${lastLines}`);
  });
  try {
    await Promise.race([
      waitUntil('the DynamoDB engine', READY_TIMEOUT_MS, async () => (await statusOf(endpoint)) === 200),
      died,
    ]);
  } catch (error) {
    await child.stop();
    throw error;
  }
  died.catch(() => undefined);
  return { endpoint, exited: child.exited, stop: child.stop };
}

/** The binary is an optional package for Linux on x64. On other platforms npx downloads it. */
function engineCommand(): { command: string; args: string[] } {
  try {
    return { command: createRequire(import.meta.url).resolve('@dynoxide/linux-x64/dynoxide'), args: [] };
  } catch {
    return { command: 'npx', args: ['--yes', `dynoxide@${packagedVersion()}`] };
  }
}

function packagedVersion(): string {
  const manifest: unknown = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8'));
  const { optionalDependencies } = manifest as { optionalDependencies: Record<string, string> };
  return (optionalDependencies['@dynoxide/linux-x64'] ?? 'latest').replace(/^[\^~]/, '');
}
