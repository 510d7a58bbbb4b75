// The template of the stage dev without any setting.
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { SECRET_NAMES } from '../../lib/core/config.ts';
import { addressesOf, permissionsOf } from '../support/template/address-findings.ts';
import { packageService } from '../support/template/package.ts';
import { roleFindings } from '../support/template/role-findings.ts';
import { functionsOf, resourcesOf, type Resource, type Template } from '../support/template/template.ts';

const WEBHOOKS = ['official-events', 'pay-notify', 'pay-notify-v2'];
const OPERATORS = ['catalog-put', 'menu-publish', 'pay-refund'];

let template: Template;
const properties = (id: string) => template.Resources[id]!.Properties;

beforeAll(async () => {
  template = await packageService('dev');
});

it('gives each function a role of its own that allows what it needs', () => {
  expect(roleFindings(template)).toEqual([]);
});

describe('each function', () => {
  it('runs on Node 24 and ARM, with a JSON log that expires', () => {
    const functions = functionsOf(template);
    expect(functions.length).toBeGreaterThan(30);
    for (const { logicalId, properties: its } of functions) {
      expect(its, logicalId).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'] });
      expect(its['LoggingConfig'], logicalId).toMatchObject({ LogFormat: 'JSON' });
      const log = properties(logicalId.replace(/LambdaFunction$/, 'LogGroup'));
      expect(log, logicalId).toMatchObject({ RetentionInDays: 14 });
    }
  });

  it('has an environment below the limit of 4 KB, without a secret', () => {
    for (const { name, properties: its } of functionsOf(template)) {
      const { Variables } = its['Environment'] as { Variables: Record<string, unknown> };
      expect(
        Object.keys(Variables).filter((variable) => SECRET_NAMES.includes(variable as never)),
        name,
      ).toEqual([]);
      expect(JSON.stringify(Variables).length, name).toBeLessThan(2_048);
    }
  });

  it('is in no network and reserves no concurrency', () => {
    for (const { name, properties: its } of functionsOf(template)) {
      expect(Object.keys(its), name).not.toContain('VpcConfig');
      expect(Object.keys(its), name).not.toContain('ReservedConcurrentExecutions');
    }
  });
});

describe('addresses', () => {
  it('are function URLs for webhooks and routes for the rest', () => {
    const { routes, urls } = addressesOf(template);
    expect(urls).toEqual(WEBHOOKS);
    expect([...routes.keys()].filter((name) => WEBHOOKS.includes(name))).toEqual([]);
    expect(routes.get('miniapp-login')).toEqual(['POST /miniapp/login']);
  });

  it('are public only as function URLs, by both permissions', () => {
    const toEverybody = permissionsOf(template).filter((permission) => permission.includes(': * '));
    const both = (name: string) => [
      `${name}: * lambda:InvokeFunction via URL`,
      `${name}: * lambda:InvokeFunctionUrl NONE`,
    ];
    expect(toEverybody.toSorted()).toEqual(WEBHOOKS.flatMap(both).toSorted());
  });

  it('allow services only with one of our sources', () => {
    const ofServices = permissionsOf(template).filter((permission) => !permission.includes(': * '));
    const unbound = ofServices.filter((permission) => !permission.endsWith('from a source'));
    expect(unbound).toEqual([]);
  });

  it.each(OPERATORS)('include none of %s, which no principal may invoke', (operator) => {
    const { routes, urls } = addressesOf(template);
    expect([...routes.keys(), ...urls]).not.toContain(operator);
    expect(permissionsOf(template).filter((permission) => permission.startsWith(`${operator}:`))).toEqual([]);
  });

  it('include no job and no consumer', () => {
    const { routes, urls } = addressesOf(template);
    const internal = ['events-publish', 'identity-sync', 'pay-bills', 'pay-sweep', 'token-refresh', 'wallet-credit'];
    expect([...routes.keys(), ...urls].filter((name) => internal.includes(name))).toEqual([]);
  });

  it('are in the outputs', () => {
    const names = ['HttpApiUrl', 'PublicBaseUrl', 'OfficialEventsUrl', 'PayNotifyUrl', 'PayV2NotifyUrl', 'TableName'];
    const more = ['EventBusName', 'StreamDeadLettersUrl', 'ConsumerDeadLettersUrl', 'SecretsPath', 'BillReportsBucket'];
    expect(Object.keys(template.Outputs)).toEqual(expect.arrayContaining([...names, ...more]));
  });
});

