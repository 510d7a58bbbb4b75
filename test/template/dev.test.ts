// What a newcomer deploys: the stage dev, with nothing set.
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
  it('runs on Node 24 and ARM, with a log in JSON that does not grow for ever', () => {
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

  it('is in no network, and takes no concurrency away from the others', () => {
    for (const { name, properties: its } of functionsOf(template)) {
      expect(Object.keys(its), name).not.toContain('VpcConfig');
      expect(Object.keys(its), name).not.toContain('ReservedConcurrentExecutions');
    }
  });
});

describe('addresses', () => {
  it('has the webhooks behind function URLs and the rest behind routes', () => {
    const { routes, urls } = addressesOf(template);
    expect(urls).toEqual(WEBHOOKS);
    expect([...routes.keys()].filter((name) => WEBHOOKS.includes(name))).toEqual([]);
    expect(routes.get('miniapp-login')).toEqual(['POST /miniapp/login']);
  });

  it('lets everybody call a function URL, by both permissions, and nothing else', () => {
    const toEverybody = permissionsOf(template).filter((permission) => permission.includes(': * '));
    const both = (name: string) => [
      `${name}: * lambda:InvokeFunction via URL`,
      `${name}: * lambda:InvokeFunctionUrl NONE`,
    ];
    expect(toEverybody.toSorted()).toEqual(WEBHOOKS.flatMap(both).toSorted());
  });

  it('lets services call only for a source of ours', () => {
    const ofServices = permissionsOf(template).filter((permission) => !permission.includes(': * '));
    const unbound = ofServices.filter((permission) => !permission.endsWith('from a source'));
    expect(unbound).toEqual([]);
  });

  it.each(OPERATORS)('gives %s no address, and nobody a permission to call it', (operator) => {
    const { routes, urls } = addressesOf(template);
    expect([...routes.keys(), ...urls]).not.toContain(operator);
    expect(permissionsOf(template).filter((permission) => permission.startsWith(`${operator}:`))).toEqual([]);
  });

  it('keeps the jobs and the consumers from the outside too', () => {
    const { routes, urls } = addressesOf(template);
    const internal = ['events-publish', 'identity-sync', 'pay-bills', 'pay-sweep', 'token-refresh', 'wallet-credit'];
    expect([...routes.keys(), ...urls].filter((name) => internal.includes(name))).toEqual([]);
  });

  it('writes where they are into the outputs', () => {
    const names = ['HttpApiUrl', 'PublicBaseUrl', 'OfficialEventsUrl', 'PayNotifyUrl', 'PayV2NotifyUrl', 'TableName'];
    const more = ['EventBusName', 'StreamDeadLettersUrl', 'ConsumerDeadLettersUrl', 'SecretsPath', 'BillReportsBucket'];
    expect(Object.keys(template.Outputs)).toEqual(expect.arrayContaining([...names, ...more]));
  });
});

describe('the HTTP API', () => {
  it('limits each route, and those first that cost WeChat’s quota', () => {
    const { DefaultRouteSettings, RouteSettings } = properties('HttpApiStage') as Record<string, unknown>;
    expect(DefaultRouteSettings).toEqual({ ThrottlingRateLimit: 500, ThrottlingBurstLimit: 1000 });
    expect(RouteSettings).toEqual({ 'POST /qr-login': { ThrottlingRateLimit: 50, ThrottlingBurstLimit: 100 } });
  });

  it('names routes in its settings only when they are there already', () => {
    const settled = Object.keys(properties('HttpApiStage')['RouteSettings'] as object);
    const before = template.Resources['HttpApiStage']!.DependsOn as string[];
    const routes = before
      .map((id) => template.Resources[id]!)
      .filter(({ Type }) => Type === 'AWS::ApiGatewayV2::Route');
    expect(routes.map((route) => route.Properties['RouteKey'])).toEqual(settled);
  });

  it('writes a log of who asked for what, without queries', () => {
    const { DestinationArn, Format } = properties('HttpApiStage')['AccessLogSettings'] as Record<string, unknown>;
    expect(DestinationArn).toEqual({ 'Fn::GetAtt': ['HttpApiLogGroup', 'Arn'] });
    expect(Object.keys(JSON.parse(String(Format)) as object)).toEqual(
      expect.arrayContaining(['route', 'status', 'ip']),
    );
    expect(Format).not.toMatch(/path|query|cookie|authorization/i);
    expect(properties('HttpApiLogGroup')).toMatchObject({ RetentionInDays: 14 });
  });

  it('lets no page of another origin in while none is allowed', () => {
    expect(properties('HttpApi')).not.toHaveProperty('CorsConfiguration');
  });
});

