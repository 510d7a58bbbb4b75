// The probes of smoke and doctor on the real functions, and on responses of other servers.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import { SECRET_NAMES } from '../../../lib/core/config.ts';
import { LOCAL_AWS } from '../../../infra/service/table.ts';
import type { Webhook } from '../../../infra/ops/deployment.ts';
import { checkLogin, checkRejectsForgery, WEBHOOKS } from '../../../infra/ops/probes.ts';
import { ExternalError, CommandError } from '../../../infra/ops/command.ts';
import { runCheck } from '../../../infra/ops/check-report.ts';
import { serveFunctionUrl, type Handler } from '../../support/function-url.ts';
import { merchant, SERIAL, stranger } from '../../unit/ops/keys.ts';

const key32 = '0123456789abcdefABCDEF0123456789';
const deploymentOf = (variables: Record<string, string>, url = '') => ({
  place: 'here',
  status: 'RUNNING',
  variables: { SECRETS_PATH: '/wechat-lambda/test', ...variables },
  outputs: { HttpApiUrl: url },
});

describe('checkRejectsForgery', () => {
  const FUNCTIONS = {
    'miniapp-events': () => import('../../../functions/miniapp-events.ts'),
    'official-events': () => import('../../../functions/official-events.ts'),
    'pay-notify': () => import('../../../functions/pay-notify.ts'),
    'pay-notify-v2': () => import('../../../functions/pay-notify-v2.ts'),
  };
  beforeEach(() => {
    for (const level of ['info', 'warn', 'error'] as const) vi.spyOn(console, level).mockReturnValue();
  });
  afterEach(() => {
    vi.restoreAllMocks();
    vi.unstubAllEnvs();
  });

  /** Checks a real function with these settings and secrets only. */
  async function judge(webhook: Webhook, settings: Record<string, string>) {
    for (const name of [...SECRET_NAMES, 'SECRETS_PATH', 'PAY_API']) vi.stubEnv(name, '');
    for (const [name, value] of Object.entries({ ...LOCAL_AWS, TABLE_NAME: 't', ...settings })) vi.stubEnv(name, value);
    vi.resetModules();
    const { handler } = await FUNCTIONS[webhook]();
    const address = await serveFunctionUrl(() => handler as unknown as Handler);
    const { mark, note } = await runCheck(webhook, () =>
      checkRejectsForgery(deploymentOf(settings), webhook, address.url),
    );
    await address.close();
    return [mark, note];
  }

  const base = { PAY_MCH_ID: '1900000001', WECHAT_PAY_BASE_URL: 'http://127.0.0.1:9' };
  const v3 = {
    ...base,
    PAY_API_V3_KEY: key32,
    PAY_MCH_PRIVATE_KEY: merchant.privateKey,
    PAY_MCH_CERT_SERIAL: SERIAL,
    PAY_PUBLIC_KEY_ID: 'PUB_KEY_ID_01',
    PAY_PUBLIC_KEY: stranger.publicKey,
  };
  const v2 = { ...base, PAY_API: 'v2', PAY_API_V2_KEY: key32 };
  const official = {
    OFFICIAL_APP_ID: 'wx10ca1000000000b2',
    OFFICIAL_TOKEN: 'token',
    SITE_NAME: 's',
  };
  const miniapp = { MINIAPP_APP_ID: 'wx10ca1000000000a1' };
  const pushed = { ...miniapp, MINIAPP_TOKEN: 'token', SITE_NAME: 'Shop' };
  const REJECTS = ['✓', 'rejects unsigned requests (403)'];

  it.each<[string, Webhook, Record<string, string>, string[]]>([
    ['of a merchant with API v3 alone', 'pay-notify', v3, REJECTS],
    ['of a merchant with API v3 alone', 'pay-notify-v2', v3, ['–', 'API v2 is not set up']],
    ['of a merchant with API v2 alone', 'pay-notify', v2, ['–', 'API v3 is not set up']],
    ['of a merchant with API v2 alone', 'pay-notify-v2', v2, REJECTS],
    ['of a merchant with both', 'pay-notify', { ...v2, ...v3 }, REJECTS],
    ['of a merchant with both', 'pay-notify-v2', { ...v2, ...v3 }, REJECTS],
    ['in plain mode', 'official-events', { ...official, OFFICIAL_MODE: 'plain' }, REJECTS],
    ['in plain mode', 'miniapp-events', { ...pushed, MINIAPP_MODE: 'plain' }, REJECTS],
    ['of a mini-program without a push', 'miniapp-events', miniapp, ['–', 'the message push is not set up']],
    ['in secure mode', 'official-events', { ...official, OFFICIAL_AES_KEY: 'a'.repeat(43) }, REJECTS],
  ])('passes for %s: %s', async (_whose, webhook, settings, expected) => {
    await expect(judge(webhook, settings)).resolves.toEqual(expected);
  });

  it.each<[string, Webhook, Record<string, string>, string]>([
    ['without its key', 'pay-notify', base, 'PAY_API_V3_KEY is not set → npm run secrets -- put PAY_API_V3_KEY'],
    ['without its key', 'pay-notify-v2', { ...base, PAY_API: 'v2' }, 'PAY_API_V2_KEY is not set → npm run secrets'],
    [
      'with half a key',
      'pay-notify-v2',
      { ...v3, PAY_API_V2_KEY: 'half' },
      'FAIL PAY_API_V2_KEY must be exactly 32 bytes',
    ],
    ['without its key', 'official-events', official, 'OFFICIAL_AES_KEY is not set → npm run secrets'],
    [
      'without its key',
      'miniapp-events',
      { ...miniapp, MINIAPP_TOKEN: 'token' },
      'MINIAPP_AES_KEY is not set → npm run secrets',
    ],
  ])('reports %s: %s', async (_what, webhook, settings, note) => {
    await expect(judge(webhook, settings)).resolves.toEqual(['✗', expect.stringMatching(note)]);
  });
});

