// The settings for a region without function URLs.
import { beforeAll, expect, it } from 'vitest';
import { addressesOf, permissionsOf } from '../support/template/address-findings.ts';
import { packageService } from '../support/template/package.ts';
import { roleFindings } from '../support/template/role-findings.ts';
import { resourcesOf, type Template } from '../support/template/template.ts';

let template: Template;

beforeAll(async () => {
  template = await packageService('dev', { WEBHOOKS: 'routes', ALARM_EMAIL: 'ops@example.com' });
});

it('gives each function its own role, with wildcards only where AWS requires them', () => {
  expect(roleFindings(template)).toEqual([]);
});

it('serves the webhooks by routes only and grants no public permission', () => {
  expect(addressesOf(template).urls).toEqual([]);
  expect([...addressesOf(template).routes.keys()]).toEqual(
    expect.arrayContaining(['miniapp-events', 'official-events', 'pay-notify', 'pay-notify-v2']),
  );
  expect(permissionsOf(template).filter((permission) => permission.includes(': * '))).toEqual([]);
});

it('contains no function URL in the whole template', () => {
  expect(JSON.stringify(template)).not.toContain('FunctionUrl');
});

it('monitors the webhooks with the alarm of the API', () => {
  const metrics = resourcesOf(template, 'AWS::CloudWatch::Alarm').map(([, { Properties }]) => Properties['MetricName']);
  expect(metrics).not.toContain('Url5xxCount');
  expect(metrics).toContain('5xx');
});

it('rejects an invalid value of WEBHOOKS and names the valid values', async () => {
  const packaging = packageService('dev', { WEBHOOKS: 'sideways' });
  await expect(packaging).rejects.toThrow('WEBHOOKS must be one of urls, routes, both; it is "sideways".');
});
