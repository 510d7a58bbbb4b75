import { globSync, readFileSync, realpathSync } from 'node:fs';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { parseSync, Visitor, type Program } from 'oxc-parser';
import { ResolverFactory } from 'oxc-resolver';

/** One import of one file by another. */
export interface Import {
  /** The importing file. */
  from: string;
  /** The imported file, relative to the root; or the name of a package or of a module of Node. */
  to: string;
  /** Whether the import disappears when types are stripped. */
  typeOnly: boolean;
  /** The imported names; `*` stands for all of them. */
  names: string[];
  /** The names that `from` exports again. */
  reexported: string[];
}

export interface SourceFile {
  path: string;
  source: string;
  program: Program;
  imports: Import[];
  /** Exports that the file declares itself. */
  declared: string[];
  /** Imports that cannot be followed: of a computed path, or of a file that is not there. */
  unresolved: string[];
}

/** An import whose specifier is not resolved yet. */
type Request = Omit<Import, 'from' | 'to'> & { specifier: string };

const resolver = new ResolverFactory({
  conditionNames: ['node', 'import'],
  extensions: ['.ts', '.js', '.mjs', '.cjs', '.json'],
});

/**
 * Parses files and resolves their imports: static imports, type-only imports, `export … from`, `import()`, `require()`
 * and `import('…')` in types.
 *
 * @param patterns globs relative to `root`
 */
export function readSources(root: string, patterns: string[]): SourceFile[] {
  const base = realpathSync(root);
  return globSync(patterns, { cwd: base })
    .toSorted()
    .map((path) => readSource(base, path.split(sep).join('/')));
}

function readSource(root: string, path: string): SourceFile {
  const file = join(root, path);
  const source = readFileSync(file, 'utf8');
  const { program, errors } = parseSync(file, source);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]!.message}`);
  const { requests, declared, computed } = readProgram(program);
  const unresolved = computed.map((start) => `${path}:${lineAt(source, start)} imports a computed path`);
  const imports = requests.flatMap(({ specifier, ...request }) => {
    const to = resolveSpecifier(root, file, specifier);
    if (to === undefined) unresolved.push(`${path} imports ${specifier}: no such file`);
    return to === undefined ? [] : [{ from: path, to, ...request }];
  });
  return { path, source, program, imports, declared, unresolved };
}

function resolveSpecifier(root: string, file: string, specifier: string): string | undefined {
  const { path } = resolver.sync(dirname(file), specifier);
  const inside = path === undefined ? undefined : relative(root, resolve(path)).split(sep).join('/');
  if (inside !== undefined && !inside.startsWith('../') && !inside.startsWith('node_modules/')) return inside;
  if (/^[./#]/.test(specifier)) return undefined;
  return specifier;
}

function readProgram(program: Program) {
  const requests: Request[] = [];
  const declared: string[] = [];
  const exported: string[] = [];
  const computed: number[] = [];
  /** Imports by the local names that they bind. */
  const bindings = new Map<string, { request: Request; imported: string }>();
  const followed = (source: unknown, start: number) => {
    const literal = literalOf(source);
    if (literal === undefined) computed.push(start);
    else requests.push({ specifier: literal, typeOnly: false, names: ['*'], reexported: [] });
  };

  new Visitor({
    ImportDeclaration({ source, importKind, specifiers }) {
      const request: Request = { specifier: source.value, typeOnly: importKind === 'type', names: [], reexported: [] };
      for (const specifier of specifiers) {
        const imported = importedName(specifier);
        request.names.push(imported);
        bindings.set(specifier.local.name, { request, imported });
      }
      requests.push(request);
    },
    ExportNamedDeclaration({ source, exportKind, specifiers, declaration }) {
      const names = specifiers.map(({ local }) => nameOf(local));
      if (source) requests.push({ specifier: source.value, typeOnly: exportKind === 'type', names, reexported: names });
      else exported.push(...names);
      if (declaration) declared.push(...declaredNames(declaration));
    },
    ExportDefaultDeclaration() {
      declared.push('default');
    },
    ExportAllDeclaration({ source, exportKind }) {
      requests.push({ specifier: source.value, typeOnly: exportKind === 'type', names: ['*'], reexported: ['*'] });
    },
    ImportExpression({ source, start }) {
      followed(source, start);
    },
    CallExpression({ callee, arguments: [argument], start }) {
      if (callee.type === 'Identifier' && callee.name === 'require') followed(argument, start);
    },
    TSImportType({ source }) {
      requests.push({ specifier: source.value, typeOnly: true, names: ['*'], reexported: [] });
    },
    TSImportEqualsDeclaration({ moduleReference, importKind, start }) {
      if (moduleReference.type !== 'TSExternalModuleReference') return;
      followed(moduleReference.expression, start);
      requests.at(-1)!.typeOnly = importKind === 'type';
    },
  }).visit(program);
  for (const name of exported) {
    const binding = bindings.get(name);
    if (binding) binding.request.reexported.push(binding.imported);
    else declared.push(name);
  }
  return { requests, declared, computed };
}

type Specifier = { type: string; imported?: { type: string } };

function importedName(specifier: Specifier): string {
  if (specifier.type === 'ImportNamespaceSpecifier') return '*';
  return specifier.imported ? nameOf(specifier.imported) : 'default';
}

function nameOf(node: { type: string }): string {
  const { name, value } = node as { name?: string; value?: string };
  return name ?? value!;
}

function declaredNames(declaration: { type: string }): string[] {
  const { id, declarations = [] } = declaration as {
    id?: { name: string };
    declarations?: { id: { name?: string } }[];
  };
  return [id?.name, ...declarations.map((one) => one.id.name)].filter((name) => name !== undefined);
}

/** The text of a string, or of a template without expressions. */
function literalOf(node: unknown): string | undefined {
  const { value, quasis, expressions } = node as {
    value?: unknown;
    quasis?: { value: { cooked: string } }[];
    expressions?: unknown[];
  };
  if (typeof value === 'string') return value;
  return expressions?.length === 0 ? quasis?.[0]?.value.cooked : undefined;
}

export function lineAt(source: string, offset: number): number {
  return source.slice(0, offset).split('\n').length;
}
