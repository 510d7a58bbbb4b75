import { UpdateCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closeAccount } from '../../lib/identity/close-account.ts';
import { loginMiniapp } from '../../lib/identity/login-miniapp.ts';
import { closeOrder } from '../../lib/pay/close-order.ts';
import { listOrders } from '../../lib/pay/list-orders.ts';
import { prepay } from '../../lib/pay/prepay.ts';
import { putCatalog } from '../../lib/pay/catalog.ts';
import { AppError } from '../../lib/core/errors.ts';
import type { Send } from '../../lib/core/outbound.ts';
import { runtime } from '../../lib/core/runtime.ts';
import { keys } from '../../lib/store/keys.ts';
import { readOrder } from '../../lib/store/orders.ts';
import { buy, createBuyers } from '../support/buyers.ts';
import { createWorld, ids, type World } from '../support/world.ts';

const MINUTE_MS = 60_000;

let world: World;
let loggedIn: Buyers['loggedIn'];
beforeAll(async () => {
  world = await createWorld();
  ({ loggedIn } = await createBuyers(world));
});
afterAll(() => world.simulator.close());

type Buyers = Awaited<ReturnType<typeof createBuyers>>;
type Request = Parameters<typeof prepay>[1];

/** Sends requests to WeChat and records their bodies. */
function recordingSend() {
  const bodies: Record<string, unknown>[] = [];
  const send: Send = (request) => {
    bodies.push(JSON.parse(String(request.body)) as Record<string, unknown>);
    return world.base.send(request);
  };
  return { bodies, send };
}

