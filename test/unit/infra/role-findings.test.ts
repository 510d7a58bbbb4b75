import { describe, expect, it } from 'vitest';
import { roleFindings } from '../../support/template/role-findings.ts';
import type { PolicyDocument, Statement, Template } from '../../support/template/template.ts';

const TABLE = { 'Fn::GetAtt': ['Table', 'Arn'] };
const LOG = { 'Fn::GetAtt': ['ShopLogGroup', 'Arn'] };
const NETWORK = ['ec2:CreateNetworkInterface', 'ec2:DescribeNetworkInterfaces'];
const SELF = { 'Fn::Sub': 'arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:shop-dev-shop' };
const FORBIDDEN: Statement = {
  Effect: 'Deny',
  Action: NETWORK,
  Resource: '*',
  Condition: { ArnEquals: { 'lambda:SourceFunctionArn': SELF } },
};

function items(...prefixes: string[]): Statement['Condition'] {
  return { 'ForAllValues:StringLike': { 'dynamodb:LeadingKeys': prefixes } };
}

/** Returns a correct template of one function, with additional statements. */
function templateWith(...statements: Statement[]): Template {
  const good: Statement[] = [
    { Effect: 'Allow', Action: ['logs:PutLogEvents'], Resource: LOG },
    { Effect: 'Allow', Action: ['dynamodb:GetItem'], Resource: TABLE, Condition: items('SESSION#*') },
  ];
  return {
    Resources: {
      ShopLambdaFunction: {
        Type: 'AWS::Lambda::Function',
        Properties: {
          Handler: 'functions/shop.handler',
          FunctionName: 'shop-dev-shop',
          Role: { 'Fn::GetAtt': ['ShopRole', 'Arn'] },
          VpcConfig: {},
        },
      },
      ShopRole: {
        Type: 'AWS::IAM::Role',
        Properties: {
          AssumeRolePolicyDocument: { Statement: [{ Principal: { Service: 'lambda.amazonaws.com' } }] },
          Policies: [{ PolicyDocument: { Statement: [...good, ...statements] } }],
        },
      },
    },
    Outputs: {},
  };
}

function changed(change: (resources: Template['Resources']) => void): Template {
  const template = templateWith();
  change(template.Resources);
  return template;
}

it('roleFindings returns no finding for a correct template', () => {
  const network: Statement = { Effect: 'Allow', Action: NETWORK, Resource: '*' };
  const report = { 'Fn::Sub': '${BillReports.Arn}/bills/*' };
  expect(roleFindings(templateWith())).toEqual([]);
  expect(roleFindings(templateWith(network, FORBIDDEN))).toEqual([]);
  expect(roleFindings(templateWith({ Effect: 'Allow', Action: 's3:PutObject', Resource: report }))).toEqual([]);
});

