// What the code of a function can reach, read from its bundle: the bundler drops what no call leads to, so what is left
// of lib/store, of the names of secrets and of WeChat's client is what the function may need.
import { build } from 'esbuild';
import { SECRET_NAMES } from '../../../lib/core/config.ts';
import { STORE_ACCESS, HELPERS } from './store-access.ts';

export interface CodeAccess {
  secrets: string[];
  /** Actions by kind of item, as under `access.table` in serverless.yml. */
  table: Record<string, string[]>;
  /** Whether it calls WeChat with an AppSecret or an access token: WeChat Pay has neither, and a client of its own. */
  whitelisted: boolean;
}

const CLIENT = 'lib/wechat/client.ts';

/** WeChat Pay has a list of addresses for refunds alone, off by default: whoever turns it on gives these the address too. */
export const REFUNDERS = ['pay-refund', 'pay-sweep'];

/** @param entry the file of the function */
export async function codeAccess(entry: string): Promise<CodeAccess> {
  const { outputFiles, metafile } = await build({
    entryPoints: [entry],
    bundle: true,
    packages: 'external',
    platform: 'node',
    format: 'cjs',
    target: 'node24',
    write: false,
    metafile: true,
    logLevel: 'error',
  });
  const modules = modulesOf(outputFiles[0]!.text);
  const [output] = Object.values(metafile.outputs);
  return {
    secrets: secretsIn(modules),
    table: merge([...modules].flatMap(([path, source]) => storeAccessOf(path, source))),
    whitelisted: (output?.inputs[CLIENT]?.bytesInOutput ?? 0) > 0,
  };
}

/** The bundle, cut where esbuild names the file that the following lines come from. */
function modulesOf(bundle: string): Map<string, string> {
  const parts = bundle.split(/^\/\/ (\S+\.ts)$/m);
  return new Map(parts.flatMap((part, n) => (n % 2 ? [[part, parts[n + 1] ?? ''] as const] : [])));
}

/** lib/core/config.ts lists all of them and says nothing about who reads them. */
function secretsIn(modules: Map<string, string>): string[] {
  const code = [...modules].flatMap(([path, source]) => (path === 'lib/core/config.ts' ? [] : [source])).join('\n');
  const quotes = (text: string) => code.includes(`"${text}"`);
  const ofApps = ['MINIAPP', 'OFFICIAL'].filter((app) => code.includes('}_APP_SECRET`') && quotes(app));
  return [...SECRET_NAMES.filter(quotes), ...ofApps.map((app) => `${app}_APP_SECRET`)].toSorted();
}

function storeAccessOf(path: string, source: string): Partial<Record<string, string[]>>[] {
  const [, room] = /^lib\/store\/(.+)\.ts$/.exec(path) ?? [];
  if (room === undefined) return [];
  const declared = [...source.matchAll(/^(?:async )?function\*? (\w+?)\d*\(/gm)].map(([, name]) => name!);
  return declared.map((name) => STORE_ACCESS[room]?.[name] ?? {});
}

function merge(all: Partial<Record<string, string[]>>[]): Record<string, string[]> {
  const table: Record<string, string[]> = {};
  for (const one of all) {
    for (const [kind, actions = []] of Object.entries(one)) {
      table[kind] = [...new Set([...(table[kind] ?? []), ...actions])].toSorted();
    }
  }
  return table;
}

/** What lib/store exports and neither list knows, for whoever adds to it. */
export function unknownExports(room: string, source: string): string[] {
  const names = [...source.matchAll(/^export (?:async )?function\*? (\w+)/gm)].map(([, name]) => name!);
  return names.filter((name) => !STORE_ACCESS[room]?.[name] && !HELPERS.has(`${room}.${name}`));
}
