// A region without function URLs.
import { beforeAll, expect, it } from 'vitest';
import { addressesOf, permissionsOf } from '../support/template/address-findings.ts';
import { packageService } from '../support/template/package.ts';
import { roleFindings } from '../support/template/role-findings.ts';
import { resourcesOf, type Template } from '../support/template/template.ts';

let template: Template;

beforeAll(async () => {
  template = await packageService('dev', { WEBHOOKS: 'routes', ALARM_EMAIL: 'ops@example.com' });
});

it('gives each function a role of its own that allows what it needs', () => {
  expect(roleFindings(template)).toEqual([]);
});

it('has the webhooks behind routes only, without public permissions', () => {
  expect(addressesOf(template).urls).toEqual([]);
  expect([...addressesOf(template).routes.keys()]).toEqual(
    expect.arrayContaining(['official-events', 'pay-notify', 'pay-notify-v2']),
  );
  expect(permissionsOf(template).filter((permission) => permission.includes(': * '))).toEqual([]);
});

it('contains no function URL', () => {
  expect(JSON.stringify(template)).not.toContain('FunctionUrl');
});

it('has the alarms of the API only', () => {
  const metrics = resourcesOf(template, 'AWS::CloudWatch::Alarm').map(([, { Properties }]) => Properties['MetricName']);
  expect(metrics).not.toContain('Url5xxCount');
  expect(metrics).toContain('5xx');
});

it('rejects an invalid switch with its valid values', async () => {
  const rejected = packageService('dev', { WEBHOOKS: 'sideways' });
  await expect(rejected).rejects.toThrow('WEBHOOKS must be one of urls, routes, both; it is "sideways".');
});
