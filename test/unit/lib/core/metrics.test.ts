import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';

const [METRICS, LOG] = ['metrics', 'log'].map((name) =>
  fileURLToPath(new URL(`../../../../lib/core/${name}.ts`, import.meta.url)),
);
/** With the JSON log format, the runtime of Lambda replaces the methods of the global console. */
const LAMBDA = `
  for (const level of ['log', 'info', 'warn', 'error']) {
    console[level] = (message) => process.stdout.write(JSON.stringify({ level, message }) + '\\n');
  }`;

/** Runs a module in a process of its own, as Lambda does, and returns the lines that it writes. */
function linesOf(code: string, env: Record<string, string> = {}): string[] {
  const script = `${LAMBDA}
    const [{ countMetric }, { log }] = await Promise.all([import('${METRICS}'), import('${LOG}')]);
    ${code}`;
  const settings = { AWS_LAMBDA_LOG_FORMAT: 'JSON', TABLE_NAME: 'wechat-lambda-test', ...env };
  const output = execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
    env: { ...process.env, ...settings },
    encoding: 'utf8',
  });
  return output.trimEnd().split('\n');
}

it('writes one line of the embedded metric format, which Lambda does not nest', () => {
  const before = Date.now();
  const lines = linesOf(`
    log.info('something.happened');
    countMetric('UnreadablePushes', { App: 'official-account' });`);
  expect(lines.map((line) => JSON.parse(line) as object)).toEqual([
    { level: 'info', message: { evt: 'something.happened' } },
    {
      _aws: {
        Timestamp: expect.any(Number),
        CloudWatchMetrics: [
          {
            Namespace: 'wechat-lambda-test',
            Dimensions: [['App']],
            Metrics: [{ Name: 'UnreadablePushes', Unit: 'Count' }],
          },
        ],
      },
      App: 'official-account',
      UnreadablePushes: 1,
    },
  ]);
  const { _aws } = JSON.parse(lines[1]!) as { _aws: { Timestamp: number } };
  expect(_aws.Timestamp).toBeGreaterThanOrEqual(before);
  expect(_aws.Timestamp).toBeLessThanOrEqual(Date.now());
});

it.each(['UnshippedOrders', 'LimitedPayments', 'UnansweredComplaints'])('writes %s without a dimension', (name) => {
  const [line] = linesOf(`countMetric('${name}', {});`);
  expect(JSON.parse(line!)).toEqual({
    _aws: {
      Timestamp: expect.any(Number),
      CloudWatchMetrics: [
        { Namespace: 'wechat-lambda-test', Dimensions: [[]], Metrics: [{ Name: name, Unit: 'Count' }] },
      ],
    },
    [name]: 1,
  });
});

it('needs the name of the table, which is the namespace', () => {
  const count = `try { countMetric('UnreadablePushes', { App: 'official-account' }); } catch (error) { log.info(error.message); }`;
  expect(linesOf(count, { TABLE_NAME: '' })).toEqual([
    JSON.stringify({ level: 'info', message: { evt: 'TABLE_NAME is not set' } }),
  ]);
});
