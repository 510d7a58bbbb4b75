import { expect, it } from 'vitest';
import { runOps } from './stage.ts';

const USAGE = {
  doctor: 'Usage: npm run doctor [-- [--stage <stage>] [--fix]]\n',
  smoke: 'Usage: npm run smoke [-- --stage <stage>]\n',
  redrive: 'Usage: npm run redrive -- --stage <stage>\n',
  deployed: 'Usage: npx node infra/ops/deployed.ts --stage <stage>\n',
};

it.each(
  Object.entries(USAGE).flatMap(([command, usage]) => [
    [command, ['--stage'], usage] as const,
    [command, ['--stage', '--verbose'], usage] as const,
    [command, ['--stages', 'dev'], usage] as const,
    [command, ['--verbose'], usage] as const,
    [command, ['dev'], usage] as const,
  ]),
)('%s prints its usage for %j', async (command, words, usage) => {
  await expect(runOps(command, [...words], {})).resolves.toEqual({ code: 2, stdout: '', stderr: usage });
});

it.each([[['list', '--stage']], [['list', '--values']], [['--help']]])(
  'secrets prints its usage for %j',
  async (words) => {
    const { code, stdout, stderr } = await runOps('secrets', words, {});
    expect([code, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/^Usage: npm run secrets -- <command> \[--stage <stage>\]\n/);
  },
);
