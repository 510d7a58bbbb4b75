// Compares two versions of a JSON Schema for the clients of the first version. Covers the keywords that
// @valibot/to-json-schema writes; a change of any other keyword counts as breaking.
import { isDeepStrictEqual } from 'node:util';

export type Schema = { [keyword: string]: unknown };

/**
 * The side that writes the value. Clients write a request: the new version must accept every value that the old one
 * accepted. The service writes an answer: every value of the new version must be one that the old version described,
 * except for fields that are new.
 */
export type Side = 'request' | 'answer';

/** A schema and the definitions behind its references, by reference. */
export interface Definition {
  schema: Schema;
  definitions: Record<string, Schema>;
}

/** @returns one line for each change that breaks a client of `before`; `path` begins each line */
export function compareSchemas(side: Side, path: string, before: Definition, after: Definition): string[] {
  const [old, now] = [alternativesOf(before), alternativesOf(after)];
  // `values` of one side must fit into one of the `frames` of the other side.
  const [values, frames] = side === 'request' ? [old, now] : [now, old];
  return values.flatMap((value) => {
    const candidates = frames.map((frame) =>
      side === 'request' ? compareOne(side, path, value, frame) : compareOne(side, path, frame, value),
    );
    return candidates.reduce((best, findings) => (findings.length < best.length ? findings : best));
  });
}

/** The members of a union, or the schema itself. References and nested unions are resolved. */
function alternativesOf({ schema, definitions }: Definition): Definition[] {
  const resolved = resolve(schema, definitions);
  const { anyOf, oneOf, ...shared } = resolved;
  const union = (anyOf ?? oneOf) as Schema[] | undefined;
  if (!union) return [{ schema: resolved, definitions }];
  return union.flatMap((member) => alternativesOf({ schema: { ...shared, ...member }, definitions }));
}

function resolve({ $ref, ...own }: Schema, definitions: Record<string, Schema>): Schema {
  if (typeof $ref !== 'string') return own;
  const target = definitions[$ref];
  if (!target) throw new Error(`The schema ${$ref} is not defined.`);
  const resolved = resolve(target, definitions);
  return { ...resolved, ...own, ...properties({ ...propertiesOf(resolved), ...propertiesOf(own) }) };
}

function properties(all: Record<string, Schema>): Schema {
  return Object.keys(all).length === 0 ? {} : { properties: all };
}

function compareOne(side: Side, path: string, before: Definition, after: Definition): string[] {
  const type = typeFinding(side, path, before.schema, after.schema);
  if (type !== undefined) return [type];
  return [
    ...valueFindings(side, path, before.schema, after.schema),
    ...limitFindings(side, path, before.schema, after.schema),
    ...fieldFindings(side, path, before, after),
    ...childFindings(side, path, before, after),
    ...defaultFindings(side, path, before.schema, after.schema),
    ...otherFindings(path, before.schema, after.schema),
  ];
}

function typeFinding(side: Side, path: string, before: Schema, after: Schema): string | undefined {
  const [old, now] = [typeOf(before), typeOf(after)];
  const [value, frame] = side === 'request' ? [old, now] : [now, old];
  if (value === frame || frame === 'any' || (value === 'integer' && frame === 'number')) return undefined;
  return `${path}: the type changed from ${old} to ${now}`;
}

function typeOf({ type, const: only, enum: values = [only] }: Schema): string {
  if (type !== undefined) return typeof type === 'string' ? type : JSON.stringify(type);
  const [value] = values as unknown[];
  if (value === undefined) return 'any';
  return value === null ? 'null' : typeof value;
}

/** Values of `const` and `enum`. */
function valueFindings(side: Side, path: string, before: Schema, after: Schema): string[] {
  const [old, now] = [valuesOf(before), valuesOf(after)];
  const [values, frame] = side === 'request' ? [old, now] : [now, old];
  if (!frame) return [];
  if (!values) {
    return side === 'request'
      ? [`${path}: accepts only ${listOf(frame)} now`]
      : [`${path}: is no longer limited to ${listOf(frame)}`];
  }
  const extra = values.filter((value) => !frame.includes(value));
  return extra.map((value) =>
    side === 'request'
      ? `${path}: no longer accepts ${JSON.stringify(value)}`
      : `${path}: has the new value ${JSON.stringify(value)}`,
  );
}

function valuesOf(schema: Schema): unknown[] | undefined {
  return 'const' in schema ? [schema['const']] : (schema['enum'] as unknown[] | undefined);
}

function listOf(values: unknown[]): string {
  return values.map((value) => JSON.stringify(value)).join(', ');
}

const LOWER_LIMITS = ['minLength', 'minimum', 'minItems'];
const UPPER_LIMITS = ['maxLength', 'maximum', 'maxItems'];
const FORMS = ['pattern', 'format'];

