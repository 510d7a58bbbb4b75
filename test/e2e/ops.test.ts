// The commands of infra/ops on the real local stack, where they check the real functions.
import { describe, expect, inject, it } from 'vitest';
import { runOps } from '../integration/ops/stage.ts';
import { api, phone } from '../support/client.ts';
import { portVariables } from '../support/stack.ts';

const { http, functionUrls, simulator, dynamodb, lambda, aws } = inject('stack');
const ports = [http, functionUrls, simulator, dynamodb, lambda, aws].map((url) => Number(new URL(url).port));
const run = (command: string, words: string[] = [], input = '') => runOps(command, words, portVariables(ports), input);

describe('infra/ops on the local stack', () => {
  it('smoke passes every check', async () => {
    const { code, stdout } = await run('smoke');
    expect([code, stdout.match(/^ {2}✓/gm)?.length], stdout).toEqual([0, 6]);
  });

  it('doctor finds nothing wrong after --fix', async () => {
    await expect(run('doctor', ['--fix'])).resolves.toMatchObject({ code: 0 });
    const { code, stdout } = await run('doctor');
    expect([code, stdout.match(/^ {2}[✗!].*/gm)], stdout).toEqual([0, null]);
  });

  it('op account-release-phone frees a number, and a second account binds it by the code that failed before', async () => {
    const login = async () => {
      const person = await phone.newPerson({ phone: '13812345679' });
      const { body } = await api('POST', '/miniapp/login', { body: { code: await phone.loginCode(person) } });
      return { person, token: body.token as string, user: body.user };
    };
    const [first, second] = [await login(), await login()];
    const bind = async ({ token }: { token: string }, code: string) =>
      api('POST', '/miniapp/phone', { token, body: { code } });
    await bind(first, (await phone.act(first.person, 'phone-code')).code);
    const { code } = await phone.act(second.person, 'phone-code');
    expect(await bind(second, code)).toMatchObject({ status: 409 });
    const released = await run('op', ['account-release-phone', '{"phone":"+8613812345679"}']);
    expect(JSON.parse(released.stdout)).toEqual({ userId: first.user.id });
    expect(await bind(second, code)).toMatchObject({ status: 200, body: { user: { username: '138****5679' } } });
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
