import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { findFreePorts } from '../../support/ports.ts';
import { runOps, startStage, type Stage } from './stage.ts';

let stage: Stage;
beforeAll(async () => {
  stage = await startStage();
});
afterEach(() => stage.reset());
afterAll(() => stage.stop());

describe('npm run smoke', () => {
  it('passes when the stage responds, rejects forged requests and reaches WeChat', async () => {
    const { code, stdout } = await stage.run('smoke');
    expect(stdout.match(/^ {2}✓/gm)).toHaveLength(6);
    expect([code, stdout]).toEqual([0, expect.stringContaining('6 checks, nothing wrong')]);
  });

  it('retries a check that fails during a cold start', async () => {
    let calls = 0;
    stage.answers['GET /health'] = () => ({ status: (calls += 1) < 3 ? 503 : 200 });
    await expect(stage.run('smoke')).resolves.toMatchObject({ code: 0 });
    expect(calls).toBe(3);
  });

  it('skips parts that are not set up', async () => {
    Object.assign(stage.variables, { MINIAPP_APP_ID: '', OFFICIAL_APP_ID: '' });
    const { code, stdout } = await stage.run('smoke');
    expect([code, stdout.match(/^ {2}– [\w-]+/gm)]).toEqual([
      0,
      ['  – miniapp-events', '  – official-events', '  – login'],
    ]);
  });

  it('reports an accepted forgery, missing permissions, a missing webhook and a failed login in one run', async () => {
    Object.assign(stage.answers, {
      'POST /official-events': () => ({ status: 200, body: 'success' }),
      'POST /pay-notify': () => ({ status: 403, body: '{"Message":"Forbidden. For troubleshooting see"}' }),
      'POST /pay-notify-v2': () => ({ status: 404 }),
      'POST /miniapp/login': () => ({
        status: 500,
        body: '{"code":"INTERNAL","message":"An internal error occurred; its cause is in the log"}',
      }),
    });
    const { code, stdout } = await stage.run('smoke');
    const lines = stdout.match(/^ {2}✗.*$/gm) ?? [];
    expect(lines).toEqual([
      expect.stringMatching(/official-events +answers 200 to an unsigned request/),
      expect.stringMatching(/pay-notify +answers 403 .*AWS rejects every caller/),
      expect.stringMatching(/pay-notify-v2 +answers 404/),
      expect.stringMatching(/login +answers 500 INTERNAL .*An internal error occurred; its cause is in the log/),
    ]);
    expect([code, stdout]).toEqual([1, expect.stringContaining('4 of 6 checks failed')]);
  });

  it('warns without failing when the cause is WeChat or a missing secret', async () => {
    Object.assign(stage.answers, {
      'POST /pay-notify': () => ({ status: 503, body: '{"code":"FAIL","message":"PAY_API_V3_KEY is not set"}' }),
      'POST /miniapp/login': () => ({
        status: 503,
        body: '{"code":"WECHAT_CONFIG","message":"WeChat rejected MINIAPP_APP_SECRET"}',
      }),
    });
    const { code, stdout } = await stage.run('smoke');
    expect(stdout.match(/^ {2}[^✓].*$/gm)).toEqual([
      expect.stringMatching(/! pay-notify +PAY_API_V3_KEY is not set → npm run secrets/),
      expect.stringMatching(/! login +answers 503 WECHAT_CONFIG .*WeChat rejected MINIAPP_APP_SECRET/),
    ]);
    expect([code, stdout]).toEqual([0, expect.stringContaining('nothing wrong, 2 to look at')]);
  });
});

it.each([
  ['smoke', []],
  ['doctor', []],
  ['secrets', ['list']],
])('npm run %s fails without a local stack', async (command, words) => {
  const [port] = await findFreePorts(1);
  const { code, stderr } = await runOps(command, words, { AWS_STANDINS_PORT: String(port) });
  expect([code, stderr]).toEqual([
    1,
    `No local stack answers at http://127.0.0.1:${port}. Start it with "npm start", or name a stage with --stage.\n`,
  ]);
});
