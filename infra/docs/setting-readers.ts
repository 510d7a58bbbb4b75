// Finds the functions that read a setting. The bundler drops unreachable code, so the names of settings that remain in the
// bundle of a function are those that the function may read.
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import type { SettingName } from '../../lib/core/config.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const CONFIG = 'lib/core/config.ts';
/** lib/wiring/apps.ts builds these names from the name of the app. */
const APP_SETTINGS = /^(MINIAPP|OFFICIAL)(_APP_ID|_APP_SECRET)$/;

/** Returns the functions that read each setting. */
export async function readersOf(
  names: readonly SettingName[],
  functions: readonly string[],
): Promise<Map<SettingName, string[]>> {
  const readers = new Map<SettingName, string[]>(names.map((name) => [name, []]));
  for (const name of functions) {
    const code = await reachableCode(`functions/${name}.ts`);
    for (const [setting, found] of readers) if (reads(code, setting)) found.push(name);
  }
  return readers;
}

/** Returns the bundle of a function without lib/core/config.ts, which names all settings. */
async function reachableCode(entry: string): Promise<string> {
  const { outputFiles } = await build({
    absWorkingDir: ROOT,
    entryPoints: [entry],
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    write: false,
    logLevel: 'error',
  });
  // esbuild names the source file of each part in a comment.
  const parts = outputFiles[0]!.text.split(/^\/\/ (\S+\.ts)$/m);
  return parts.filter((_, n) => n % 2 === 0 && parts[n - 1] !== CONFIG).join('\n');
}

function reads(code: string, setting: SettingName): boolean {
  if (code.includes(`"${setting}"`)) return true;
  const [, app, suffix] = APP_SETTINGS.exec(setting) ?? [];
  return app !== undefined && code.includes(`"${app}"`) && code.includes(`}${suffix}\``);
}
