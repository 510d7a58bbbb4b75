// What is wrong with who may do what in a template. Empty is right; each finding names the place and the rule.
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

/** The stars that are meant. Each is the least that AWS can express. */
const EXCEPTIONS: { why: string; isMeant(statement: Statement, resource: string): boolean }[] = [
  {
    why: 'EC2 knows no resource for them, and the same role forbids them to the code of the function',
    isMeant: (statement, resource) => resource === '*' && isNetwork(statement),
  },
  {
    why: 'a report has the name of its day',
    isMeant: ({ Action }, resource) =>
      listOf(Action).join() === 's3:PutObject' && resource === '${BillReports.Arn}/bills/*',
  },
];

export function roleFindings(template: Template): string[] {
  const functions = functionsOf(template);
  const roles = functions.map(({ properties }) => roleIdOf(properties));
  return [
    ...roles.filter((role, at) => roles.indexOf(role) !== at).map((role) => `${role}: more than one function has it`),
    ...resourcesOf(template, 'AWS::IAM::Role').flatMap(([id, { Properties }]) => [
      ...(roles.includes(id) ? [] : [`${id}: a role that no function has`]),
      ...('ManagedPolicyArns' in Properties ? [`${id}: a managed policy, which others may widen`] : []),
      ...trustFindings(id, Properties['AssumeRolePolicyDocument'] as PolicyDocument),
    ]),
    ...['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy'].flatMap((type) =>
      resourcesOf(template, type).map(([id]) => `${id}: a policy apart from its role`),
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
  return [...allowed.flatMap((one) => statementFindings(fn, one, statements)), ...splitFindings(fn, allowed)];
}

/** A batch or a transaction may name items of several kinds: one statement must allow them all. */
function splitFindings({ name }: DeployedFunction, allowed: Statement[]): string[] {
  const actions = allowed
    .filter(({ Resource }) => listOf(Resource).map(textOf).includes('${Table.Arn}'))
    .flatMap(({ Action }) => listOf(Action));
  const repeated = new Set(actions.filter((action, at) => actions.indexOf(action) !== at));
  return [...repeated].map((action) => `${name}: ${action} is split, and refused for items of both statements`);
}

function statementFindings(fn: DeployedFunction, statement: Statement, all: Statement[]): string[] {
  const { Action, NotAction, NotResource, Resource } = statement;
  const actions = listOf(Action);
  const resources = listOf(Resource).map(textOf);
  const say = (finding: string) => `${fn.name}: ${finding}`;
  return [
    ...(NotAction || NotResource || actions.length === 0 || resources.length === 0
      ? [say('a statement that says what it does not allow, or nothing')]
      : []),
    ...actions.filter((action) => /[*?]/.test(action)).map((action) => say(`a wildcard in the action ${action}`)),
    ...resources
      .filter((resource) => /[*?]/.test(resource))
      .filter((resource) => !EXCEPTIONS.some(({ isMeant }) => isMeant(statement, resource)))
      .map((resource) => say(`a wildcard in the resource ${resource} of ${actions.join()}`)),
    ...(isNetwork(statement) && !forbidsToCode(fn, all) ? [say('its code may change the network')] : []),
    ...(resources.includes('${Table.Arn}') && !namesItems(statement) ? [say('all items of the table')] : []),
    ...(actions.some((action) => action.startsWith('logs:')) && !isOwnLog(fn, resources) ? [say('a foreign log')] : []),
  ];
}

function isNetwork({ Action }: Statement): boolean {
  return listOf(Action).every((action) => action.startsWith('ec2:'));
}

function forbidsToCode({ properties }: DeployedFunction, statements: Statement[]): boolean {
  const [allowed, denied] = (['Allow', 'Deny'] as const).map((effect) =>
    statements.find((statement) => statement.Effect === effect && isNetwork(statement)),
  );
  const whose = JSON.stringify(denied?.Condition?.['ArnEquals']?.['lambda:SourceFunctionArn'] ?? '');
  return (
    'VpcConfig' in properties &&
    listOf(denied?.Action).join() === listOf(allowed?.Action).join() &&
    whose.endsWith(`:function:${String(properties['FunctionName'])}"}`)
  );
}

/** Kinds of items by the beginning of their partition key: `SESSION#*`, never `*`. */
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

/** Queues, buckets and topics let nobody in by name of everybody. */
function openFindings(id: string, { Effect, Principal, Action }: Statement): string[] {
  if (Effect === 'Deny') return [];
  return [
    ...(JSON.stringify(Principal).includes('*') ? [`${id}: lets everybody in`] : []),
    ...listOf(Action).flatMap((action) => (action.includes('*') ? [`${id}: a wildcard in ${action}`] : [])),
  ];
}