describe('the table', () => {
  it('forgets what has ended, tells of its changes, and can be set back', () => {
    expect(properties('Table')).toMatchObject({
      TimeToLiveSpecification: { AttributeName: 'expiresAt', Enabled: true },
      StreamSpecification: { StreamViewType: 'NEW_AND_OLD_IMAGES' },
      PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
      BillingMode: 'PAY_PER_REQUEST',
    });
  });

  it('goes with the stage', () => {
    expect(template.Resources['Table']).toMatchObject({ DeletionPolicy: 'Delete', UpdateReplacePolicy: 'Delete' });
    expect(properties('Table')['DeletionProtectionEnabled']).toBe(false);
  });
});

describe('what could not be done', () => {
  it('is kept two weeks, and an alarm stands at each queue', () => {
    const queues = resourcesOf(template, 'AWS::SQS::Queue');
    const watched = alarms().map(({ Properties }) => JSON.stringify(Properties['Dimensions']));
    expect(queues.map(([id]) => id)).toEqual(['StreamDeadLetters', 'ConsumerDeadLetters']);
    for (const [id, { Properties }] of queues) {
      expect(Properties).toMatchObject({ MessageRetentionPeriod: 1_209_600, SqsManagedSseEnabled: true });
      expect(watched).toContain(`[{"Name":"QueueName","Value":{"Fn::GetAtt":["${id}","QueueName"]}}]`);
    }
  });

  it('ends in a queue for every stream, every rule with a pattern and every consumer', () => {
    const mappings = resourcesOf(template, 'AWS::Lambda::EventSourceMapping').map(([, { Properties }]) => Properties);
    expect(mappings.length).toBeGreaterThanOrEqual(2);
    for (const mapping of mappings) {
      const letters = { OnFailure: { Destination: { 'Fn::GetAtt': ['StreamDeadLetters', 'Arn'] } } };
      expect(mapping['DestinationConfig']).toEqual(letters);
      expect(mapping['MaximumRecordAgeInSeconds']).toBeLessThan(86_400 / 2);
    }
    const rules = resourcesOf(template, 'AWS::Events::Rule').filter(([, { Properties }]) => Properties['EventPattern']);
    expect(rules.length).toBeGreaterThanOrEqual(2);
    for (const [, { Properties }] of rules) expect(JSON.stringify(Properties)).toContain('DeadLetterConfig');
  });

  it('is told by alarms without anybody to tell', () => {
    expect(alarms().length).toBeGreaterThanOrEqual(14);
    for (const { Properties } of alarms()) {
      expect(Properties).toMatchObject({ AlarmActions: [], TreatMissingData: 'notBreaching' });
      expect(String(Properties['AlarmDescription']).length).toBeGreaterThan(30);
    }
  });

  it('is looked for in the words that the code uses', () => {
    const events = readFileSync('lib/events/schemas.ts', 'utf8');
    const words = resourcesOf(template, 'AWS::Logs::MetricFilter').map(([, { Properties }]) =>
      String(Properties['FilterPattern']).replaceAll('"', ''),
    );
    expect(words).toEqual(['payment.mismatched', 'bill.differed']);
    for (const word of words) expect(events).toContain(`'${word}'`);
  });
});

it('keeps the code in a bucket that nobody else can read', () => {
  expect(properties('ServerlessDeploymentBucket')).toMatchObject({
    BucketEncryption: expect.anything(),
    PublicAccessBlockConfiguration: { RestrictPublicBuckets: true, BlockPublicPolicy: true },
  });
});

function alarms(): Resource[] {
  return resourcesOf(template, 'AWS::CloudWatch::Alarm').map(([, resource]) => resource);
}
