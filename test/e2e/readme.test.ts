// The tour of the local stack, run as its reader would paste it.
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { describe, expect, inject, it } from 'vitest';

const run = promisify(execFile);

const PAGE = 'infra/local/README.md';

describe('the tour of the local stack', () => {
  it('logs in, scans, pays, ships, recharges, complains, uploads a picture and writes to the customer service with the commands of the tour', async () => {
    const { http, simulator, lambda } = inject('stack');
    const blocks = [...readFileSync(PAGE, 'utf8').matchAll(/^```sh\n(.*?)^```/gms)].map(([, block]) => block);
    const script = blocks.join('\n').replaceAll('localhost:3000', http).replaceAll('localhost:9000', simulator);
    // `npm run op` reads the port.
    const env = { ...process.env, LAMBDA_PORT: new URL(lambda).port };
    const { stdout } = await run('bash', ['-euo', 'pipefail', '-c', script], { env });
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
    expect(stdout).toMatch(/"shipping":{"state":"settled","delivery":"express"/);
    expect(stdout).toContain('"frozenFen":0,"settledFen":1800');
    expect(stdout).toContain('"balanceFen":1200');
    expect(stdout).toMatch(/"complaintId":"\d+","notify":{"status":20[04]/);
    expect(stdout).toContain('"type":"MERCHANT_RESPONSE"');
    expect(stdout).toMatch(/"avatarUrl":"[^"]*\/uploads\//);
    expect(stdout).toContain('请直接在这里留言');
    expect(stdout).toContain('"reply":{"type":"transfer_customer_service"');
  });
});
