// As much of IAM's policy language as the roles of this service are written in. What it does not understand it refuses
// to judge: a rehearsal must not pass because a condition was overlooked.

/** A statement of a role's policy, with every intrinsic function resolved. */
export interface Statement {
  Sid?: string;
  Effect: 'Allow' | 'Deny';
  Action: string | string[];
  Resource: string | string[];
  Condition?: Record<string, Record<string, string | string[]>>;
}

/** One thing that a call does. A call may do several: a transaction does one for each of its items. */
export interface Access {
  action: string;
  resource: string;
  /** Condition keys of the request, by their lower-case names; one that the request does not have is absent. */
  context?: Record<string, string[]>;
}

const UNDERSTOOD = new Set(['Sid', 'Effect', 'Action', 'Resource', 'Condition']);

/** Whether a role with these statements may do it: an Allow must say so, and no Deny the contrary. */
export function isAllowed(statements: Statement[], access: Access): boolean {
  const effects = new Set(statements.filter((statement) => covers(statement, access)).map(({ Effect }) => Effect));
  return effects.has('Allow') && !effects.has('Deny');
}

/** Whether the statement is about this access, and its conditions hold. */
export function covers(statement: Statement, { action, resource, context = {} }: Access): boolean {
  const strange = Object.keys(statement).find((name) => !UNDERSTOOD.has(name));
  if (strange) throw new Error(`A statement with ${strange} is more than the rehearsal understands.`);
  return (
    list(statement.Action).some((pattern) => matches(pattern.toLowerCase(), action.toLowerCase())) &&
    list(statement.Resource).some((pattern) => matches(pattern, resource)) &&
    Object.entries(statement.Condition ?? {}).every(([operator, keys]) => holds(operator, keys, context))
  );
}

/** What the Allows grant, cut as fine as they are written: to compare with what was used. */
export function grantsOf(statements: Statement[]): Statement[] {
  return statements
    .filter(({ Effect }) => Effect === 'Allow')
    .flatMap((statement) => {
      const conditions = Object.entries(statement.Condition ?? {}).reduce(splitCondition, [{}]);
      return list(statement.Action).flatMap((Action) =>
        list(statement.Resource).flatMap((Resource) =>
          conditions.map((Condition) => ({ ...statement, Action, Resource, Condition })),
        ),
      );
    });
}

type Conditions = NonNullable<Statement['Condition']>;

function splitCondition(split: Conditions[], [operator, keys]: [string, Conditions[string]]): Conditions[] {
  const single = Object.entries(keys).flatMap(([key, values]) => list(values).map((value) => ({ [key]: value })));
  return split.flatMap((conditions) => single.map((one) => ({ ...conditions, [operator]: one })));
}

function holds(operator: string, keys: Record<string, string | string[]>, context: Record<string, string[]>): boolean {
  const [, forAll, comparison = operator] = /^(ForAllValues:)?(.*)$/.exec(operator) ?? [];
  return Object.entries(keys).every(([key, patterns]) => {
    const values = context[key.toLowerCase()];
    // As AWS has it: nothing satisfies "for all", also where nothing was asked for.
    if (forAll) return (values ?? []).every((value) => compare(comparison, list(patterns), value));
    if (values && values.length > 1) throw new Error(`${key} has several values, and ${operator} compares one.`);
    return values?.[0] !== undefined && compare(comparison, list(patterns), values[0]);
  });
}

function compare(comparison: string, patterns: string[], value: string): boolean {
  switch (comparison) {
    case 'StringLike':
    case 'ArnLike':
      return patterns.some((pattern) => matches(pattern, value));
    case 'StringEquals':
    case 'Bool':
      return patterns.includes(value);
    default:
      throw new Error(`The condition ${comparison} is more than the rehearsal understands.`);
  }
}

/** `*` stands for any characters, `?` for one. */
function matches(pattern: string, text: string): boolean {
  const source = pattern
    .replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
    .replaceAll('*', '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(text);
}

function list(value: string | string[]): string[] {
  return Array.isArray(value) ? value : [value];
}
