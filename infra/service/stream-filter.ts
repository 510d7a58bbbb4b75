// Which records, or events, a function gets: by the rules that Lambda's event filtering and EventBridge share.

/** Field names down to lists of rules. One rule of a list has to hold, and every field. */
export type Pattern = { [field: string]: Pattern | Rule[] };
type Rule = Leaf | Record<string, unknown>;
type Leaf = string | number | boolean | null;

const OPERATORS: Record<string, (operand: unknown, found: Leaf[]) => boolean> = {
  exists: (operand, found) => found.length > 0 === operand,
  prefix: (operand, found) => found.some((leaf) => startsWith(leaf, operand)),
  suffix: (operand, found) => found.some((leaf) => typeof leaf === 'string' && leaf.endsWith(String(operand))),
  // A field that is not there is not "anything but".
  'anything-but': (operand, found) => found.some((leaf) => !isForbidden(leaf, operand)),
};

/** Whether one of the patterns lets the record, or the event, through. No pattern lets everything through. */
export function passes(patterns: Pattern[], record: unknown): boolean {
  return patterns.length === 0 || patterns.some((pattern) => matches(pattern, record));
}

/** Refuses a pattern that this file does not understand, so that no record goes astray unnoticed. */
export function assertUnderstood(pattern: unknown): void {
  if (Array.isArray(pattern)) {
    for (const rule of pattern) {
      const [operator, ...more] = isObject(rule) ? Object.keys(rule) : ['exists'];
      if (more.length > 0 || !Object.hasOwn(OPERATORS, String(operator))) throw notUnderstood(rule);
    }
  } else if (isObject(pattern) && !Object.keys(pattern).some((field) => field.startsWith('$'))) {
    for (const inner of Object.values(pattern)) assertUnderstood(inner);
  } else {
    throw notUnderstood(pattern);
  }
}

function matches(pattern: Pattern | Rule[], value: unknown): boolean {
  if (Array.isArray(pattern)) {
    const found = leavesOf(value);
    return pattern.some((rule) => holds(rule, found));
  }
  if (Array.isArray(value)) return value.some((item) => matches(pattern, item));
  return Object.entries(pattern).every(([field, inner]) => matches(inner, isObject(value) ? value[field] : undefined));
}

function holds(rule: Rule, found: Leaf[]): boolean {
  if (!isObject(rule)) return found.includes(rule);
  return Object.entries(rule).every(([operator, operand]) => OPERATORS[operator]?.(operand, found));
}

/** Rules see values only: of a map there is nothing to see, so `exists` is false for it, as it is on AWS. */
function leavesOf(value: unknown): Leaf[] {
  if (Array.isArray(value)) return value.flatMap(leavesOf);
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

function notUnderstood(part: unknown): Error {
  const known = Object.keys(OPERATORS).join(', ');
  return new Error(
    `The local stack does not understand ${JSON.stringify(part)} in a pattern, only lists of values and ${known}.`,
  );
}