/** A request may not be limited further, an answer may not lose a limit. A set of values needs no limit. */
function limitFindings(side: Side, path: string, before: Schema, after: Schema): string[] {
  const [values, frame] = side === 'request' ? [before, after] : [after, before];
  const exceeds = (keyword: string, compare: (value: number, limit: number) => boolean) => {
    const [value, limit] = [values[keyword], frame[keyword]];
    return limit !== undefined && (value === undefined || compare(value as number, limit as number));
  };
  const changed = [
    ...LOWER_LIMITS.filter((keyword) => exceeds(keyword, (value, limit) => value < limit)),
    ...UPPER_LIMITS.filter((keyword) => exceeds(keyword, (value, limit) => value > limit)),
    ...FORMS.filter((keyword) => keyword in frame && values[keyword] !== frame[keyword]),
  ];
  if (valuesOf(values)) return [];
  return changed.map(
    (keyword) => `${path}: ${keyword} changed from ${show(before[keyword])} to ${show(after[keyword])}`,
  );
}

function show(value: unknown): string {
  return value === undefined ? 'none' : JSON.stringify(value);
}

/** Fields of an object: removed ones, and those that one side requires. */
function fieldFindings(side: Side, path: string, before: Definition, after: Definition): string[] {
  const [old, now] = [propertiesOf(before.schema), propertiesOf(after.schema)];
  const [mustHad, mustHave] = [requiredOf(before.schema), requiredOf(after.schema)];
  const removed = Object.keys(old).filter((name) => !(name in now));
  const demanded = side === 'request' ? mustHave.filter((name) => !mustHad.includes(name)) : [];
  const optional = side === 'answer' ? mustHad.filter((name) => name in now && !mustHave.includes(name)) : [];
  return [
    ...removed.map((name) => `${path}.${name}: the field was removed`),
    ...demanded.map((name) => `${path}.${name}: the field is required now`),
    ...optional.map((name) => `${path}.${name}: the field is optional now`),
  ];
}

/** Schemas inside: of fields, items, and fields of any name. */
function childFindings(side: Side, path: string, before: Definition, after: Definition): string[] {
  const [old, now] = [propertiesOf(before.schema), propertiesOf(after.schema)];
  const compare = (childPath: string, from: unknown, to: unknown) =>
    compareSchemas(side, childPath, { ...before, schema: schemaOf(from) }, { ...after, schema: schemaOf(to) });
  const shared = Object.keys(old).filter((name) => name in now);
  return [
    ...shared.flatMap((name) => compare(`${path}.${name}`, old[name], now[name])),
    ...['items', 'propertyNames']
      .filter((keyword) => keyword in before.schema || keyword in after.schema)
      .flatMap((keyword) => compare(`${path}[${keyword}]`, before.schema[keyword], after.schema[keyword])),
    ...openFindings(side, path, before, after),
  ];
}

/** Fields that `properties` does not name. A closed answer may get new fields, so only open ones are compared. */
function openFindings(side: Side, path: string, before: Definition, after: Definition): string[] {
  const [old, now] = [before.schema['additionalProperties'] ?? true, after.schema['additionalProperties'] ?? true];
  if (old === false || isDeepStrictEqual(old, now)) return [];
  if (now === false) return [`${path}: other fields are no longer ${side === 'request' ? 'accepted' : 'present'}`];
  const [from, to] = [schemaOf(old), schemaOf(now)];
  return compareSchemas(side, `${path}.*`, { ...before, schema: from }, { ...after, schema: to });
}

/** A missing schema and `true` allow every value. */
function schemaOf(value: unknown): Schema {
  return typeof value === 'object' && value !== null ? (value as Schema) : {};
}

/** Keywords for readers. They limit no value. */
const ANNOTATIONS = ['title', 'description', 'examples', 'deprecated', '$schema', '$comment'];
const STRUCTURE = ['type', 'const', 'enum', 'properties', 'required', 'items', 'propertyNames', 'additionalProperties'];
const COMPARED = new Set([...STRUCTURE, 'default', ...LOWER_LIMITS, ...UPPER_LIMITS, ...FORMS, ...ANNOTATIONS]);

/** A client that omits the field relies on its default. */
function defaultFindings(side: Side, path: string, before: Schema, after: Schema): string[] {
  const same = isDeepStrictEqual(before['default'], after['default']);
  if (side === 'answer' || !('default' in before) || same) return [];
  return [`${path}: default changed from ${show(before['default'])} to ${show(after['default'])}`];
}

/** Every other keyword must stay equal. */
function otherFindings(path: string, before: Schema, after: Schema): string[] {
  const keywords = new Set([...Object.keys(before), ...Object.keys(after)]);
  return [...keywords]
    .filter((keyword) => !COMPARED.has(keyword) && !isDeepStrictEqual(before[keyword], after[keyword]))
    .map((keyword) => `${path}: ${keyword} changed from ${show(before[keyword])} to ${show(after[keyword])}`);
}

function propertiesOf(schema: Schema): Record<string, Schema> {
  return (schema['properties'] ?? {}) as Record<string, Schema>;
}

function requiredOf(schema: Schema): string[] {
  return (schema['required'] ?? []) as string[];
}
