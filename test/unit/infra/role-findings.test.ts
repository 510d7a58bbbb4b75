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

/** A template of one function, which is right, with these statements besides. */
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

it('finds nothing where nothing is wrong', () => {
  const network: Statement = { Effect: 'Allow', Action: NETWORK, Resource: '*' };
  const report = { 'Fn::Sub': '${BillReports.Arn}/bills/*' };
  expect(roleFindings(templateWith())).toEqual([]);
  expect(roleFindings(templateWith(network, FORBIDDEN))).toEqual([]);
  expect(roleFindings(templateWith({ Effect: 'Allow', Action: 's3:PutObject', Resource: report }))).toEqual([]);
});

describe('is red when a statement says more than it must', () => {
  it.each<[string, Statement, string]>([
    ['any action', { Effect: 'Allow', Action: '*', Resource: TABLE }, 'wildcard in the action *'],
    ['a family of actions', { Effect: 'Allow', Action: ['dynamodb:*Item'], Resource: LOG }, 'in the action dynamodb:*'],
    ['any resource', { Effect: 'Allow', Action: 'events:PutEvents', Resource: '*' }, 'in the resource * of events'],
    [
      'every parameter',
      { Effect: 'Allow', Action: 'ssm:GetParameters', Resource: { 'Fn::Sub': 'arn:aws:ssm:::parameter/shop/dev/*' } },
      'in the resource arn:aws:ssm:::parameter/shop/dev/*',
    ],
    [
      'a wildcard put together',
      { Effect: 'Allow', Action: 's3:PutObject', Resource: { 'Fn::Join': ['', [TABLE, '/*']] } },
      'a wildcard in the resource',
    ],
    [
      'more of the bucket',
      { Effect: 'Allow', Action: 's3:GetObject', Resource: { 'Fn::Sub': '${BillReports.Arn}/bills/*' } },
      'of s3:GetObject',
    ],
    ['all but something', { Effect: 'Allow', NotAction: ['iam:PassRole'], Resource: LOG }, 'does not allow'],
    ['every item', { Effect: 'Allow', Action: 'dynamodb:PutItem', Resource: TABLE }, 'all items of the table'],
    [
      'every kind of item',
      { Effect: 'Allow', Action: 'dynamodb:PutItem', Resource: TABLE, Condition: items('SESSION#*', '*') },
      'all items of the table',
    ],
    [
      'the log of another function',
      { Effect: 'Allow', Action: 'logs:PutLogEvents', Resource: { 'Fn::GetAtt': ['OtherLogGroup', 'Arn'] } },
      'a foreign log',
    ],
    ['the network', { Effect: 'Allow', Action: NETWORK, Resource: '*' }, 'its code may change the network'],
  ])('%s', (_, statement, finding) => {
    expect(roleFindings(templateWith(statement)).join('\n')).toContain(finding);
  });

  it('and less than it must for items of two kinds in one call', () => {
    const second: Statement = {
      Effect: 'Allow',
      Action: ['dynamodb:GetItem'],
      Resource: TABLE,
      Condition: items('ACCOUNT#*'),
    };
    const findings = roleFindings(templateWith(second));
    expect(findings).toEqual(['shop: dynamodb:GetItem is split, and refused for items of both statements']);
  });

  it('the network, forbidden to the code of another function only', () => {
    const network: Statement = { Effect: 'Allow', Action: NETWORK, Resource: '*' };
    const foreign = { ArnEquals: { 'lambda:SourceFunctionArn': { 'Fn::Sub': `${SELF['Fn::Sub']}-2` } } };
    const findings = roleFindings(templateWith(network, { ...FORBIDDEN, Condition: foreign }));
    expect(findings).toEqual(['shop: its code may change the network']);
  });
});

describe('is red when a role is not one function’s own', () => {
  it('two functions with one role', () => {
    const template = changed((resources) => {
      resources['OtherLambdaFunction'] = { ...resources['ShopLambdaFunction']! };
    });
    expect(roleFindings(template)).toContain('ShopRole: more than one function has it');
  });

  it('a role of nobody', () => {
    const template = changed((resources) => {
      resources['SharedRole'] = { ...resources['ShopRole']! };
    });
    expect(roleFindings(template)).toEqual(['SharedRole: a role that no function has']);
  });

  it('a managed policy', () => {
    const template = changed((resources) => {
      resources['ShopRole']!.Properties['ManagedPolicyArns'] = ['arn:aws:iam::aws:policy/AdministratorAccess'];
    });
    expect(roleFindings(template)).toEqual(['ShopRole: a managed policy, which others may widen']);
  });

  it('somebody else who may take it', () => {
    const template = changed((resources) => {
      const trust = resources['ShopRole']!.Properties['AssumeRolePolicyDocument'] as PolicyDocument;
      trust.Statement.push({ Effect: 'Allow', Principal: { AWS: '*' } });
    });
    expect(roleFindings(template).join()).toContain('ShopRole: trusts');
  });
});

it.each([
  ['everybody', { Effect: 'Allow', Principal: '*', Action: 'sqs:SendMessage' }, 'Queue: lets everybody in'],
  [
    'every account',
    { Effect: 'Allow', Principal: { AWS: '*' }, Action: 'sqs:SendMessage' },
    'Queue: lets everybody in',
  ],
  ['every action', { Effect: 'Allow', Principal: { Service: 'sns' }, Action: 'sqs:*' }, 'Queue: a wildcard in sqs:*'],
] satisfies [string, Statement, string][])('is red when a queue is open to %s', (_, statement, finding) => {
  const template = changed((resources) => {
    const PolicyDocument = { Statement: [statement] };
    resources['Queue'] = { Type: 'AWS::SQS::QueuePolicy', Properties: { PolicyDocument } };
  });
  expect(roleFindings(template)).toEqual([finding]);
});