describe.each(['v3', 'v2'] as const)('prepay by API %s', (api) => {
  const order = async (request: Partial<Request> & { token: string }, send?: Send) =>
    prepay(await world.payWith({ api, ...(send && { send }) }), {
      sku: 'coffee',
      tradeType: 'JSAPI',
      address: '203.0.113.7',
      ...request,
    });

  it('JSAPI returns a payment that the phone accepts', async () => {
    const { token, person } = await loggedIn();
    const { order: made, payment } = await order({ token });
    expect(payment).toMatchObject({ appId: ids.miniapp.appId, signType: api === 'v3' ? 'RSA' : 'HMAC-SHA256' });
    const prepayId = (payment as { package: string }).package;
    expect(await world.phone.act(person, 'pay', { prepayId })).toHaveProperty('transactionId');
    expect(await readOrder(world.table, made.outTradeNo)).toMatchObject({ api, tradeType: 'JSAPI', kind: 'goods' });
  });

  it('NATIVE returns a code that another phone can pay', async () => {
    const [{ token }, other] = [await loggedIn(), await world.phone.newPerson()];
    const { payment } = await order({ token, tradeType: 'NATIVE' });
    const { codeUrl } = payment as { codeUrl: string };
    expect(codeUrl).toMatch(/^weixin:\/\/wxpay\//);
    expect(await world.phone.act(other, 'scan', { content: codeUrl })).toMatchObject({ kind: 'pay' });
    expect(await world.phone.act(other, 'pay', { codeUrl })).toHaveProperty('transactionId');
  });

  it('creates an order whose description WeChat accepts in bytes, for any quantity', async () => {
    await putCatalog(world.base, {
      items: [{ sku: 'long', description: '限'.repeat(42), kind: 'goods', unitFen: 1 }],
    });
    const { token } = await loggedIn();
    for (const tradeType of ['JSAPI', 'NATIVE', 'H5'] as const) {
      const { order: made } = await order({ token, sku: 'long', quantity: 100, tradeType });
      expect(made).toMatchObject({ description: `${'限'.repeat(40)} x100`, state: 'NOTPAY' });
    }
  });

  it('sends the attach to WeChat, and returns it with the order', async () => {
    const { token } = await loggedIn();
    const attach = '桌'.repeat(42);
    const sent: string[] = [];
    const { order: made } = await order({ token, attach }, (request) => {
      sent.push(String(request.body));
      return world.base.send(request);
    });
    expect(sent).toEqual([expect.stringContaining(api === 'v3' ? `"attach":"${attach}"` : `<attach>`)]);
    expect(sent[0]).toContain(attach);
    expect(made).toMatchObject({ attach });
    const stored = await readOrder(world.table, made.outTradeNo);
    expect(stored).toMatchObject({ attach });
    const { order: plain } = await order({ token, attach: '' });
    expect(plain).toMatchObject({ attach: null });
  });

  it('rejects the Idempotency-Key of an order with another attach', async () => {
    const { token } = await loggedIn();
    const request = { token, idempotencyKey: `attach-${api}`, attach: 'table 1' };
    const { order: made } = await order(request);
    expect((await order(request)).order).toEqual(made);
    for (const attach of ['table 2', undefined]) {
      await expect(order({ ...request, attach })).rejects.toMatchObject({ code: 'ORDER_STATE_CONFLICT' });
    }
  });

  it('H5 returns a link for the IP address of the request', async () => {
    const { token, person } = await loggedIn();
    const { order: made, payment } = await order({ token, tradeType: 'H5', address: '2001:db8::7' });
    const { h5Url } = payment as { h5Url: string };
    expect(h5Url).toMatch(/^https:\/\/wx\.tenpay\.com\//);
    expect(await readOrder(world.table, made.outTradeNo)).toMatchObject({ clientIp: '2001:db8::7' });
    expect(await world.phone.act(person, 'pay', { h5Url })).toHaveProperty('transactionId');
  });

  it.each(['NATIVE', 'H5'] as const)(
    '%s accepts another app of the merchant, and JSAPI rejects it',
    async (tradeType) => {
      const { token } = await loggedIn();
      const { appId } = ids.official;
      const { order: made } = await order({ token, tradeType, appId });
      const stored = await readOrder(world.table, made.outTradeNo);
      expect(stored).toMatchObject({ appId });
      expect(stored).not.toHaveProperty('openId');
      await expect(order({ token, appId })).rejects.toMatchObject({ code: 'PARAM_ERROR' });
    },
  );

  it.each([
    ['JSAPI', 114, 116],
    ['NATIVE', 114, 116],
    ['H5', 3, 5],
  ] as const)(
    '%s returns the same payment handle during its lifetime and a new handle afterwards',
    async (tradeType, livesMin, endsMin) => {
      const { token } = await loggedIn();
      const request = { token, tradeType, idempotencyKey: tradeType };
      const handleOf = ({ payment }: Awaited<ReturnType<typeof order>>) =>
        'package' in payment ? payment.package : Object.values(payment)[0];
      const first = await order(request);
      world.clock.offsetMs = livesMin * MINUTE_MS;
      const repeated = await order(request);
      world.clock.offsetMs = endsMin * MINUTE_MS;
      const renewed = await order(request).finally(() => (world.clock.offsetMs = 0));
      expect(repeated.order).toEqual(first.order);
      expect(handleOf(repeated)).toBe(handleOf(first));
      expect(renewed.order).toEqual(first.order);
      expect(handleOf(renewed)).not.toBe(handleOf(first));
    },
  );

  it('detects a payment when a repeated request needs a new payment handle', async () => {
    const { token, person } = await loggedIn();
    const request = { token, tradeType: 'H5' as const, idempotencyKey: `paid ${api}` };
    const { order: made, payment } = await order(request);
    await world.phone.act(person, 'pay', payment);
    world.clock.offsetMs = 5 * MINUTE_MS;
    const repeat = order(request).finally(() => (world.clock.offsetMs = 0));
    await expect(repeat).rejects.toMatchObject({ code: 'ORDER_STATE_CONFLICT' });
    expect(await readOrder(world.table, made.outTradeNo)).toMatchObject({ state: 'PAID' });
  });

  it('leaves an accepted order open when WeChat declines its repeat', async () => {
    const { token } = await loggedIn();
    const request = { token, tradeType: 'H5' as const, idempotencyKey: `open ${api}` };
    const { order: made } = await order(request);
    const declining: Send = async ({ method }) =>
      method === 'POST'
        ? { status: 403, headers: {}, body: Buffer.from('{"code":"RULE_LIMIT","message":"x"}') }
        : Promise.reject(new Error('no'));
    world.clock.offsetMs = 5 * MINUTE_MS;
    const repeat = order(request, declining).finally(() => (world.clock.offsetMs = 0));
    await expect(repeat).rejects.toMatchObject({ code: expect.stringMatching(/FORBIDDEN|WECHAT_UNAVAILABLE/) });
    expect(await readOrder(world.table, made.outTradeNo)).toMatchObject({ state: 'NOTPAY' });
  });

  it('closes an order at WeChat that was closed here during the prepay, and returns no payment', async () => {
    const { token } = await loggedIn();
    let outTradeNo = '';
    const slow: Send = async (request) => {
      const answer = await world.base.send(request);
      if (/jsapi$|unifiedorder$/.test(request.url.pathname)) {
        outTradeNo = /out_trade_no(?:":"|><!\[CDATA\[)([0-9a-z]{32})/.exec(String(request.body))![1]!;
        await closeOrder(world.pay, { token, outTradeNo });
      }
      return answer;
    };
    await expect(order({ token }, slow)).rejects.toMatchObject({ code: 'ORDER_STATE_CONFLICT' });
    const stored = (await readOrder(world.table, outTradeNo))!;
    expect(stored.state).toBe('CLOSED');
    expect(await (await world.pay.payApi(api)).query(stored)).toMatchObject({ tradeState: 'CLOSED' });
  });
});

describe('prepay with a session that has ended', () => {
  it('is rejected after the end of all sessions of the account', async () => {
    const { token, user, person } = await loggedIn();
    await world.table.client.send(
      new UpdateCommand({
        TableName: world.table.name,
        Key: keys.account(user.id),
        UpdateExpression: 'SET sessionsNotBefore = :now',
        ExpressionAttributeValues: { ':now': world.base.now() + 1 },
      }),
    );
    await expect(buy(world.pay, { token })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    const next = await loginMiniapp(world.miniapp, await world.phone.loginCode(person));
    await expect(buy(world.pay, { token: next.token })).resolves.toBeDefined();
  });

  it('is rejected after the close of the account, for goods too', async () => {
    const { token, person } = await loggedIn();
    const other = await loginMiniapp(world.miniapp, await world.phone.loginCode(person));
    await closeAccount(world.closing, token);
    await expect(buy(world.pay, { token: other.token })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});

describe('prepay request of API v3', () => {
  it('contains the fields of its trade type and no other fields', async () => {
    const { token, person } = await loggedIn();
    const { bodies, send } = recordingSend();
    const deps = await world.payWith({ send });
    for (const tradeType of ['JSAPI', 'NATIVE', 'H5'] as const) await buy(deps, { token, tradeType });
    const [jsapi, native, h5] = bodies;
    expect(jsapi).toHaveProperty('payer', { openid: person.openIds.miniapp });
    expect(jsapi).not.toHaveProperty('scene_info');
    for (const body of [native, h5]) expect(body).not.toHaveProperty('payer');
    expect(native).not.toHaveProperty('scene_info');
    expect(h5).toHaveProperty('scene_info', { payer_client_ip: '203.0.113.7', h5_info: { type: 'Wap' } });
  });

  it('is repeated unchanged from another IP address and with another notify URL', async () => {
    const { token } = await loggedIn();
    const { bodies, send } = recordingSend();
    const request = { token, tradeType: 'H5' as const, idempotencyKey: 'again' };
    await buy(await world.payWith({ send }), request);
    world.clock.offsetMs = 5 * MINUTE_MS;
    const moved = await world.payWith({ send });
    const { newOrders } = moved;
    moved.newOrders = (tradeType) => ({ ...newOrders(tradeType), notifyUrl: 'https://elsewhere.example/notify' });
    await buy(moved, { ...request, address: '198.51.100.1' }).finally(() => (world.clock.offsetMs = 0));
    expect(bodies[1]).toEqual(bodies[0]);
  });
});

describe('a creation whose outcome is unknown', () => {
  it('closes the order at WeChat too when the order was closed meanwhile', async () => {
    const { token } = await loggedIn();
    let outTradeNo = '';
    const timesOut = await world.payWith({
      send: async (request) => {
        if (!request.url.pathname.endsWith('/jsapi')) return runtime.send(request);
        outTradeNo ||= (await listOrders(world.pay, { token })).orders[0]!.outTradeNo;
        await closeOrder(world.pay, { token, outTradeNo });
        await runtime.send(request);
        throw new AppError('WECHAT_TIMEOUT', 'WeChat did not answer in time');
      },
    });
    await expect(buy(timesOut, { token })).rejects.toMatchObject({ code: 'WECHAT_TIMEOUT' });
    const order = (await readOrder(world.table, outTradeNo))!;
    const { tradeState } = await (await world.pay.payApi('v3')).query(order);
    expect([order.state, tradeState]).toEqual(['CLOSED', 'CLOSED']);
  });
});
