// The commands of infra/ops on the real local stack, where they check the real functions.
import { describe, expect, inject, it } from 'vitest';
import { runOps } from '../integration/ops/stage.ts';
import { portVariables } from '../support/stack.ts';

const { http, functionUrls, simulator, dynamodb, lambda, aws } = inject('stack');
const ports = [http, functionUrls, simulator, dynamodb, lambda, aws].map((url) => Number(new URL(url).port));
const run = (command: string, words: string[] = [], input = '') => runOps(command, words, portVariables(ports), input);

describe('infra/ops on the local stack', () => {
  it('smoke passes every check', async () => {
    const { code, stdout } = await run('smoke');
    expect([code, stdout.match(/^ {2}✓/gm)?.length], stdout).toEqual([0, 5]);
  });

  it('doctor finds nothing wrong', async () => {
    const { code, stdout } = await run('doctor');
    expect([code, stdout.match(/^ {2}[✗!].*/gm)], stdout).toEqual([0, null]);
  });

  it('secrets stores, lists and removes a secret', async () => {
    const name = 'PAY_API_V3_KEY_PREVIOUS';
    await expect(run('secrets', ['put', name], 'x'.repeat(32))).resolves.toMatchObject({ code: 0 });
    await expect(run('secrets', ['list'])).resolves.toMatchObject({
      stdout: expect.stringMatching(`${name} +\\d{4}-`),
    });
    await expect(run('doctor')).resolves.toMatchObject({
      stdout: expect.stringContaining('the previous key is still stored'),
    });
    await expect(run('secrets', ['remove', name])).resolves.toMatchObject({ code: 0 });
  });
});