describe('the HTTP API', () => {
  it('limits each route, and more strictly those that use WeChat’s quota', () => {
    const { DefaultRouteSettings, RouteSettings } = properties('HttpApiStage') as Record<string, unknown>;
    expect(DefaultRouteSettings).toEqual({ ThrottlingRateLimit: 500, ThrottlingBurstLimit: 1000 });
    expect(RouteSettings).toEqual({ 'POST /qr-login': { ThrottlingRateLimit: 50, ThrottlingBurstLimit: 100 } });
  });

  it('depends on the routes that its settings name', () => {
    const settled = Object.keys(properties('HttpApiStage')['RouteSettings'] as object);
    const before = template.Resources['HttpApiStage']!.DependsOn as string[];
    const routes = before
      .map((id) => template.Resources[id]!)
      .filter(({ Type }) => Type === 'AWS::ApiGatewayV2::Route');
    expect(routes.map((route) => route.Properties['RouteKey'])).toEqual(settled);
  });

  it('logs client, route and status without queries', () => {
    const { DestinationArn, Format } = properties('HttpApiStage')['AccessLogSettings'] as Record<string, unknown>;
    expect(DestinationArn).toEqual({ 'Fn::GetAtt': ['HttpApiLogGroup', 'Arn'] });
    expect(Object.keys(JSON.parse(String(Format)) as object)).toEqual(
      expect.arrayContaining(['route', 'status', 'ip']),
    );
    expect(Format).not.toMatch(/path|query|cookie|authorization/i);
    expect(properties('HttpApiLogGroup')).toMatchObject({ RetentionInDays: 14 });
  });

  it('has no CORS while no origin is allowed', () => {
    expect(properties('HttpApi')).not.toHaveProperty('CorsConfiguration');
  });
});

describe('the table', () => {
  it('has expiry, a stream and point-in-time recovery', () => {
    expect(properties('Table')).toMatchObject({
      TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
      StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      BillingMode: 'PAY_PER_REQUEST',
    });
  });

  it('is deleted with the stage', () => {
    expect(template.Resources['Table']).toMatchObject({ DeletionPolicy: 'Delete', UpdateReplacePolicy: 'Delete' });
    expect(properties('Table')['DeletionProtectionEnabled']).toBe(false);
  });
});

describe('a failed event', () => {
  it('is kept for two weeks in a queue with an alarm', () => {
    const queues = resourcesOf(template, 'AWS::SQS::Queue');
    const watched = alarms().map(({ Properties }) => JSON.stringify(Properties['Dimensions']));
    expect(queues.map(([id]) => id)).toEqual(['StreamDeadLetters', 'ConsumerDeadLetters']);
    for (const [id, { Properties }] of queues) {
      expect(Properties).toMatchObject({ MessageRetentionPeriod: 1_209_600, SqsManagedSseEnabled: true });
      expect(watched).toContain(`[{"Name":"QueueName","Value":{"Fn::GetAtt":["${id}","QueueName"]}}]`);
    }
  });

  it('goes to a queue from every stream, every rule with a pattern and every consumer', () => {
    const mappings = resourcesOf(template, 'AWS::Lambda::EventSourceMapping').map(([, { Properties }]) => Properties);
    expect(mappings.length).toBeGreaterThanOrEqual(2);
    for (const mapping of mappings) {
      const deadLetters = { OnFailure: { Destination: { 'Fn::GetAtt': ['StreamDeadLetters', 'Arn'] } } };
      expect(mapping['DestinationConfig']).toEqual(deadLetters);
      expect(mapping['MaximumRecordAgeInSeconds']).toBeLessThan(86_400 / 2);
    }
    const rules = resourcesOf(template, 'AWS::Events::Rule').filter(([, { Properties }]) => Properties['EventPattern']);
    expect(rules.length).toBeGreaterThanOrEqual(2);
    for (const [, { Properties }] of rules) expect(JSON.stringify(Properties)).toContain('DeadLetterConfig');
  });

  it('raises alarms without an action', () => {
    expect(alarms().length).toBeGreaterThanOrEqual(14);
    for (const { Properties } of alarms()) {
      expect(Properties).toMatchObject({ AlarmActions: [], TreatMissingData: 'notBreaching' });
      expect(String(Properties['AlarmDescription']).length).toBeGreaterThan(30);
    }
  });

  it('is found by metric filters for the event names of the code', () => {
    const events = readFileSync('lib/events/schemas.ts', 'utf8');
    const words = resourcesOf(template, 'AWS::Logs::MetricFilter').map(([, { Properties }]) =>
      String(Properties['FilterPattern']).replaceAll('"', ''),
    );
    expect(words).toEqual(['payment.mismatched', 'bill.differed']);
    for (const word of words) expect(events).toContain(`'${word}'`);
  });
});

it('keeps the code in a private bucket', () => {
  expect(properties('ServerlessDeploymentBucket')).toMatchObject({
    BucketEncryption: expect.anything(),
    PublicAccessBlockConfiguration: { RestrictPublicBuckets: true, BlockPublicPolicy: true },
  });
});

function alarms(): Resource[] {
  return resourcesOf(template, 'AWS::CloudWatch::Alarm').map(([, resource]) => resource);
}