describe('roleFindings, statements', () => {
  it.each<[string, Statement, string]>([
    ['any action', { Effect: 'Allow', Action: '*', Resource: TABLE }, 'wildcard in the action *'],
    [
      'actions by a pattern',
      { Effect: 'Allow', Action: ['dynamodb:*Item'], Resource: LOG },
      'in the action dynamodb:*',
    ],
    ['any resource', { Effect: 'Allow', Action: 'events:PutEvents', Resource: '*' }, 'in the resource * of events'],
    [
      'every parameter',
      { Effect: 'Allow', Action: 'ssm:GetParameters', Resource: { 'Fn::Sub': 'arn:aws:ssm:::parameter/shop/dev/*' } },
      'in the resource arn:aws:ssm:::parameter/shop/dev/*',
    ],
    [
      'a resource with a joined wildcard',
      { Effect: 'Allow', Action: 's3:PutObject', Resource: { 'Fn::Join': ['', [TABLE, '/*']] } },
      'a wildcard in the resource',
    ],
    [
      'another action on the bill reports',
      { Effect: 'Allow', Action: 's3:GetObject', Resource: { 'Fn::Sub': '${BillReports.Arn}/bills/*' } },
      'of s3:GetObject',
    ],
    [
      'all actions except one',
      { Effect: 'Allow', NotAction: ['iam:PassRole'], Resource: LOG },
      'must list its actions',
    ],
    ['every item', { Effect: 'Allow', Action: 'dynamodb:PutItem', Resource: TABLE }, 'all items of the table'],
    [
      'every kind of item',
      { Effect: 'Allow', Action: 'dynamodb:PutItem', Resource: TABLE, Condition: items('SESSION#*', '*') },
      'all items of the table',
    ],
    [
      'the log of another function',
      { Effect: 'Allow', Action: 'logs:PutLogEvents', Resource: { 'Fn::GetAtt': ['OtherLogGroup', 'Arn'] } },
      'the log group belongs to another function',
    ],
    [
      'network changes by the code',
      { Effect: 'Allow', Action: NETWORK, Resource: '*' },
      'the code of the function may change the network',
    ],
  ])('reports a statement that allows %s', (_, statement, finding) => {
    expect(roleFindings(templateWith(statement)).join('\n')).toContain(finding);
  });

  it('reports an action on the table that is split over two statements', () => {
    const second: Statement = {
      Effect: 'Allow',
      Action: ['dynamodb:GetItem'],
      Resource: TABLE,
      Condition: items('ACCOUNT#*'),
    };
    const findings = roleFindings(templateWith(second));
    expect(findings).toEqual(['shop: dynamodb:GetItem is in two statements, so a request for items of both is denied']);
  });

  it('reports network changes that are denied only to the code of another function', () => {
    const network: Statement = { Effect: 'Allow', Action: NETWORK, Resource: '*' };
    const foreign = { ArnEquals: { 'lambda:SourceFunctionArn': { 'Fn::Sub': `${SELF['Fn::Sub']}-2` } } };
    const findings = roleFindings(templateWith(network, { ...FORBIDDEN, Condition: foreign }));
    expect(findings).toEqual(['shop: the code of the function may change the network']);
  });
});

describe('roleFindings, roles', () => {
  it('reports a role that two functions share', () => {
    const template = changed((resources) => {
      resources['OtherLambdaFunction'] = { ...resources['ShopLambdaFunction']! };
    });
    expect(roleFindings(template)).toContain('ShopRole: several functions share this role');
  });

  it('reports a role that no function uses', () => {
    const template = changed((resources) => {
      resources['SharedRole'] = { ...resources['ShopRole']! };
    });
    expect(roleFindings(template)).toEqual(['SharedRole: no function uses this role']);
  });

  it('reports a managed policy', () => {
    const template = changed((resources) => {
      resources['ShopRole']!.Properties['ManagedPolicyArns'] = ['arn:aws:iam::aws:policy/AdministratorAccess'];
    });
    expect(roleFindings(template)).toEqual(['ShopRole: a managed policy can be widened outside this template']);
  });

  it('reports a trust policy with another principal', () => {
    const template = changed((resources) => {
      const trust = resources['ShopRole']!.Properties['AssumeRolePolicyDocument'] as PolicyDocument;
      trust.Statement.push({ Effect: 'Allow', Principal: { AWS: '*' } });
    });
    expect(roleFindings(template).join()).toContain('ShopRole: trusts');
  });
});

it.each([
  ['every principal', { Effect: 'Allow', Principal: '*', Action: 'sqs:SendMessage' }, 'Queue: allows every principal'],
  [
    'every account',
    { Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sqs:SendMessage' },
    'Queue: allows every principal',
  ],
  ['every action', { Effect: 'Allow', Principal: { Service: 'sns' }, Action: 'sqs:*' }, 'Queue: a wildcard in sqs:*'],
] satisfies [string, Statement, string][])(
  'roleFindings reports a queue policy that allows %s',
  (_, statement, finding) => {
    const template = changed((resources) => {
      const PolicyDocument = { Statement: [statement] };
      resources['Queue'] = { Type: 'AWS::SQS::QueuePolicy', Properties: { PolicyDocument } };
    });
    expect(roleFindings(template)).toEqual([finding]);
  },
);
