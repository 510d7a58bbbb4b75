// The second host of WeChat Pay replaces a first host that does not accept connections. The simulator is the second host.
import { createPrivateKey, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';
import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { beijingDate } from '../../lib/core/beijing-time.ts';
import { DEFAULTS } from '../../lib/core/config.ts';
import { startDownload, type Send, type StartDownload } from '../../lib/core/outbound.ts';
import { runtime } from '../../lib/core/runtime.ts';
import { refundOrder } from '../../lib/pay/refund-order.ts';
import { readOrder } from '../../lib/store/orders.ts';
import { openTradeBillV2 } from '../../lib/wechat-pay/v2/bills.ts';
import { openTradeBill } from '../../lib/wechat-pay/v3/bills.ts';
import { fetchCertificates } from '../../lib/wechat-pay/v3/certificates.ts';
import { buy, createBuyers } from '../support/buyers.ts';
import { createWorld, ids, type World } from '../support/world.ts';

const FIRST = DEFAULTS.WECHAT_PAY_BASE_URL!;
const SECOND = 'https://api2.mch.weixin.qq.com';
const DEFAULT_HOST = { WECHAT_PAY_BASE_URL: FIRST };

let world: World;
let buyers: Awaited<ReturnType<typeof createBuyers>>;
/** The address of a port on which nothing listens. */
let nowhere: string;
beforeAll(async () => {
  world = await createWorld();
  buyers = await createBuyers(world);
  const server = createServer();
  await once(server.listen(0, '127.0.0.1'), 'listening');
  nowhere = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  await once(server.close(), 'close');
});
afterAll(() => world.simulator.close());

let called: string[] = [];
beforeEach(() => void (called = []));

/** Connects to the servers that stand for the hosts of WeChat Pay, and records the host of each call. */
const reach =
  (servers: Record<string, string>): Send =>
  (request) => {
    const { origin, pathname, search } = request.url;
    called.push(origin);
    return runtime.send({ ...request, url: new URL(servers[origin]! + pathname + search) });
  };

describe.each(['v3', 'v2'] as const)('API %s', (api) => {
  it('creates, queries and closes an order at the second host when the first host refuses connections', async () => {
    const { token } = await buyers.loggedIn();
    const send = reach({ [FIRST]: nowhere, [SECOND]: world.simulator.url });
    const deps = await world.payWith({ api, send, settings: DEFAULT_HOST });
    const { order } = await buy(deps, { token });
    expect(order.state).toBe('NOTPAY');
    const stored = (await readOrder(world.table, order.outTradeNo))!;
    const calls = await deps.payApi(api);
    await expect(calls.query(stored)).resolves.toMatchObject({ tradeState: 'NOTPAY' });
    await calls.close(stored);
    await expect(calls.query(stored)).resolves.toMatchObject({ tradeState: 'CLOSED' });
    expect(called).toEqual(Array.from({ length: 4 }, () => [FIRST, SECOND]).flat());
  });

  it('is not sent to the second host after an answer of the first host', async () => {
    const { token } = await buyers.loggedIn();
    const send = reach({ [FIRST]: world.simulator.url, [SECOND]: nowhere });
    await world.faults(api === 'v3' ? 'transactions/jsapi' : 'unifiedorder', '5xx');
    await buy(await world.payWith({ api, send, settings: DEFAULT_HOST }), { token });
    expect(called).toEqual([FIRST, FIRST]);
  });

  it('has no second host if WECHAT_PAY_BASE_URL is another host', async () => {
    const { token } = await buyers.loggedIn();
    const proxy = 'https://proxy.example.com';
    const send = reach({ [proxy]: nowhere });
    const call = buy(await world.payWith({ api, send, settings: { WECHAT_PAY_BASE_URL: proxy } }), { token });
    await expect(call).rejects.toMatchObject({ code: 'WECHAT_UNAVAILABLE' });
    expect(called).toEqual([proxy, proxy]);
  });

  it('fails with WECHAT_UNAVAILABLE when no host accepts connections', async () => {
    const { token } = await buyers.loggedIn();
    const send = reach({ [FIRST]: nowhere, [SECOND]: nowhere });
    const call = buy(await world.payWith({ api, send, settings: DEFAULT_HOST }), { token });
    await expect(call).rejects.toMatchObject({ code: 'WECHAT_UNAVAILABLE' });
    expect(called).toEqual([FIRST, SECOND]);
  });
});

describe('a call that changes nothing', () => {
  /** Downloads from the servers that stand for the hosts of WeChat Pay. */
  const downloadFrom =
    (servers: Record<string, string>): StartDownload =>
    (request) => {
      const { origin, pathname, search } = request.url;
      called.push(origin);
      return startDownload({ ...request, url: new URL(servers[origin]! + pathname + search) });
    };
  const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const depsFor = (second: string) => ({
    ...runtime,
    ...ids.pay,
    appId: ids.miniapp.appId,
    merchant: { ...ids.pay, privateKey: createPrivateKey(ids.merchantPrivateKey) },
    payBaseUrl: FIRST,
    platformKeyId: ids.pay.platformKeyId,
    platformKeys: async () => createPublicKey(ids.platformPublicKey),
    send: reach({ [FIRST]: nowhere, [SECOND]: second }),
    startDownload: downloadFrom({ [FIRST]: nowhere, [SECOND]: second }),
  });

  it('requests the list of platform certificates, which is empty for a merchant with a public key', async () => {
    const deps = { ...depsFor(world.simulator.url), apiV3Keys: [ids.pay.apiV3Key] };
    await expect(fetchCertificates(deps)).resolves.toEqual([]);
    expect(called).toEqual([FIRST, SECOND]);
  });

  it('opens a bill of API v2', async () => {
    await buyers.paidOrder();
    const today = beijingDate(Date.now());
    await world.simulator.advanceClock(48 * 3_600_000);
    await expect(openTradeBillV2(depsFor(world.simulator.url), today)).resolves.toHaveProperty('body');
    expect(called).toEqual([FIRST, SECOND]);
  });

  it('downloads a bill of API v3 whose link names the first host', async () => {
    const server = createHttpServer((request, response) => void response.end(`bill of ${request.url}`));
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const deps = depsFor(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
    const link = {
      hash_type: 'SHA1',
      hash_value: '0'.repeat(40),
      download_url: `${FIRST}/v3/billdownload/file?token=a%2Fb`,
    };
    const body = JSON.stringify(link);
    const timestamp = String(Math.floor(Date.now() / 1_000));
    const headers = {
      'wechatpay-timestamp': timestamp,
      'wechatpay-nonce': 'n',
      'wechatpay-serial': ids.pay.platformKeyId,
      'wechatpay-signature': sign('RSA-SHA256', Buffer.from(`${timestamp}\nn\n${body}\n`), privateKey).toString(
        'base64',
      ),
    };
    const send: Send = async () => ({ status: 200, headers, body: Buffer.from(body) });
    const bill = await openTradeBill({ ...deps, send, platformKeys: async () => publicKey }, '2026-11-20');
    const chunks: Buffer[] = [];
    for await (const chunk of (bill as { body: AsyncIterable<Buffer> }).body) chunks.push(chunk);
    server.close().closeAllConnections();
    expect(Buffer.concat(chunks).toString()).toBe('bill of /v3/billdownload/file?token=a%2Fb');
    expect(called).toEqual([FIRST, SECOND]);
  });
});

it('requests one refund when both hosts get the request', async () => {
  const { outTradeNo } = await buyers.paidOrder();
  const reach2 = reach({ [FIRST]: world.simulator.url, [SECOND]: world.simulator.url });
  const send: Send = async (request) => {
    const answer = await reach2(request);
    // The connection to the first host breaks after WeChat accepted the refund.
    return request.url.origin === FIRST && request.method === 'POST'
      ? runtime.send({ ...request, url: new URL(nowhere) })
      : answer;
  };
  const request = { outTradeNo, outRefundNo: `R${Date.now()}`, amountFen: 1_000 };
  await refundOrder(await world.payWith({ send, settings: DEFAULT_HOST }), request);
  expect(called).toEqual([FIRST, SECOND]);
  expect(await readOrder(world.table, outTradeNo)).toMatchObject({ refundingFen: 1_000, refundCount: 1 });
});
