// Checks the permissions in a template. Each finding names the resource and the broken rule.
import {
  functionsOf,
  listOf,
  resourcesOf,
  roleIdOf,
  statementsOf,
  textOf,
  type DeployedFunction,
  type PolicyDocument,
  type Statement,
  type Template,
} from './template.ts';

/** Wildcards that are allowed, because AWS cannot express less. */
const EXCEPTIONS: { why: string; isAllowed(statement: Statement, resource: string): boolean }[] = [
  {
    why: 'EC2 has no resource for these actions, and the role denies them to the code of the function',
    isAllowed: (statement, resource) => resource === '*' && isNetwork(statement),
  },
  {
    why: 'the name of a report contains its date',
    isAllowed: ({ Action }, resource) =>
      listOf(Action).join() === 's3:PutObject' && resource === '${BillReports.Arn}/bills/*',
  },
  {
    why: 'the key of an upload is random',
    isAllowed: ({ Action }, resource) =>
      listOf(Action).every((action) => /^s3:(Put|Get|Delete)Object(Tagging)?$/.test(action)) &&
      resource === '${Uploads.Arn}/uploads/*',
  },
];

export function roleFindings(template: Template): string[] {
  const functions = functionsOf(template);
  const roles = functions.map(({ properties }) => roleIdOf(properties));
  return [
    ...roles
      .filter((role, at) => roles.indexOf(role) !== at)
      .map((role) => `${role}: several functions share this role`),
    ...resourcesOf(template, 'AWS::IAM::Role').flatMap(([id, { Properties }]) => [
      ...(roles.includes(id) ? [] : [`${id}: no function uses this role`]),
      ...('ManagedPolicyArns' in Properties ? [`${id}: a managed policy can be widened outside this template`] : []),
      ...trustFindings(id, Properties['AssumeRolePolicyDocument'] as PolicyDocument),
    ]),
    ...['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy'].flatMap((type) =>
      resourcesOf(template, type).map(([id]) => `${id}: the policy must be part of a role`),
    ),
    ...functions.flatMap((fn) => functionFindings(template, fn)),
    ...resourcePolicies(template).flatMap(([id, document]) =>
      document.Statement.flatMap((statement) => openFindings(id, statement)),
    ),
  ];
}

function trustFindings(id: string, { Statement }: PolicyDocument): string[] {
  const trusted = Statement.map(({ Principal }) => JSON.stringify(Principal));
  return trusted.join() === '{"Service":"lambda.amazonaws.com"}' ? [] : [`${id}: trusts ${trusted.join()}`];
}

function functionFindings(template: Template, fn: DeployedFunction): string[] {
  const statements = statementsOf(template, fn);
  const allowed = statements.filter(({ Effect }) => Effect === 'Allow');
  return [
    ...allowed.flatMap((statement) => statementFindings(fn, statement, statements)),
    ...splitFindings(fn, allowed),
  ];
}

/** A batch or a transaction may name items of several kinds: one statement must allow them all. */
function splitFindings({ name }: DeployedFunction, allowed: Statement[]): string[] {
  const actions = allowed
    .filter(({ Resource }) => listOf(Resource).map(textOf).includes('${Table.Arn}'))
    .flatMap(({ Action }) => listOf(Action));
  const repeated = new Set(actions.filter((action, at) => actions.indexOf(action) !== at));
  return [...repeated].map(
    (action) => `${name}: ${action} is in two statements, so a request for items of both is denied`,
  );
}

function statementFindings(fn: DeployedFunction, statement: Statement, all: Statement[]): string[] {
  const { Action, NotAction, NotResource, Resource } = statement;
  const actions = listOf(Action);
  const resources = listOf(Resource).map(textOf);
  const finding = (text: string) => `${fn.name}: ${text}`;
  return [
    ...(NotAction || NotResource || actions.length === 0 || resources.length === 0
      ? [finding('a statement must list its actions and resources')]
      : []),
    ...actions.filter((action) => /[*?]/.test(action)).map((action) => finding(`a wildcard in the action ${action}`)),
    ...resources
      .filter((resource) => /[*?]/.test(resource))
      .filter((resource) => !EXCEPTIONS.some(({ isAllowed }) => isAllowed(statement, resource)))
      .map((resource) => finding(`a wildcard in the resource ${resource} of ${actions.join()}`)),
    ...(isNetwork(statement) && !forbidsToCode(fn, all)
      ? [finding('the code of the function may change the network')]
      : []),
    ...(resources.includes('${Table.Arn}') && !namesItems(statement)
      ? [finding('the statement allows all items of the table')]
      : []),
    ...(actions.some((action) => action.startsWith('logs:')) && !isOwnLog(fn, resources)
      ? [finding('the log group belongs to another function')]
      : []),
  ];
}

function isNetwork({ Action }: Statement): boolean {
  return listOf(Action).every((action) => action.startsWith('ec2:'));
}

function forbidsToCode({ properties }: DeployedFunction, statements: Statement[]): boolean {
  const [allowed, denied] = (['Allow', 'Deny'] as const).map((effect) =>
    statements.find((statement) => statement.Effect === effect && isNetwork(statement)),
  );
  const sourceFunction = JSON.stringify(denied?.Condition?.['ArnEquals']?.['lambda:SourceFunctionArn'] ?? '');
  return (
    'VpcConfig' in properties &&
    listOf(denied?.Action).join() === listOf(allowed?.Action).join() &&
    sourceFunction.endsWith(`:function:${String(properties['FunctionName'])}"}`)
  );
}

/** Whether the statement names kinds of items by a key prefix such as `SESSION#*`. */
function namesItems({ Condition }: Statement): boolean {
  const prefixes = listOf(Condition?.['ForAllValues:StringLike']?.['dynamodb:LeadingKeys'] as string[] | undefined);
  return prefixes.length > 0 && prefixes.every((prefix) => /^[A-Z]+#\*$/.test(prefix));
}

function isOwnLog({ logicalId }: DeployedFunction, resources: string[]): boolean {
  return resources.join() === `\${${logicalId.replace(/LambdaFunction$/, 'LogGroup')}.Arn}`;
}

function resourcePolicies(template: Template): [string, PolicyDocument][] {
  return Object.entries(template.Resources)
    .filter(([, { Type }]) => Type.endsWith('Policy') && Type !== 'AWS::IAM::Policy')
    .map(([id, { Properties }]) => [id, Properties['PolicyDocument'] as PolicyDocument]);
}

/** Policies of queues, buckets and topics must not allow every principal or every action. */
function openFindings(id: string, { Effect, Principal, Action }: Statement): string[] {
  if (Effect === 'Deny') return [];
  return [
    ...(JSON.stringify(Principal).includes('*') ? [`${id}: allows every principal`] : []),
    ...listOf(Action).flatMap((action) => (action.includes('*') ? [`${id}: a wildcard in ${action}`] : [])),
  ];
}
