// The stage prod with every switch on.
import { beforeAll, describe, expect, it } from 'vitest';
import { addressesOf, permissionsOf } from '../support/template/address-findings.ts';
import { codeAccess } from '../support/template/code-access.ts';
import { packageService } from '../support/template/package.ts';
import { roleFindings } from '../support/template/role-findings.ts';
import { functionsOf, resourcesOf, type Template } from '../support/template/template.ts';

const CERTIFICATE_ARN = 'arn:aws:acm:ap-southeast-1:123456789012:certificate/0b1c2d3e';
const WEBHOOKS = ['miniapp-events', 'official-events', 'pay-notify', 'pay-notify-v2'];

let template: Template;
const properties = (id: string) => template.Resources[id]!.Properties;
const environmentOf = (id: string) => properties(id)['Environment'] as { Variables: Record<string, unknown> };

beforeAll(async () => {
  template = await packageService('prod', {
    DOMAIN_NAME: 'api.example.com',
    CERTIFICATE_ARN,
    WEBHOOKS: 'both',
    EGRESS: 'fixed',
    ALARM_EMAIL: 'ops@example.com',
    ALLOWED_ORIGINS: 'https://shop.example.com,https://www.example.com/',
    CONTENT_CHECK: 'on',
    MINIAPP_APP_ID: 'wx1123456789abcdef',
    OFFICIAL_APP_ID: 'wx0123456789abcdef',
    PAY_MCH_ID: '1900000001',
  });
});

it('gives each function its own role, with wildcards only where AWS requires them', () => {
  expect(roleFindings(template)).toEqual([]);
});

describe('data', () => {
  it('in the table survives the stack, and the table has deletion protection', () => {
    const { DeletionPolicy, UpdateReplacePolicy } = template.Resources['Table']!;
    expect({ DeletionPolicy, UpdateReplacePolicy }).toEqual({
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
    });
    expect(properties('Table')['DeletionProtectionEnabled']).toBe(true);
  });

  it.each(['BillReports', 'Uploads'])('in the bucket %s survives the stack, is encrypted and private', (bucket) => {
    expect(template.Resources[bucket]).toMatchObject({
      DeletionPolicy: 'RetainExceptOnCreate',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        BucketEncryption: {
          ServerSideEncryptionConfiguration: [{ ServerSideEncryptionByDefault: { SSEAlgorithm: 'AES256' } }],
        },
        PublicAccessBlockConfiguration: {
          BlockPublicAcls: true,
          BlockPublicPolicy: true,
          IgnorePublicAcls: true,
          RestrictPublicBuckets: true,
        },
      },
    });
    expect(template.Resources[`${bucket}Policy`]!.Properties['PolicyDocument']).toMatchObject({
      Statement: [{ Effect: 'Deny', Action: 's3:*', Condition: { Bool: { 'aws:SecureTransport': 'false' } } }],
    });
  });

  it('in unused uploads ends after a day, and only there', () => {
    const { Rules } = template.Resources['Uploads']!.Properties['LifecycleConfiguration'] as { Rules: object[] };
    expect(Rules.filter((rule) => 'ExpirationInDays' in rule)).toEqual([
      {
        Id: 'unused',
        Status: 'Enabled',
        TagFilters: [{ Key: 'state', Value: 'unused' }],
        ExpirationInDays: 1,
      },
    ]);
  });

  it('in the logs is kept for 90 days', () => {
    const days = resourcesOf(template, 'AWS::Logs::LogGroup').map(
      ([, { Properties }]) => Properties['RetentionInDays'],
    );
    expect(new Set(days)).toEqual(new Set([90]));
  });
});

describe('the domain', () => {
  it('maps to the root of the API, where WeChat fetches its verification file', () => {
    expect(properties('Domain')).toEqual({
      DomainName: 'api.example.com',
      DomainNameConfigurations: [
        { CertificateArn: CERTIFICATE_ARN, EndpointType: 'REGIONAL', SecurityPolicy: 'TLS_1_2' },
      ],
    });
    expect(properties('DomainMapping')).not.toHaveProperty('ApiMappingKey');
    expect(properties('DomainMapping')).toMatchObject({ ApiId: { Ref: 'HttpApi' }, Stage: { Ref: 'HttpApiStage' } });
    expect(addressesOf(template).routes.get('verification-file')).toEqual(['GET /{file}']);
    expect(Object.keys(template.Outputs)).toEqual(expect.arrayContaining(['DomainTarget', 'DomainTargetZoneId']));
  });

  it('is the base of the public address and of the notification addresses', () => {
    const { Variables } = environmentOf('PayDashprepayLambdaFunction');
    expect(Variables).toMatchObject({
      PUBLIC_BASE_URL: 'https://api.example.com',
      PAY_NOTIFY_URL: 'https://api.example.com/webhooks/pay-notify',
      PAY_V2_NOTIFY_URL: 'https://api.example.com/webhooks/pay-notify-v2',
    });
  });

  it('allows CORS requests from ALLOWED_ORIGINS', () => {
    expect(properties('HttpApi')['CorsConfiguration']).toMatchObject({
      AllowOrigins: ['https://shop.example.com', 'https://www.example.com'],
      AllowCredentials: true,
    });
  });
});

