import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { expect, inject, it } from 'vitest';
import { packageService } from '../../support/template/package.ts';

const { linter, packaged } = inject('rehearsal');

const run = promisify(execFile);

async function expectNoFindings(template: string): Promise<void> {
  // The error of a failed run has the output too.
  const { stdout, stderr } = await run(linter, ['--', template]).catch(
    (error: Error & { stdout: string; stderr: string }) => ({ ...error, stderr: error.stderr || error.message }),
  );
  expect(stdout + stderr).toBe('');
}

// Concurrent, because cfn-lint uses one CPU for up to half a minute.
it.concurrent.each(['create', 'update'])(
  'cfn-lint reports no finding in the deployed template that is used to %s the stack',
  async (kind) => {
    await expectNoFindings(`${packaged}/cloudformation-template-${kind}-stack.json`);
  },
);

it.concurrent('cfn-lint reports no finding in the template of prod with every switch on', async () => {
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
    await expectNoFindings(file);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});
