import { globSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { matchesGlob } from 'node:path';
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
}) as {
  Resources: Record<'Boundary' | 'NetworkPolicy', { Properties: Role['Properties']['Policies'][0] }> & {
    DeployRole: Role;
  };
};
const { Boundary, DeployRole, NetworkPolicy } = template.Resources;
const { Properties: role } = DeployRole;
const statements = role.Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
const network = NetworkPolicy.Properties.PolicyDocument.Statement;
const actions = (list: Statement[]) => list.flatMap(({ Action }) => Action);
const grants = (list: Statement[], action: string) => actions(list).some((one) => matchesGlob(action, one));

/** What makes each kind of resource, also of those that the framework adds. */
const MADE_BY: Record<string, string> = {
  'AWS::ApiGatewayV2::Api': 'apigateway:POST',
  'AWS::ApiGatewayV2::ApiMapping': 'apigateway:POST',
  'AWS::ApiGatewayV2::DomainName': 'apigateway:POST',
  'AWS::CloudFormation::Stack': 'cloudformation:CreateStack',
  'AWS::CloudWatch::Alarm': 'cloudwatch:PutMetricAlarm',
  'AWS::DynamoDB::Table': 'dynamodb:CreateTable',
  'AWS::EC2::EIP': 'ec2:AllocateAddress',
  'AWS::EC2::InternetGateway': 'ec2:CreateInternetGateway',
  'AWS::EC2::NatGateway': 'ec2:CreateNatGateway',
  'AWS::EC2::Route': 'ec2:CreateRoute',
  'AWS::EC2::RouteTable': 'ec2:CreateRouteTable',
  'AWS::EC2::SecurityGroup': 'ec2:CreateSecurityGroup',
  'AWS::EC2::Subnet': 'ec2:CreateSubnet',
  'AWS::EC2::SubnetRouteTableAssociation': 'ec2:AssociateRouteTable',
  'AWS::EC2::VPC': 'ec2:CreateVpc',
  'AWS::EC2::VPCEndpoint': 'ec2:CreateVpcEndpoint',
  'AWS::EC2::VPCGatewayAttachment': 'ec2:AttachInternetGateway',
  'AWS::Events::EventBus': 'events:CreateEventBus',
  'AWS::Events::Rule': 'events:PutRule',
  'AWS::IAM::Role': 'iam:CreateRole',
  'AWS::Lambda::EventInvokeConfig': 'lambda:PutFunctionEventInvokeConfig',
  'AWS::Lambda::EventSourceMapping': 'lambda:CreateEventSourceMapping',
  'AWS::Lambda::Function': 'lambda:CreateFunction',
  'AWS::Lambda::Permission': 'lambda:AddPermission',
  'AWS::Lambda::Url': 'lambda:CreateFunctionUrlConfig',
  'AWS::Logs::LogGroup': 'logs:CreateLogGroup',
  'AWS::Logs::MetricFilter': 'logs:PutMetricFilter',
  'AWS::S3::Bucket': 's3:CreateBucket',
  'AWS::S3::BucketPolicy': 's3:PutBucketPolicy',
  'AWS::SNS::Topic': 'sns:CreateTopic',
  'AWS::SNS::Subscription': 'sns:Subscribe',
  'AWS::SQS::Queue': 'sqs:CreateQueue',
  'AWS::SQS::QueuePolicy': 'sqs:SetQueueAttributes',
};

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
        'apigateway:TagResource',
        'apigateway:UntagResource',
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
    const kinds = globSync('infra/*.yml').flatMap((path) =>
      [...readFileSync(path, 'utf8').matchAll(/Type: (AWS::\w+::\w+)/g)].map(([, kind]) => kind!),
    );
    expect(kinds.filter((kind) => !(kind in MADE_BY))).toEqual([]);
    const all = [...statements, ...network];
    expect(Object.values(MADE_BY).filter((action) => !grants(all, action))).toEqual([]);
  });

  it('calls no function', () => {
    expect(['lambda:InvokeFunction', 'lambda:InvokeFunctionUrl'].filter((one) => grants(statements, one))).toEqual([]);
  });

  it('fits into a role', () => {
    expect(JSON.stringify(role.Policies).replaceAll(/\s/g, '').length).toBeLessThan(10_240);
  });
});

describe('the boundary of the functions’ roles', () => {
  const { roleOf } = createRequire(import.meta.url)('../../../infra/build/roles.cjs') as {
    roleOf(fn: object, options: object): { Properties: { PermissionsBoundary?: string } & Role['Properties'] };
  };
  const { functions } = parse(readFileSync('serverless.yml', 'utf8'), { logLevel: 'error' }) as {
    functions: Record<string, object>;
  };
  const within = Boundary.Properties.PolicyDocument.Statement;
  const options = { logGroup: 'Log', secretsPath: '/wechat-lambda/dev' };

  it('is what gives a role power at all, and stays', () => {
    const power = statements.filter((one) => /iam:(CreateRole|PutRole|AttachRole)/.test(String(one.Action)));
    expect(power.map(({ Condition }) => Condition)).toEqual([
      { StringEquals: { 'iam:PermissionsBoundary': 'Boundary' } },
    ]);
    expect(actions(power)).toEqual(['iam:CreateRole', 'iam:PutRolePolicy', 'iam:PutRolePermissionsBoundary']);
    const taken = ['iam:DeleteRolePermissionsBoundary', 'iam:CreatePolicyVersion', 'iam:SetDefaultPolicyVersion'];
    expect(taken.filter((one) => grants(statements, one))).toEqual([]);
  });

  it('has room for all that any function may do, and for nothing of another stage', () => {
    const wanted = Object.values(functions).flatMap((fn) =>
      roleOf({ ...fn, name: 'f', vpc: {} }, options).Properties.Policies.flatMap(({ PolicyDocument }) =>
        actions(PolicyDocument.Statement),
      ),
    );
    expect(new Set(wanted).size).toBeGreaterThan(15);
    expect([...new Set(wanted)].filter((action) => !actions(within).includes(action))).toEqual([]);
    const wide = within.filter(
      ({ Resource, Condition }) => !JSON.stringify([Resource, Condition]).includes('${Stage}'),
    );
    expect(actions(wide).filter((action) => !action.startsWith('ec2:'))).toEqual([]);
    expect(actions(within).filter((action) => /\*|^iam:|^sts:|^lambda:/.test(action))).toEqual([]);
  });

  it('is put around a role only where the settings name one', () => {
    expect(roleOf({}, { ...options, boundary: '' }).Properties).not.toHaveProperty('PermissionsBoundary');
    const boundary = 'arn:aws:iam::123456789012:policy/wechat-lambda-dev-boundary';
    expect(roleOf({}, { ...options, boundary }).Properties.PermissionsBoundary).toBe(boundary);
  });
});