describe('a response of another server', () => {
  let server: Server;
  let url: string;
  let answer: { status: number; body: string };
  beforeAll(async () => {
    server = createServer((_request, response) => void response.writeHead(answer.status).end(answer.body));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => void server.close().closeAllConnections());
  const all = { OFFICIAL_APP_ID: 'wx1', PAY_MCH_ID: '19', MINIAPP_APP_ID: 'wx2' };
  const failure = (check: () => Promise<unknown>) =>
    check().then(
      () => 'passed',
      (error: unknown) => error,
    );

  it.each([
    [
      403,
      '{"Message":"Forbidden. For troubleshooting Function URL authorization issues, see: https://d"}',
      'AWS rejects every caller',
    ],
    [403, '<html><body>Blocked</body></html>', 'answers 403 .*: Blocked$'],
    [403, 'null', 'answers 403'],
    [429, '{"Reason":"ReservedFunctionConcurrentInvocationLimitExceeded"}', 'AWS throttles'],
    [405, '{"code":"FAIL","message":"no"}', 'answers 405'],
    [404, '{"message":"Not Found"}', 'no webhook at this address'],
    [200, 'success', 'answers 200 to an unsigned request'],
    [502, '', 'answers 502 .*: empty response'],
    [503, '<xml><return_msg><![CDATA[PAY_MCH_ID is not set]]></return_msg></xml>', ': PAY_MCH_ID is not set$'],
  ])('is no rejection: %i %s', async (status, body, why) => {
    answer = { status, body };
    for (const webhook of WEBHOOKS) {
      const error = await failure(() => checkRejectsForgery(deploymentOf(all), webhook, url));
      expect([error, String(error)]).toEqual([expect.any(CommandError), expect.stringMatching(why)]);
      expect(error).not.toBeInstanceOf(ExternalError);
    }
  });

  const notSet = 'NOT_CONFIGURED MINIAPP_APP_SECRET is not set';
  it.each<[string, number, string, boolean]>([
    ['WECHAT_UNAVAILABLE WeChat could not process the request', 502, '/wechat-lambda/test', true],
    ['WECHAT_TIMEOUT WeChat did not answer', 504, '/wechat-lambda/test', true],
    ['WECHAT_CONFIG WeChat rejected MINIAPP_APP_SECRET', 503, '/wechat-lambda/test', true],
    [notSet, 503, '/wechat-lambda/test', true],
    [notSet, 503, '', false],
    ['NOT_CONFIGURED TABLE_NAME is not set', 503, '/wechat-lambda/test', false],
    ['INTERNAL An internal error occurred; its cause is in the log', 500, '/wechat-lambda/test', false],
  ])(
    'a login that answers %s (%i, secrets below "%s") is the fault of others: %s',
    async (said, status, path, others) => {
      const [, code, message] = /^(\w+) (.*)$/.exec(said)!;
      answer = { status, body: JSON.stringify({ code, message, requestId: '1' }) };
      const error = await failure(() => checkLogin(deploymentOf({ ...all, SECRETS_PATH: path }, url)));
      expect([error instanceof CommandError, error instanceof ExternalError]).toEqual([true, others]);
      expect(String(error)).toContain(message);
    },
  );
});
