// The filters of streams and event rules: the subset of patterns that Lambda and EventBridge share.

/** Field names down to lists of rules. Every field must match, by one rule of its list. */
export type Pattern = { [field: string]: Pattern | Rule[] };
type Rule = Leaf | Record<string, unknown>;
type Leaf = string | number | boolean | null;

const OPERATORS: Record<string, (operand: unknown, found: Leaf[]) => boolean> = {
  exists: (operand, found) => found.length > 0 === operand,
  prefix: (operand, found) => found.some((leaf) => startsWith(leaf, operand)),
  suffix: (operand, found) => found.some((leaf) => typeof leaf === 'string' && leaf.endsWith(String(operand))),
  // A missing field does not match "anything-but".
  'anything-but': (operand, found) => found.some((leaf) => !isForbidden(leaf, operand)),
};

/** Whether a record or an event matches one of the patterns. Without patterns everything matches. */
export function passes(patterns: Pattern[], record: unknown): boolean {
  return patterns.length === 0 || patterns.some((pattern) => matches(pattern, record));
}

/** @throws for a pattern that this file does not support: otherwise records would be lost silently */
export function assertSupported(pattern: unknown): void {
  if (Array.isArray(pattern)) {
    for (const rule of pattern) {
      const [operator, ...more] = isObject(rule) ? Object.keys(rule) : ['exists'];
      if (more.length > 0 || !Object.hasOwn(OPERATORS, String(operator))) throw unsupportedError(rule);
    }
  } else if (isObject(pattern) && !Object.keys(pattern).some((field) => field.startsWith('$'))) {
    for (const inner of Object.values(pattern)) assertSupported(inner);
  } else {
    throw unsupportedError(pattern);
  }
}

function matches(pattern: Pattern | Rule[], value: unknown): boolean {
  if (Array.isArray(pattern)) {
    const found = collectLeaves(value);
    return pattern.some((rule) => holds(rule, found));
  }
  if (Array.isArray(value)) return value.some((item) => matches(pattern, item));
  return Object.entries(pattern).every(([field, inner]) => matches(inner, isObject(value) ? value[field] : undefined));
}

function holds(rule: Rule, found: Leaf[]): boolean {
  if (!isObject(rule)) return found.includes(rule);
  return Object.entries(rule).every(([operator, operand]) => OPERATORS[operator]?.(operand, found));
}

/** Rules match leaf values only. As on AWS, `exists` is false for a map. */
function collectLeaves(value: unknown): Leaf[] {
  if (Array.isArray(value)) return value.flatMap(collectLeaves);
  return value === undefined || isObject(value) ? [] : [value as Leaf];
}

function isForbidden(leaf: Leaf, operand: unknown): boolean {
  if (isObject(operand)) return startsWith(leaf, operand.prefix);
  return [operand].flat().includes(leaf);
}

function startsWith(leaf: Leaf, start: unknown): boolean {
  return typeof leaf === 'string' && leaf.startsWith(String(start));
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function unsupportedError(part: unknown): Error {
  const known = Object.keys(OPERATORS).join(', ');
  return new Error(
    `The local stack does not support ${JSON.stringify(part)} in a pattern, only lists of values and ${known}.`,
  );
}
