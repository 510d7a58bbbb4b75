// The parts of a CloudFormation template that the tests read.

/** A text or an intrinsic function. */
export type Value = unknown;

export interface Resource {
  Type: string;
  Properties: Record<string, Value>;
  DependsOn?: string | string[];
  DeletionPolicy?: string;
  UpdateReplacePolicy?: string;
}

export interface Template {
  Resources: Record<string, Resource>;
  Outputs: Record<string, { Value: Value }>;
}

export interface Statement {
  Effect: 'Allow' | 'Deny';
  Action?: string | string[];
  NotAction?: Value;
  Resource?: Value;
  NotResource?: Value;
  Principal?: Value;
  Condition?: Record<string, Record<string, Value>>;
}

export interface PolicyDocument {
  Statement: Statement[];
}

/** Lists the resources of a type with their logical ids. */
export function resourcesOf(template: Template, type: string): [string, Resource][] {
  return Object.entries(template.Resources).filter(([, { Type }]) => Type === type);
}

export interface DeployedFunction {
  /** The name in serverless.yml. */
  name: string;
  logicalId: string;
  properties: Record<string, Value>;
}

export function functionsOf(template: Template): DeployedFunction[] {
  return resourcesOf(template, 'AWS::Lambda::Function').map(([logicalId, { Properties }]) => ({
    name: String(Properties['Handler']).replace(/^functions\/|\.handler$/g, ''),
    logicalId,
    properties: Properties,
  }));
}

/** Lists the statements of a function's role. @throws when the template does not contain the role */
export function statementsOf(template: Template, { properties }: DeployedFunction): Statement[] {
  const role = template.Resources[roleIdOf(properties)];
  if (role?.Type !== 'AWS::IAM::Role') throw new Error(`${roleIdOf(properties)} is not a role of the template`);
  const policies = role.Properties['Policies'] as { PolicyDocument: PolicyDocument }[];
  return policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
}

export function roleIdOf(properties: Record<string, Value>): string {
  return (properties['Role'] as { 'Fn::GetAtt': [string] })['Fn::GetAtt'][0];
}

export function listOf<Item>(value: Item | Item[] | undefined): Item[] {
  if (value === undefined) return [];
  return Array.isArray(value) ? value : [value];
}

/** Returns an ARN or another value as text. References stay in the form `${Name.Attribute}`. */
export function textOf(value: Value): string {
  if (typeof value === 'string') return value;
  const { 'Fn::Sub': sub, 'Fn::GetAtt': path, Ref: name } = value as Record<string, Value>;
  if (typeof sub === 'string') return sub;
  if (Array.isArray(path)) return `\${${path.join('.')}}`;
  if (typeof name === 'string') return `\${${name}}`;
  return JSON.stringify(value);
}
