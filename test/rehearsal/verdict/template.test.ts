import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, inject, it } from 'vitest';
import { packageService } from '../../support/template/package.ts';

const { linter, packaged } = inject('rehearsal');

function expectNoFindings(template: string): void {
  const { stdout, stderr, status } = spawnSync(linter, ['--', template], { encoding: 'utf8' });
  expect(stdout + stderr).toBe('');
  expect(status).toBe(0);
}

it.each(['create', 'update'])(
  'cfn-lint reports no finding in the deployed template that is used to %s the stack',
  (kind) => {
    expectNoFindings(`${packaged}/cloudformation-template-${kind}-stack.json`);
  },
);

it('cfn-lint reports no finding in the template of prod with every switch on', async () => {
  const template = await packageService('prod', {
    DOMAIN_NAME: 'api.example.com',
    CERTIFICATE_ARN: 'arn:aws:acm:ap-southeast-1:123456789012:certificate/0b1c2d3e',
    WEBHOOKS: 'both',
    EGRESS: 'fixed',
    ALARM_EMAIL: 'ops@example.com',
    ALLOWED_ORIGINS: 'https://shop.example.com',
  });
  const folder = mkdtempSync(join(tmpdir(), 'template-'));
  try {
    const file = join(folder, 'template.json');
    writeFileSync(file, JSON.stringify(template, undefined, 2));
    expectNoFindings(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
