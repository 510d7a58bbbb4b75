// Derives what a function can reach. The bundler drops unreachable code, so the code and the names that remain in the bundle are
// the ones that the function may use.
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
/** lib/core/config.ts lists the names of all settings. */
const CONFIG = 'lib/core/config.ts';
/** lib/wiring/apps.ts and lib/pushes/push-keys.ts build these names from the name of the app. */
const APP_SETTINGS = /^(MINIAPP|OFFICIAL)(_APP_ID|_APP_SECRET|_MODE|_TOKEN|_AES_KEY|_AES_KEY_PREVIOUS)$/;

/**
 * Returns the reachable code of each source file.
 * @param entry path of the function in the repository
 */
export async function reachableCode(entry: string): Promise<Map<string, string>> {
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
  return new Map(parts.flatMap((part, n) => (n % 2 ? [[part, parts[n + 1] ?? ''] as const] : [])));
}

/** Returns the settings that the code may read. */
export function settingsIn<Name extends string>(modules: Map<string, string>, names: readonly Name[]): Name[] {
  const code = [...modules].flatMap(([path, source]) => (path === CONFIG ? [] : [source])).join('\n');
  return names.filter((name) => {
    if (code.includes(`"${name}"`)) return true;
    const [, app, suffix] = APP_SETTINGS.exec(name) ?? [];
    return app !== undefined && code.includes(`"${app}"`) && code.includes(`}${suffix}\``);
  });
}
