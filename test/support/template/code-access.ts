// Derives the access that a function needs from the code that it can reach: functions of lib/store, names of secrets and
// the client of WeChat.
import type { Program } from 'oxc-parser';
import { reachableCode, settingsIn } from '../../../infra/docs/reachable-code.ts';
import { SECRET_NAMES } from '../../../lib/core/config.ts';
import type { SourceFile } from '../import-graph.ts';
import { STORE_ACCESS } from './store-access.ts';

export interface CodeAccess {
  secrets: string[];
  /** Actions by kind of item, as under `access.table` in serverless.yml. */
  table: Record<string, string[]>;
  /** Whether the code contains the client for an AppSecret or an access token. WeChat Pay has its own client. */
  callsPlatform: boolean;
}

const CLIENT = 'lib/wechat/client.ts';

/** @param entry the file of the function */
export async function codeAccess(entry: string): Promise<CodeAccess> {
  const modules = await reachableCode(entry);
  return {
    secrets: settingsIn(modules, SECRET_NAMES).toSorted(),
    table: merge([...modules].flatMap(([path, source]) => storeAccessOf(path, source))),
    callsPlatform: modules.has(CLIENT),
  };
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
