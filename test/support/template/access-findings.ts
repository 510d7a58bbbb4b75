// Compares what serverless.yml lets a function do with what its code reaches. A finding holds the YAML to paste.
import { stringify } from 'yaml';
import type { CodeAccess } from './code-access.ts';
import { INDEXES } from './store-access.ts';

export interface DeclaredFunction {
  handler: string;
  vpc?: string;
  access?: DeclaredAccess;
}

interface DeclaredAccess {
  /** Lists in the list are anchors of the YAML. */
  secrets?: (string | string[])[];
  table?: Record<string, string[]>;
  statements?: DeclaredStatement[];
}

interface DeclaredStatement {
  Action: string;
  Resource?: unknown;
}

const EGRESS_VPC = '${self:custom.settings.egressVpc}';
const ACTIONS = ['GetItem', 'BatchGetItem', 'Query', 'PutItem', 'UpdateItem', 'DeleteItem', 'ConditionCheckItem'];
const QUERY = 'dynamodb:Query';

/** The statement that grants a query of an index (`index/<name>`). */
function indexQuery(index: string): DeclaredStatement & { Effect: string } {
  return { Effect: 'Allow', Action: QUERY, Resource: { 'Fn::Sub': `\${Table.Arn}/${index}` } };
}

/**
 * The `access` block of a function, if it differs from its code in either direction.
 *
 * @param anchors lists of secrets by their anchor in serverless.yml
 */
export function accessFindings(
  name: string,
  { access = {} }: DeclaredFunction,
  code: CodeAccess,
  anchors: Record<string, string[]>,
): string[] {
  const { secrets = [], table = {}, statements = [] } = access;
  const ofItems = Object.fromEntries(Object.entries(code.table).filter(([kind]) => !isIndex(kind)));
  const others = statements.filter(({ Action }) => Action !== QUERY);
  const needed = [...INDEXES.filter((index) => index in code.table).map(indexQuery), ...others];
  const isRight =
    sameSet(secrets.flat(), code.secrets) &&
    sameSet(permissionsOf(table), permissionsOf(ofItems)) &&
    sameSet(statements.map(flow), needed.map(flow));
  if (isRight) return [];
  const kinds = [...Object.keys(table).filter((kind) => kind in ofItems), ...Object.keys(ofItems)];
  const lines = [
    ...(code.secrets.length > 0 ? [`      secrets: ${secretsLine(code.secrets, anchors)}`] : []),
    ...(kinds.length > 0 ? ['      table:'] : []),
    ...[...new Set(kinds)].map((kind) => `        ${kind}: [${inOrder(ofItems[kind]!).join(', ')}]`),
    ...(needed.length > 0 ? ['      statements:'] : []),
    ...needed.map((statement) => `        - ${flow(statement)}`),
  ];
  if (lines.length === 0) return [`${name} in serverless.yml: remove access, because the code needs none`];
  return [
    [`${name} in serverless.yml: replace access, which differs from the code, by`, '    access:', ...lines].join('\n'),
  ];
}

/** The fixed address belongs to functions that call WeChat with an AppSecret or an access token, and to no others. */
export function addressFindings(name: string, { vpc }: DeclaredFunction, { callsPlatform }: CodeAccess): string[] {
  if (vpc === (callsPlatform ? EGRESS_VPC : undefined)) return [];
  return callsPlatform
    ? [`${name} in serverless.yml: add this line, because the code calls WeChat\n    vpc: ${EGRESS_VPC}`]
    : [`${name} in serverless.yml: remove vpc, because the code does not call WeChat with a secret or a token`];
}

function isIndex(kind: string): boolean {
  return (INDEXES as readonly string[]).includes(kind);
}

function secretsLine(secrets: string[], anchors: Record<string, string[]>): string {
  const [anchor] = Object.entries(anchors).filter(([, group]) => group.every((secret) => secrets.includes(secret)));
  if (!anchor) return `[${secrets.join(', ')}]`;
  const [alias, group] = anchor;
  const others = secrets.filter((secret) => !group.includes(secret));
  return others.length === 0 ? `*${alias}` : `[${[...others, `*${alias}`].join(', ')}]`;
}

function permissionsOf(table: Record<string, string[]>): string[] {
  return Object.entries(table).flatMap(([kind, actions]) => actions.map((action) => `${kind} ${action}`));
}

function inOrder(actions: string[]): string[] {
  return actions.toSorted((first, second) => ACTIONS.indexOf(first) - ACTIONS.indexOf(second));
}

function flow(value: unknown): string {
  return stringify(value, { collectionStyle: 'flow', lineWidth: 0, singleQuote: true }).trim();
}

function sameSet(first: string[], second: string[]): boolean {
  return first.length === second.length && first.toSorted().join('\n') === second.toSorted().join('\n');
}
