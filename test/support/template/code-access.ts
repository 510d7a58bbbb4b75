// Reads from the bundle of a function what its code can reach. The bundler drops unreachable code, so the remaining
// functions of lib/store, names of secrets and client of WeChat are those that the function may need.
import { build } from 'esbuild';
import type { Program } from 'oxc-parser';
import { SECRET_NAMES } from '../../../lib/core/config.ts';
import type { SourceFile } from '../import-graph.ts';
import { STORE_ACCESS } from './store-access.ts';

export interface CodeAccess {
  secrets: string[];
  /** Actions by kind of item, as under `access.table` in serverless.yml. */
  table: Record<string, string[]>;
  /** Whether the code contains the client for an AppSecret or an access token. WeChat Pay has its own client. */
  whitelisted: boolean;
}

const CLIENT = 'lib/wechat/client.ts';

/** WeChat Pay checks addresses of refunds only, and only if the merchant enables it. Such a merchant adds these functions. */
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

/** Splits the bundle at the comments in which esbuild names the source file. */
function modulesOf(bundle: string): Map<string, string> {
  const parts = bundle.split(/^\/\/ (\S+\.ts)$/m);
  return new Map(parts.flatMap((part, n) => (n % 2 ? [[part, parts[n + 1] ?? ''] as const] : [])));
}

/** Ignores lib/core/config.ts, which lists all secrets. */
function secretsIn(modules: Map<string, string>): string[] {
  const code = [...modules].flatMap(([path, source]) => (path === 'lib/core/config.ts' ? [] : [source])).join('\n');
  const quotes = (text: string) => code.includes(`"${text}"`);
  const ofApps = ['MINIAPP', 'OFFICIAL'].filter((app) => code.includes('}_APP_SECRET`') && quotes(app));
  return [...SECRET_NAMES.filter(quotes), ...ofApps.map((app) => `${app}_APP_SECRET`)].toSorted();
}

function storeAccessOf(path: string, source: string): Partial<Record<string, string[]>>[] {
  const module = storeModuleOf(path);
  if (module === undefined) return [];
  const declared = [...source.matchAll(/^(?:async )?function\*? (\w+?)\d*\(/gm)].map(([, name]) => name!);
  return declared.map((name) => STORE_ACCESS[module]?.[name] ?? {});
}

function merge(all: Partial<Record<string, string[]>>[]): Record<string, string[]> {
  const table: Record<string, string[]> = {};
  for (const access of all) {
    for (const [kind, actions = []] of Object.entries(access)) {
      table[kind] = [...new Set([...(table[kind] ?? []), ...actions])].toSorted();
    }
  }
  return table;
}

/** Exports of lib/store without an entry in STORE_ACCESS, and entries without an export. */
export function storeFindings(files: SourceFile[]): string[] {
  const lists = 'STORE_ACCESS in test/support/template/store-access.ts';
  const known = new Set(files.map(({ path }) => storeModuleOf(path)));
  const gone = Object.keys(STORE_ACCESS).filter((module) => !known.has(module));
  return [
    ...gone.map((module) => `lib/store/${module}.ts does not exist: remove ${module} from ${lists}`),
    ...files.flatMap(({ path, program }) => {
      const listed = STORE_ACCESS[storeModuleOf(path)!] ?? {};
      const { functions, arrows } = exportedFunctions(program);
      return [
        ...arrows.map((name) => `${path}: declare ${name} as a function, so that a bundle shows its use`),
        ...functions.filter((name) => !(name in listed)).map((name) => `${path}: add ${name} to ${lists}`),
        ...Object.keys(listed)
          .filter((name) => !functions.includes(name))
          .map((name) => `${path} does not export ${name}: rename or remove it in ${lists}`),
      ];
    }),
  ];
}

function exportedFunctions(program: Program): { functions: string[]; arrows: string[] } {
  const functions: string[] = [];
  const arrows: string[] = [];
  for (const node of program.body) {
    const declaration = node.type === 'ExportNamedDeclaration' ? node.declaration : undefined;
    if (declaration?.type === 'FunctionDeclaration') functions.push(declaration.id!.name);
    if (declaration?.type !== 'VariableDeclaration') continue;
    for (const { id, init } of declaration.declarations) {
      const isFunction = init?.type === 'ArrowFunctionExpression' || init?.type === 'FunctionExpression';
      if (isFunction && id.type === 'Identifier') arrows.push(id.name);
    }
  }
  return { functions, arrows };
}

function storeModuleOf(path: string): string | undefined {
  return /^lib\/store\/(.+)\.ts$/.exec(path)?.[1];
}
