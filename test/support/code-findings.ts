// Checks of single files, on their syntax trees. Each finding is one line that names the file and the rule.
import { Visitor, type VisitorObject } from 'oxc-parser';
import { lineAt, type SourceFile } from './import-graph.ts';

/** Keys of the table that a file builds: a text like `ORDER#${no}`, or a value for `pk` or `sk`. */
export function keyFindings(file: SourceFile, builder: string): string[] {
  return findingsIn(file, `only ${builder} may build keys`, (found) => ({
    TemplateLiteral: ({ quasis, start }) => found(isKeyPrefix(quasis[0]?.value.raw), start),
    BinaryExpression: ({ left, start }) => found(left.type === 'Literal' && isKeyPrefix(left.value), start),
    Property: ({ key, value, start }) =>
      found(['pk', 'sk'].includes(nameOf(key)) && ['Literal', 'TemplateLiteral'].includes(value.type), start),
  }));
}

function isKeyPrefix(text: unknown): boolean {
  return typeof text === 'string' && /^[A-Z]+#/.test(text);
}

/** HTTP statuses that a file sets. */
export function statusFindings(file: SourceFile, writers: string[]): string[] {
  return findingsIn(file, `only ${writers.join(' and ')} may write an HTTP status`, (found) => ({
    Property: ({ key, start }) => found(nameOf(key) === 'statusCode', start),
    TSPropertySignature: ({ key, start }) => found(nameOf(key) === 'statusCode', start),
  }));
}

/** `new Date()` and `Date()`, which read the clock; oxlint finds `Date.now` alone. */
export function clockFindings(file: SourceFile, reader: string): string[] {
  return findingsIn(file, `only ${reader} may read the clock`, (found) => ({
    NewExpression: ({ callee, arguments: values, start }) =>
      found(nameOf(callee) === 'Date' && values.length === 0, start),
    CallExpression: ({ callee, start }) => found(nameOf(callee) === 'Date', start),
  }));
}

/** Casts to a type that only verified input may have. */
export function castFindings(file: SourceFile, casters: Record<string, string[]>): string[] {
  return Object.entries(casters).flatMap(([type, files]) =>
    files.some((entry) => file.path.startsWith(entry))
      ? []
      : findingsIn(file, `only ${files.join(' and ')} may cast to ${type}`, (found) => ({
          TSAsExpression: ({ typeAnnotation, start }) =>
            found(
              typeAnnotation.type === 'TSTypeReference' && nameOf(typeAnnotation.typeName as { type: string }) === type,
              start,
            ),
        })),
  );
}

/** More lines than `max`. */
export function lengthFindings({ path, source }: SourceFile, max: number): string[] {
  const lines = source.split('\n').length - 1;
  return lines > max ? [`${path} has ${lines} lines: at most ${max} are allowed`] : [];
}

/** Exports of a function file besides its handler. */
export function handlerFindings({ path, declared, imports }: SourceFile): string[] {
  const exported = [...declared, ...imports.flatMap(({ reexported }) => reexported)];
  return exported.join() === 'handler' ? [] : [`${path} exports ${exported.join(', ')}: it may export handler only`];
}

type Found = (isFinding: boolean, start: number) => void;

function findingsIn({ path, source, program }: SourceFile, rule: string, visitorOf: (found: Found) => VisitorObject) {
  const lines = new Set<number>();
  const found: Found = (isFinding, start) => {
    if (isFinding) lines.add(lineAt(source, start));
  };
  new Visitor(visitorOf(found)).visit(program);
  return [...lines].map((line) => `${path}:${line}: ${rule}`);
}

function nameOf(node: { type: string; name?: unknown; value?: unknown }): string {
  return String(node.name ?? node.value ?? '');
}
