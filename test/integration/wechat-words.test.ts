// WeChat's own sentence about an error: operators and the log receive it, buyers never do.
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { afterAll, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { HttpResponse } from '../../lib/http/response.ts';
import { signFields } from '../../lib/wechat-pay/v2/sign.ts';
import { writeFields } from '../../lib/wechat-pay/v2/fields.ts';
import { recordConsole } from '../support/console.ts';
import { buy, createBuyers } from '../support/buyers.ts';
import { createWorld, ids, type World } from '../support/world.ts';

const SENTENCE = '此处说明原因';
const SECRET = '0123456789abcdef0123456789abcdef';

/** The error that the server returns next. */
let next = { status: 400, code: 'PARAM_ERROR' };
let payApi = 'v3';
let world: World;
let buyers: Awaited<ReturnType<typeof createBuyers>>;
let server: Server;
const lines: string[] = [];
beforeAll(async () => {
  world = await createWorld();
  buyers = await createBuyers(world);
  recordConsole(lines);
  server = createServer((request, response) => {
    const { status, code } = next;
    if (request.url?.startsWith('/v3/')) {
      response.writeHead(status, { 'content-type': 'application/json' });
      const message = `${SENTENCE} ${SECRET}`;
      return void response.end(JSON.stringify({ code, message, detail: { location: 'body', value: SENTENCE } }));
    }
    const common = { appid: ids.miniapp.appId, mch_id: ids.pay.mchId, nonce_str: 'n', return_code: 'SUCCESS' };
    const fields = { ...common, result_code: 'FAIL', err_code: code, err_code_des: `${SENTENCE} ${SECRET}` };
    const isSigned = code !== 'PARAM_ERROR';
    response.end(
      isSigned
        ? writeFields({ ...fields, sign: signFields(fields, ids.pay.apiV2Key, 'HMAC-SHA256') })
        : writeFields({ return_code: 'FAIL', return_msg: `${SENTENCE} ${SECRET}` }),
    );
  });
  await once(server.listen(0, '127.0.0.1'), 'listening');
});
beforeEach(() => void (lines.length = 0));
afterAll(async () => {
  vi.restoreAllMocks();
  server.close().closeAllConnections();
  await world.simulator.close();
});

/** Calls a deployed function, whose calls to WeChat Pay get the error `next`. */
async function invoke(name: string, event: unknown): Promise<unknown> {
  const { port } = server.address() as AddressInfo;
  vi.stubEnv('WECHAT_PAY_BASE_URL', `http://127.0.0.1:${port}`);
  vi.stubEnv('BILL_REPORTS_BUCKET', 'unused');
  vi.stubEnv('PAY_API', payApi);
  const { handler } = (await import(`../../functions/${name}.ts`)) as { handler: (...args: unknown[]) => unknown };
  try {
    return await handler(event, { awsRequestId: 'r' } as Context);
  } finally {
    vi.unstubAllEnvs();
  }
}

async function call(name: string, token: string, { method = 'POST', path = {}, body = {} }) {
  const event = {
    rawQueryString: '',
    headers: { authorization: `Bearer ${token}` },
    pathParameters: path,
    body: JSON.stringify(body),
    isBase64Encoded: false,
    requestContext: { http: { method, sourceIp: '203.0.113.1' } },
  };
  return (await invoke(name, event as unknown as APIGatewayProxyEventV2)) as HttpResponse;
}

const ERRORS: [number, string][] = [
  [400, 'PARAM_ERROR'],
  [400, 'INVALID_REQUEST'],
  [401, 'SIGN_ERROR'],
  [403, 'NO_AUTH'],
  [403, 'RULE_LIMIT'],
  [400, 'ORDERPAID'],
  [404, 'ORDER_NOT_EXIST'],
  [429, 'FREQUENCY_LIMITED'],
  [500, 'SYSTEM_ERROR'],
  [403, 'SOMETHING_NEW'],
];

describe.each(['v3', 'v2'] as const)('a buyer, with API %s', (api) => {
  beforeAll(() => {
    payApi = api;
    // The functions load their settings once.
    vi.resetModules();
  });

  it.each(ERRORS)('never receives the sentence of the error %i %s, which is in the log', async (status, code) => {
    next = { status, code };
    const { token } = await buyers.loggedIn();
    const { order } = await buy(await world.payWith({ api }), { token });
    const { outTradeNo } = order;
    const answers = [
      await call('pay-prepay', token, { body: { sku: 'coffee', tradeType: 'JSAPI' } }),
      await call('pay-order', token, { method: 'GET', path: { outTradeNo } }),
      await call('pay-orders', token, { method: 'GET' }),
      await call('pay-order-close', token, { path: { outTradeNo } }),
      await call('account-close', token, { method: 'DELETE' }),
    ];
    for (const answer of answers) {
      expect(JSON.stringify(answer)).not.toMatch(new RegExp(`${SENTENCE}|[\\u4E00-\\u9FFF]|${SECRET}`));
    }
    expect(answers[0]!.statusCode).toBeGreaterThanOrEqual(400);
    const log = lines.join('\n');
    expect(log).toContain(SENTENCE);
    expect(log).not.toContain(SECRET);
  });
});

describe('an operator', () => {
  beforeAll(() => {
    payApi = 'v3';
    vi.resetModules();
  });

  it.each(ERRORS.filter(([, code]) => !/ORDER/.test(code)))(
    'receives the sentence of the error %i %s from pay-refund and pay-bills, without secrets',
    async (status, code) => {
      const { outTradeNo } = await buyers.paidOrder();
      next = { status, code };
      const refund = { outTradeNo, outRefundNo: `R${Date.now()}`, amountFen: 100 };
      for (const [name, input] of [
        ['pay-refund', refund],
        ['pay-bills', { date: '2026-11-20' }],
      ] as const) {
        const { message } = await invoke(name, input).then(
          () => expect.unreachable('WeChat Pay accepted the call'),
          (error: unknown) => error as Error,
        );
        expect(message).toMatch(new RegExp(`^WeChat Pay [^。]+\\. WeChat: ${SENTENCE}`));
        expect(message).not.toContain(SECRET);
      }
    },
  );
});
