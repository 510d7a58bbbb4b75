// The stage dev with default settings, which is what a new user deploys first.
import { readFileSync } from 'node:fs';
import { beforeAll, describe, expect, it } from 'vitest';
import { SECRET_NAMES } from '../../lib/core/config.ts';
import { addressesOf, permissionsOf } from '../support/template/address-findings.ts';
import { packageService } from '../support/template/package.ts';
import { roleFindings } from '../support/template/role-findings.ts';
import { OPERATORS } from '../support/operators.ts';
import { functionsOf, resourcesOf, type Resource, type Template } from '../support/template/template.ts';

const WEBHOOKS = ['miniapp-events', 'official-events', 'pay-notify', 'pay-notify-v2'];

let template: Template;
const properties = (id: string) => template.Resources[id]!.Properties;

beforeAll(async () => {
  template = await packageService('dev');
});

it('gives each function its own role, with wildcards only where AWS requires them', () => {
  expect(roleFindings(template)).toEqual([]);
});

describe('each function', () => {
  it('runs on Node 24 and ARM, and keeps its JSON log for 14 days', () => {
    const functions = functionsOf(template);
    expect(functions.length).toBeGreaterThan(30);
    for (const { logicalId, properties: own } of functions) {
      expect(own, logicalId).toMatchObject({ Runtime: 'nodejs24.x', Architectures: ['arm64'] });
      expect(own['LoggingConfig'], logicalId).toMatchObject({ LogFormat: 'JSON' });
      const log = properties(logicalId.replace(/LambdaFunction$/, 'LogGroup'));
      expect(log, logicalId).toMatchObject({ RetentionInDays: 14 });
    }
  });

  it('has an environment below 2 KB (the limit is 4 KB) that contains no secret', () => {
    for (const { name, properties: own } of functionsOf(template)) {
      const { Variables } = own['Environment'] as { Variables: Record<string, unknown> };
      expect(
        Object.keys(Variables).filter((variable) => SECRET_NAMES.includes(variable as never)),
        name,
      ).toEqual([]);
      expect(JSON.stringify(Variables).length, name).toBeLessThan(2_048);
    }
  });

  it('runs outside a VPC and without reserved concurrency', () => {
    for (const { name, properties: own } of functionsOf(template)) {
      expect(Object.keys(own), name).not.toContain('VpcConfig');
      expect(Object.keys(own), name).not.toContain('ReservedConcurrentExecutions');
    }
  });
});

describe('the schedule of pay-sweep', () => {
  it('covers each part of the follow-ups once a minute', () => {
    const targets = resourcesOf(template, 'AWS::Events::Rule')
      .filter(([id]) => id.startsWith('PayDashsweep'))
      .map(([, { Properties }]) => {
        expect(Properties).toMatchObject({ ScheduleExpression: 'rate(1 minute)', State: 'ENABLED' });
        return (Properties['Targets'] as { Input: string }[])[0]!.Input;
      });
    expect(targets.map((input) => JSON.parse(input) as object)).toEqual(
      Array.from({ length: targets.length }, (_, part) => ({ part, of: targets.length })),
    );
    expect(targets.length).toBeGreaterThan(1);
  });
});

describe('addresses', () => {
  it('serve the webhooks by function URLs and all other functions by routes', () => {
    const { routes, urls } = addressesOf(template);
    expect(urls).toEqual(WEBHOOKS);
    expect([...routes.keys()].filter((name) => WEBHOOKS.includes(name))).toEqual([]);
    expect(routes.get('miniapp-login')).toEqual(['POST /miniapp/login']);
  });

  it('have the two public permissions of a function URL, and no other public permission', () => {
    const publicPermissions = permissionsOf(template).filter((permission) => permission.includes(': * '));
    const both = (name: string) => [
      `${name}: * lambda:InvokeFunction via URL`,
      `${name}: * lambda:InvokeFunctionUrl NONE`,
    ];
    expect(publicPermissions.toSorted()).toEqual(WEBHOOKS.flatMap(both).toSorted());
  });

  it('let an AWS service call a function only for a source of this stack', () => {
    const ofServices = permissionsOf(template).filter((permission) => !permission.includes(': * '));
    const unbound = ofServices.filter((permission) => !permission.endsWith('from a source'));
    expect(unbound).toEqual([]);
  });

  it.each(OPERATORS)('give the operator function %s no address and no permission to call it', (operator) => {
    const { routes, urls } = addressesOf(template);
    expect([...routes.keys(), ...urls]).not.toContain(operator);
    expect(permissionsOf(template).filter((permission) => permission.startsWith(`${operator}:`))).toEqual([]);
  });

  it('give the jobs and the consumers no address', () => {
    const { routes, urls } = addressesOf(template);
    const jobs = ['content-sweep', 'pay-bills', 'pay-sweep', 'shipping-sweep', 'token-refresh'];
    const consumers = ['miniapp-reply', 'revocation-apply', 'shipment-start', 'wallet-credit'];
    const internal = [...jobs, ...consumers, 'events-publish', 'identity-sync'];
    expect([...routes.keys(), ...urls].filter((name) => internal.includes(name))).toEqual([]);
  });

  it('are in the outputs of the stack', () => {
    const names = ['HttpApiUrl', 'PublicBaseUrl', 'TableName'];
    const webhooks = ['MiniappEventsUrl', 'OfficialEventsUrl', 'PayNotifyUrl', 'PayV2NotifyUrl'];
    const more = ['EventBusName', 'StreamDeadLettersUrl', 'ConsumerDeadLettersUrl', 'SecretsPath'];
    const buckets = ['BillReportsBucket', 'UploadsBucket'];
    expect(Object.keys(template.Outputs)).toEqual(expect.arrayContaining([...names, ...webhooks, ...more, ...buckets]));
  });
});

