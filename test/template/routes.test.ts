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

it('has the webhooks behind routes alone, and lets nobody else call anything', () => {
  expect(addressesOf(template).urls).toEqual([]);
  expect([...addressesOf(template).routes.keys()]).toEqual(
    expect.arrayContaining(['official-events', 'pay-notify', 'pay-notify-v2']),
  );
  expect(permissionsOf(template).filter((permission) => permission.includes(': * '))).toEqual([]);
});

it('says nothing of function URLs anywhere', () => {
  expect(JSON.stringify(template)).not.toContain('FunctionUrl');
});

it('watches them with the rest of the API', () => {
  const metrics = resourcesOf(template, 'AWS::CloudWatch::Alarm').map(([, { Properties }]) => Properties['MetricName']);
  expect(metrics).not.toContain('Url5xxCount');
  expect(metrics).toContain('5xx');
});

it('refuses a switch that cannot be meant, and says why', async () => {
  const refused = packageService('dev', { WEBHOOKS: 'sideways' });
  await expect(refused).rejects.toThrow('WEBHOOKS must be one of urls, routes, both; it is "sideways".');
});
