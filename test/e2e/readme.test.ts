// Runs the quick start of each README as a reader would paste it.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, inject, it } from 'vitest';

const run = promisify(execFile);

describe.each(['README.md', 'README.zh-CN.md'])('%s', (file) => {
  it('has a quick start that logs in, scans and pays', async () => {
    const { http, simulator } = inject('stack');
    const blocks = [...readFileSync(file, 'utf8').matchAll(/^```sh\n(.*?)^```/gms)].map(([, block]) => block);
    const script = blocks.join('\n').replaceAll('localhost:3000', http).replaceAll('localhost:9000', simulator);
    const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', script]);
    for (const text of ['"username":"1', '"status":"pending"', '"kind":"subscribe"', '"status":"registered"']) {
      expect(stdout).toContain(text);
    }
    expect(stdout).toContain('"transactionId"');
    expect(stdout).toContain('"state":"PAID"');
  });
});