describe('the HTTP API', () => {
  it('throttles each route by the preset small', () => {
    const { DefaultRouteSettings, RouteSettings } = properties('HttpApiStage') as Record<string, unknown>;
    expect(DefaultRouteSettings).toEqual({ ThrottlingRateLimit: 50, ThrottlingBurstLimit: 100 });
    expect(RouteSettings).toBeUndefined();
    expect(properties('MiniappDashloginLambdaFunction')['Environment']).toMatchObject({
      Variables: { LIMITS: 'small' },
    });
  });

  it('writes an access log with route, status and address, but without query and headers', () => {
    const { DestinationArn, Format } = properties('HttpApiStage')['AccessLogSettings'] as Record<string, unknown>;
    expect(DestinationArn).toEqual({ 'Fn::GetAtt': ['HttpApiLogGroup', 'Arn'] });
    expect(Object.keys(JSON.parse(String(Format)) as object)).toEqual(
      expect.arrayContaining(['route', 'status', 'ip']),
    );
    expect(Format).not.toMatch(/path|query|cookie|authorization/i);
    expect(properties('HttpApiLogGroup')).toMatchObject({ RetentionInDays: 14 });
  });

  it('has no CORS configuration while ALLOWED_ORIGINS is empty', () => {
    expect(properties('HttpApi')).not.toHaveProperty('CorsConfiguration');
  });
});

describe('the table', () => {
  it('deletes expired items, streams its changes and has point-in-time recovery', () => {
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

describe('failures', () => {
  it('keep dead letters for 14 days, with an alarm for each queue', () => {
    const queues = resourcesOf(template, 'AWS::SQS::Queue');
    const watched = alarms().map(({ Properties }) => JSON.stringify(Properties['Dimensions']));
    expect(queues.map(([id]) => id)).toEqual(['StreamDeadLetters', 'ConsumerDeadLetters']);
    for (const [id, { Properties }] of queues) {
      expect(Properties).toMatchObject({ MessageRetentionPeriod: 1_209_600, SqsManagedSseEnabled: true });
      expect(watched).toContain(`[{"Name":"QueueName","Value":{"Fn::GetAtt":["${id}","QueueName"]}}]`);
    }
  });

  it('send records and events to a dead-letter queue, for each stream mapping and each rule with a pattern', () => {
    const mappings = resourcesOf(template, 'AWS::Lambda::EventSourceMapping').map(([, { Properties }]) => Properties);
    expect(mappings.length).toBeGreaterThanOrEqual(2);
    for (const mapping of mappings) {
      const destination = { OnFailure: { Destination: { 'Fn::GetAtt': ['StreamDeadLetters', 'Arn'] } } };
      expect(mapping['DestinationConfig']).toEqual(destination);
      expect(mapping['MaximumRecordAgeInSeconds']).toBeLessThan(86_400 / 2);
    }
    const rules = resourcesOf(template, 'AWS::Events::Rule').filter(([, { Properties }]) => Properties['EventPattern']);
    expect(rules.length).toBeGreaterThanOrEqual(2);
    for (const [, { Properties }] of rules) expect(JSON.stringify(Properties)).toContain('DeadLetterConfig');
  });

  it('raise alarms that have a description, and no action while ALARM_EMAIL is empty', () => {
    expect(alarms().length).toBeGreaterThanOrEqual(18);
    for (const { Properties } of alarms()) {
      expect(Properties).toMatchObject({ AlarmActions: [], TreatMissingData: 'notBreaching' });
      expect(String(Properties['AlarmDescription']).length).toBeGreaterThan(30);
    }
  });

  it('are counted by metric filters whose patterns are event names of the code', () => {
    const events = ['lib/events/schemas.ts', 'lib/http/error-response.ts']
      .map((file) => readFileSync(file, 'utf8'))
      .join();
    const patterns = resourcesOf(template, 'AWS::Logs::MetricFilter').map(([, { Properties }]) =>
      String(Properties['FilterPattern']).replaceAll('"', ''),
    );
    expect(patterns).toEqual(['payment.mismatched', 'bill.differed', 'request.failed']);
    for (const pattern of patterns) expect(events).toContain(`'${pattern}'`);
  });
});

it('keeps the code in an encrypted bucket without public access', () => {
  expect(properties('ServerlessDeploymentBucket')).toMatchObject({
    BucketEncryption: expect.anything(),
    PublicAccessBlockConfiguration: { RestrictPublicBuckets: true, BlockPublicPolicy: true },
  });
});

function alarms(): Resource[] {
  return resourcesOf(template, 'AWS::CloudWatch::Alarm').map(([, resource]) => resource);
}