describe('the webhooks', () => {
  it('have a function URL and a route each with WEBHOOKS=both', () => {
    const { routes, urls } = addressesOf(template);
    expect(urls).toEqual(WEBHOOKS);
    expect(WEBHOOKS.map((name) => routes.get(name))).toEqual([
      ['GET /webhooks/miniapp-events', 'POST /webhooks/miniapp-events'],
      ['GET /webhooks/official-events', 'POST /webhooks/official-events'],
      ['POST /webhooks/pay-notify'],
      ['POST /webhooks/pay-notify-v2'],
    ]);
    expect(permissionsOf(template).filter((permission) => permission.includes(': * '))).toHaveLength(8);
  });
});

it('throttles each route of the HTTP API by the preset large', () => {
  const { DefaultRouteSettings } = properties('HttpApiStage');
  expect(DefaultRouteSettings).toEqual({ ThrottlingRateLimit: 5000, ThrottlingBurstLimit: 5000 });
  expect(environmentOf('MiniappDashloginLambdaFunction').Variables).toMatchObject({ LIMITS: 'large' });
});

describe('reserved concurrency', () => {
  it('bounds each webhook, and limits each job to one run at a time except for the parts of pay-sweep', () => {
    const reserved = functionsOf(template).flatMap(({ name, properties: own }) =>
      own['ReservedConcurrentExecutions'] === undefined ? [] : [[name, own['ReservedConcurrentExecutions']]],
    );
    expect(Object.fromEntries(reserved)).toEqual({
      'official-events': 50,
      'miniapp-events': 20,
      'pay-notify': 20,
      'pay-notify-v2': 20,
      'token-refresh': 1,
      'shipment-start': 20,
      'content-sweep': 1,
      'complaint-sweep': 1,
      'shipping-sweep': 1,
      'pay-sweep': 8,
      'pay-bills': 1,
    });
  });
});

describe('the fixed address', () => {
  it('is used by exactly the functions that call WeChat with a secret or a token', async () => {
    const inVpc = functionsOf(template).filter(({ properties: own }) => 'VpcConfig' in own);
    const names = functionsOf(template).map(({ name }) => name);
    const accesses = await Promise.all(names.map((name) => codeAccess(`functions/${name}.ts`)));
    const callers = names.filter((_, at) => accesses[at]!.callsPlatform);
    expect(inVpc.map(({ name }) => name)).toEqual(callers);
    for (const { properties: own } of inVpc) {
      expect(own['VpcConfig']).toEqual({
        SecurityGroupIds: [{ 'Fn::GetAtt': ['EgressSecurityGroup', 'GroupId'] }],
        SubnetIds: [{ Ref: 'PrivateSubnetA' }, { Ref: 'PrivateSubnetB' }],
      });
    }
  });

  it('belongs to the only NAT gateway, and the table has its own endpoint', () => {
    expect(resourcesOf(template, 'AWS::EC2::NatGateway')).toHaveLength(1);
    expect(properties('NatGateway')['AllocationId']).toEqual({ 'Fn::GetAtt': ['EgressAddress', 'AllocationId'] });
    expect(properties('PrivateRoute')).toMatchObject({ NatGatewayId: { Ref: 'NatGateway' } });
    expect(properties('TableEndpoint')).toMatchObject({ VpcEndpointType: 'Gateway' });
    expect(properties('EgressSecurityGroup')).not.toHaveProperty('SecurityGroupIngress');
    expect(template.Outputs['EgressIp']).toMatchObject({ Value: { Ref: 'EgressAddress' } });
  });
});

it('sends every alarm to ALARM_EMAIL', () => {
  expect(properties('AlarmTopic')['Subscription']).toEqual([{ Protocol: 'email', Endpoint: 'ops@example.com' }]);
  for (const [id, { Properties }] of resourcesOf(template, 'AWS::CloudWatch::Alarm')) {
    expect(Properties['AlarmActions'], id).toEqual([{ Ref: 'AlarmTopic' }]);
  }
});

it('enables the schedule of every job whose app or merchant is configured', () => {
  const states = resourcesOf(template, 'AWS::Events::Rule').map(([, { Properties }]) => Properties['State']);
  expect(new Set(states)).toEqual(new Set(['ENABLED']));
});

it('stays below the limits of CloudFormation', () => {
  expect(Object.keys(template.Resources).length).toBeLessThan(500);
  expect(JSON.stringify(template).length).toBeLessThan(1_000_000);
  for (const [id, { Properties }] of resourcesOf(template, 'AWS::IAM::Role')) {
    expect(JSON.stringify(Properties['Policies']).length, id).toBeLessThan(10_240);
  }
});
