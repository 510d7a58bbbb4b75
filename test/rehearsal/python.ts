// Installs the emulator and the template linter, which are Python programs, into a virtual environment.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { run } from './children.ts';

const REQUIREMENTS = fileURLToPath(new URL('requirements.txt', import.meta.url));
const CACHE = fileURLToPath(new URL('../../.local', import.meta.url));
const CANDIDATES = ['python3', 'python'];
const SUITABLE = 'import sys, venv, ensurepip; sys.exit(sys.version_info < (3, 10))';
const INSTALL_TIMEOUT_MS = 300_000;

/** Returns the folder with the programs of requirements.txt. Installs them on the first run. */
export async function preparePython(): Promise<string> {
  const version = createHash('sha256').update(readFileSync(REQUIREMENTS)).digest('hex').slice(0, 12);
  const folder = `${CACHE}/rehearsal-${version}`;
  const done = `${folder}/complete`;
  if (!existsSync(done)) {
    const python = findPython();
    rmSync(folder, { recursive: true, force: true });
    await run(python, ['-m', 'venv', folder], { timeoutMs: INSTALL_TIMEOUT_MS });
    const pip = ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', '--requirement', REQUIREMENTS];
    await run(`${folder}/bin/python`, pip, { timeoutMs: INSTALL_TIMEOUT_MS });
    writeFileSync(done, '');
  }
  return `${folder}/bin`;
}

function findPython(): string {
  const suitable = CANDIDATES.find((command) => {
    try {
      execFileSync(command, ['-c', SUITABLE], { stdio: 'ignore', timeout: 20_000 });
      return true;
    } catch {
      return false;
    }
  });
  if (suitable) return suitable;
  throw new Error(
    'No suitable Python found. Install Python 3.10 or newer with the module venv, as `python3` on the PATH.',
  );
}
