// Evaluates the part of IAM's policy language that the roles of this service use. Other elements are an error, because an
// ignored condition could let a rehearsal pass by mistake.

/** A statement of a role's policy, with every intrinsic function resolved. */
export interface Statement {
  Sid?: string;
  Effect: 'Allow' | 'Deny';
  Action: string | string[];
  Resource: string | string[];
  Condition?: Record<string, Record<string, string | string[]>>;
}

/** One action on one resource. A call may need several accesses, such as a transaction with several items. */
export interface Access {
  action: string;
  resource: string;
  /** Condition keys of the request, by lower-case name. Keys that the request lacks are absent. */
  context?: Record<string, string[]>;
}

const SUPPORTED = new Set(['Sid', 'Effect', 'Action', 'Resource', 'Condition']);

/** Whether the statements allow an access: an Allow must cover it, and no Deny may cover it. */
export function isAllowed(statements: Statement[], access: Access): boolean {
  const effects = new Set(statements.filter((statement) => covers(statement, access)).map(({ Effect }) => Effect));
  return effects.has('Allow') && !effects.has('Deny');
}

/** Whether a statement covers an access and its conditions are met. */
export function covers(statement: Statement, { action, resource, context = {} }: Access): boolean {
  const unsupported = Object.keys(statement).find((name) => !SUPPORTED.has(name));
  if (unsupported) throw new Error(`The rehearsal does not support ${unsupported} in a policy statement.`);
  return (
    list(statement.Action).some((pattern) => matches(pattern.toLowerCase(), action.toLowerCase())) &&
    list(statement.Resource).some((pattern) => matches(pattern, resource)) &&
    Object.entries(statement.Condition ?? {}).every(([operator, keys]) => holds(operator, keys, context))
  );
}

/** Splits the Allow statements into single grants, one per action, resource and condition value. */
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
  return split.flatMap((conditions) => single.map((condition) => ({ ...conditions, [operator]: condition })));
}

function holds(operator: string, keys: Record<string, string | string[]>, context: Record<string, string[]>): boolean {
  const [, forAll, comparison = operator] = /^(ForAllValues:)?(.*)$/.exec(operator) ?? [];
  return Object.entries(keys).every(([key, patterns]) => {
    const values = context[key.toLowerCase()];
    // As in AWS, ForAllValues is true when the request does not contain the key.
    if (forAll) return (values ?? []).every((value) => compare(comparison, list(patterns), value));
    if (values && values.length > 1) throw new Error(`${operator} compares a single value, but ${key} has several.`);
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
      throw new Error(`The rehearsal does not support the condition ${comparison}.`);
  }
}

/** Matches a pattern in which `*` stands for any characters and `?` for one character. */
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
