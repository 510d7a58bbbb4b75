import { globSync, readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';

interface Statement {
  Effect: string;
  Action: string | string[];
  Resource: string | string[];
  Condition?: Record<string, Record<string, string>>;
}

interface Role {
  Properties: {
    RoleName: string;
    AssumeRolePolicyDocument: { Statement: Statement[] };
    Policies: { PolicyDocument: { Statement: Statement[] } }[];
  };
}

/** Short forms of CloudFormation, as the text that they hold. */
const customTags = ['!Sub', '!Ref', '!GetAtt'].map((tag) => ({ tag, resolve: (text: string) => text }));
const sequences = ['!If', '!Equals'].map((tag) => ({ tag, collection: 'seq' as const }));
const template = parse(readFileSync('infra/ops/github-oidc.yml', 'utf8'), {
  customTags: [...customTags, ...sequences],
}) as { Resources: { DeployRole: Role; NetworkPolicy: { Properties: Role['Properties']['Policies'][0] } } };
const { DeployRole, NetworkPolicy } = template.Resources;
const { Properties: role } = DeployRole;
const statements = role.Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
const actions = (list: Statement[]) => list.flatMap(({ Action }) => Action);

describe('the role that GitHub takes', () => {
  it('is for one environment of one repository', () => {
    expect(role.AssumeRolePolicyDocument.Statement).toHaveLength(1);
    expect(role.AssumeRolePolicyDocument.Statement[0]?.Condition).toEqual({
      StringEquals: {
        'token.actions.githubusercontent.com:aud': 'sts.amazonaws.com',
        'token.actions.githubusercontent.com:sub': '${Subject}:environment:${Stage}',
      },
    });
  });

  it('reads no secret and no item', () => {
    const allowed = actions(statements);
    expect(allowed.filter((action) => /^(ssm|kms|secretsmanager):/.test(action) || action === '*')).toEqual([]);
    expect(allowed.filter((action) => /^dynamodb:.*(Item|Query|Scan|PartiQL|Batch|\*)/.test(action))).toEqual([
      'dynamodb:Describe*',
    ]);
  });

  it('reaches one stage alone, but for what has no name', () => {
    const wide = statements.filter(({ Resource }) => [Resource].flat().some((one) => !one.includes('${Stage}')));
    expect(actions(wide).toSorted()).toEqual(
      [
        'apigateway:DELETE',
        'apigateway:GET',
        'apigateway:PATCH',
        'apigateway:POST',
        'apigateway:PUT',
        'cloudformation:ValidateTemplate',
        'cloudwatch:DescribeAlarms',
        'iam:CreateServiceLinkedRole',
        'lambda:*EventSourceMapping',
        'lambda:ListEventSourceMappings',
        'lambda:ListTags',
        'lambda:TagResource',
        'logs:*LogDelivery',
        'logs:Describe*',
        'logs:ListLogDeliveries',
        'logs:PutResourcePolicy',
      ].toSorted(),
    );
  });

  it('hands roles to functions alone, and none of them is itself', () => {
    const iam = statements.filter(({ Action }) => [Action].flat().some((action) => /^iam:.*Role/.test(action)));
    expect(actions(iam)).not.toContain('iam:AttachRolePolicy');
    expect(iam.find(({ Action }) => Action === 'iam:PassRole')?.Condition).toEqual({
      StringEquals: { 'iam:PassedToService': 'lambda.amazonaws.com' },
    });
    expect(role.RoleName).not.toMatch(/^wechat-lambda/);
  });

  it('may make every kind of resource that the stack is made of', () => {
    const kinds = globSync('infra/*.yml').flatMap((path) => [
      ...readFileSync(path, 'utf8').matchAll(/Type: AWS::(\w+)::/g),
    ]);
    const madeByFramework = ['CloudFormation', 'Lambda', 'Logs', 'IAM', 'ApiGatewayV2', 'S3'];
    const services = new Set([...madeByFramework, ...kinds.map(([, service]) => service!)]);
    const network = NetworkPolicy.Properties.PolicyDocument.Statement;
    const granted = new Set(actions([...statements, ...network]).map((action) => action.split(':')[0]));
    const prefixOf = (service: string) => service.toLowerCase().replace('apigatewayv2', 'apigateway');
    expect([...services].filter((service) => !granted.has(prefixOf(service)))).toEqual([]);
  });

  it('fits into a role', () => {
    expect(JSON.stringify(role.Policies).replaceAll(/\s/g, '').length).toBeLessThan(10_240);
  });
});
