// The tour of the local stack, run as its reader would paste it.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, inject, it } from 'vitest';

const run = promisify(execFile);

const PAGE = 'infra/local/README.md';

describe('the tour of the local stack', () => {
  it('logs in, scans, pays, complains, uploads a picture and writes to the customer service with the commands of the tour', async () => {
    const { http, simulator } = inject('stack');
    const blocks = [...readFileSync(PAGE, 'utf8').matchAll(/^```sh\n(.*?)^```/gms)].map(([, block]) => block);
    const script = blocks.join('\n').replaceAll('localhost:3000', http).replaceAll('localhost:9000', simulator);
    const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', script]);
    for (const text of [
      '"username":"1',
      '"status":"pending"',
      '"kind":"subscribe"',
      '"status":"scanned"',
      '"status":"registered"',
    ]) {
      expect(stdout).toContain(text);
    }
    expect(stdout).toContain('"transactionId"');
    expect(stdout).toContain('"state":"PAID"');
    expect(stdout).toMatch(/"complaintId":"\d+","notify":{"status":20[04]/);
    expect(stdout).toMatch(/"avatarUrl":"[^"]*\/uploads\//);
    expect(stdout).toContain('请直接在这里留言');
    expect(stdout).toContain('"reply":{"type":"transfer_customer_service"');
  });
});
