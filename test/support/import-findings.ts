// Checks of an import graph. Each finding is one line that names the file and the rule.
import { dirname } from 'node:path';
import type { Import, SourceFile } from './import-graph.ts';

export interface ModuleRule {
  /** Modules that the module may import, besides itself. */
  imports: string[];
  /** Modules of which the module may import types only. */
  types?: string[];
}

/** The module of a file: its folder, and in infra/ and test/ the folder directly below. */
function moduleOf(path: string): string {
  return /^(infra|test)\//.test(path) ? path.split('/').slice(0, 2).join('/') : dirname(path);
}

/** Imports that the rule of their module does not allow, and modules without a rule. */
export function moduleFindings(files: SourceFile[], rules: Record<string, ModuleRule>): string[] {
  const known = new Set(files.map(({ path }) => moduleOf(path)));
  const without = [...known].filter((module) => !(module in rules)).map((module) => `${module}/ has no row in MODULES`);
  const unused = Object.keys(rules).filter((module) => !known.has(module));
  const crossing = files.flatMap(({ path, imports }) => {
    const module = moduleOf(path);
    const rule = rules[module];
    if (!rule) return [];
    const wrong = imports.filter((one) => isOwnFile(one.to) && moduleOf(one.to) !== module && !allows(rule, one));
    return wrong.map(({ to }) => `${path} imports ${to}: ${module} may import ${wordsOf(rule, moduleOf(to))}`);
  });
  return [...without, ...unused.map((module) => `MODULES has a row for ${module}/, which has no file`), ...crossing];
}

function isOwnFile(to: string): boolean {
  return /^(functions|lib|infra|test)\//.test(to);
}

function allows({ imports, types = [] }: ModuleRule, { to, typeOnly }: Import): boolean {
  return imports.includes(moduleOf(to)) || (typeOnly && types.includes(moduleOf(to)));
}

function wordsOf({ imports, types = [] }: ModuleRule, target: string): string {
  if (types.includes(target)) return `types of ${target} only`;
  const all = [...imports, ...types.map((module) => `types of ${module}`)];
  return all.length === 0 ? 'no other module' : `${all.join(', ')} only`;
}

/**
 * Imports of a package or folder by files that are not in its list, and listed files that no longer import it.
 *
 * @param importers files and folders by package or folder; folders end with `/`
 */
export function importerFindings(files: SourceFile[], importers: Record<string, string[]>): string[] {
  return Object.entries(importers).flatMap(([target, allowed]) => {
    const paths = files
      .filter(({ imports }) => imports.some(({ to }) => to.startsWith(target)))
      .map(({ path }) => path);
    const wrong = paths.filter((path) => !isIn(allowed, path));
    const unused = allowed.filter((entry) => !paths.some((path) => isIn([entry], path)));
    return [
      ...wrong.map((path) => `${path} imports ${target}: only ${allowed.join(', ')} may`),
      ...unused.map((entry) => `${entry} does not import ${target}: remove it from IMPORTERS`),
    ];
  });
}

export function isIn(entries: string[], path: string): boolean {
  return entries.some((entry) => (entry.endsWith('/') ? path.startsWith(entry) : path === entry));
}

/**
 * Imports of a restricted export by files that are not in its list, and files that export it again. An import of all
 * exports of the declaring file counts.
 */
export function nameFindings(files: SourceFile[], importers: Record<string, string[]>): string[] {
  return Object.entries(importers).flatMap(([name, allowed]) => {
    const homes = files.filter(({ declared }) => declared.includes(name)).map(({ path }) => path);
    if (homes.length === 0) return [`NAME_IMPORTERS lists ${name}, which no file exports`];
    const names = [name, '*'];
    const uses = files.flatMap(({ imports }) => imports.filter(({ to }) => homes.includes(to)));
    const wrong = uses.filter((one) => names.some((any) => one.names.includes(any)) && !allowed.includes(one.from));
    const again = uses.filter(({ reexported }) => names.some((any) => reexported.includes(any)));
    return [
      ...wrong.map(({ from, to }) => `${from} imports ${name} of ${to}: only ${allowed.join(', ')} may`),
      ...again.map(({ from, to }) => `${from} exports ${name} of ${to} again: only the declaring file may export it`),
    ];
  });
}

/** Import circles, type-only ones included. */
export function circleFindings(files: SourceFile[]): string[] {
  const circles = circlesOf(files.flatMap(({ imports }) => imports));
  return circles.map((circle) => `${circle.join(' → ')}: imports must not form a circle, not even of types`);
}

/** The shortest circle through each file, then the next one without the last import of the first. */
function circlesOf(imports: Pick<Import, 'from' | 'to'>[]): string[][] {
  const targets = new Map<string, Set<string>>();
  for (const { from, to } of imports) targets.set(from, (targets.get(from) ?? new Set()).add(to));
  const circles: string[][] = [];
  for (const start of [...targets.keys()].toSorted()) {
    for (let circle = shortestCircle(targets, start); circle; circle = shortestCircle(targets, start)) {
      circles.push(circle);
      targets.get(circle.at(-2)!)!.delete(start);
    }
  }
  return circles;
}

/** Searches breadth first for a way from a file back to itself. */
function shortestCircle(targets: Map<string, Set<string>>, start: string): string[] | undefined {
  const seen = new Set<string>();
  const queue = [[start]];
  for (const path of queue) {
    for (const next of targets.get(path.at(-1)!) ?? []) {
      if (next === start) return [...path, next];
      if (seen.has(next)) continue;
      seen.add(next);
      queue.push([...path, next]);
    }
  }
  return undefined;
}
