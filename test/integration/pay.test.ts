import { randomUUID } from 'node:crypto';
import { GetCommand } from '@aws-sdk/lib-dynamodb';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { AppError } from '../../lib/core/errors.ts';
import { logout } from '../../lib/identity/logout.ts';
import { putCatalog } from '../../lib/pay/catalog.ts';
import { keys } from '../../lib/store/keys.ts';
import type { Send } from '../../lib/core/outbound.ts';
import { markClosed, readOrder } from '../../lib/store/orders.ts';
import { buy, createBuyers, transactionFor } from '../support/buyers.ts';
import { createWorld, ids, type World } from '../support/world.ts';

const JSAPI = '/v3/pay/transactions/jsapi';

let world: World;
let loggedIn: Buyers['loggedIn'];
let newOrder: Buyers['newOrder'];
let settle: Buyers['settle'];
beforeAll(async () => {
  world = await createWorld();
  ({ loggedIn, newOrder, settle } = await createBuyers(world));
});
afterAll(() => world.simulator.close());

type Buyers = Awaited<ReturnType<typeof createBuyers>>;

describe('payments through API v3', () => {
  it('takes the price from the catalogue, and rejects another amount of the client', async () => {
    const { order, payment, user } = await newOrder({ quantity: 2 });
    await expect(newOrder({ quantity: 2, amountFen: 1 })).rejects.toMatchObject({ code: 'PARAM_ERROR' });
    expect(order).toMatchObject({ amountFen: 3600, description: 'Coffee x2', state: 'NOTPAY', currency: 'CNY' });
    expect(order.outTradeNo).toMatch(new RegExp(`^${user.id}[0-9a-z]{16}$`));
    expect(payment).toMatchObject({ appId: ids.miniapp.appId, signType: 'RSA' });
    expect(payment.package).toMatch(/^prepay_id=wx/);
    expect(payment.timeStamp).toMatch(/^\d{10}$/);
  });

  it('accepts an amount of the client only within the range of the catalogue', async () => {
    const { order } = await newOrder({ sku: 'top-up', amountFen: 5000 });
    expect(order.amountFen).toBe(5000);
    for (const amountFen of [undefined, 99, 500_001]) {
      await expect(newOrder({ sku: 'top-up', amountFen })).rejects.toMatchObject({ code: 'PARAM_ERROR' });
    }
    await expect(newOrder({ sku: 'nothing' })).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('makes one call to WeChat for one prepay', async () => {
    const before = await world.calls(JSAPI);
    await newOrder();
    expect((await world.calls(JSAPI)) - before).toBe(1);
  });

  it('rejects a logged-out buyer and a session of another app', async () => {
    const { token } = await loggedIn();
    const { appId } = ids.official;
    await expect(buy(world.pay, { token, appId })).rejects.toMatchObject({ code: 'PARAM_ERROR' });
    await logout(world.sessions, token);
    await expect(buy(world.pay, { token })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('retries the prepay once when WeChat answers 5xx', async () => {
    const before = await world.calls(JSAPI);
    await world.faults('transactions/jsapi', '5xx');
    expect((await newOrder()).order.state).toBe('NOTPAY');
    expect((await world.calls(JSAPI)) - before).toBe(2);
  });

  /** Answers to every creation; queries reach the simulator. */
  const answering =
    (status: number, code: string): Send =>
    async (request) =>
      request.method === 'GET'
        ? world.base.send(request)
        : { status, headers: {}, body: Buffer.from(JSON.stringify({ code, message: 'x' })) };
  const failedOrder = async (userId: string) => {
    const failed = world.lines.findLast((line) => line.includes('"order.creation-failed"') && line.includes(userId))!;
    return (await readOrder(world.table, new RegExp(`${userId}[0-9a-z]{16}`).exec(failed)![0]))!;
  };

  it('closes the order when WeChat declines it and a query finds no such order', async () => {
    const { token, user } = await loggedIn();
    const call = buy(await world.payWith({ send: answering(403, 'RULE_LIMIT') }), { token });
    await expect(call).rejects.toMatchObject({ code: 'FORBIDDEN' });
    expect(await failedOrder(user.id)).toMatchObject({ state: 'CLOSED' });
  });

  it('names a wrong setting, and places the same order after the correction', async () => {
    const { token, user } = await loggedIn();
    const settings = { PAY_MCH_CERT_SERIAL: 'F'.repeat(40) };
    const request = { token, idempotencyKey: 'corrected' };
    await expect(buy(await world.payWith({ settings }), request)).rejects.toMatchObject({
      code: 'WECHAT_CONFIG',
      message: expect.stringContaining('PAY_MCH_CERT_SERIAL'),
    });
    const { outTradeNo, state } = await failedOrder(user.id);
    expect(state).toBe('CREATED');
    expect((await buy(world.pay, request)).order).toMatchObject({ outTradeNo, state: 'NOTPAY' });
  });

  it.each([
    [403, 'SOMETHING_NEW', 'FORBIDDEN'],
    [400, 'SOMETHING_NEW', 'INTERNAL'],
    [429, 'SOMETHING_NEW', 'RATE_LIMITED'],
    [500, 'OPENID_MISMATCH', 'WECHAT_CONFIG'],
  ])('turns the answer %i %s into %s without a retry', async (status, payCode, code) => {
    const { token } = await loggedIn();
    let calls = 0;
    const send: Send = (request) => {
      if (request.method === 'POST') calls += 1;
      return answering(status, payCode)(request);
    };
    await expect(buy(await world.payWith({ send }), { token })).rejects.toMatchObject({ code });
    expect(calls).toBe(1);
  });

  it('leaves the order open when WeChat declines the retry after a lost response', async () => {
    const { token, user } = await loggedIn();
    let sent: string[] = [];
    const lossy: typeof world.base.send = async (request) => {
      sent.push(String(request.body));
      if (sent.length === 1) throw new AppError('WECHAT_TIMEOUT', 'lost');
      return { status: 401, headers: {}, body: Buffer.from('{"code":"SIGN_ERROR","message":"x","detail":null}') };
    };
    const call = buy(await world.payWith({ send: lossy }), { token });
    await expect(call).rejects.toMatchObject({ code: 'WECHAT_TIMEOUT' });
    expect(sent[1]).toBe(sent[0]);
    const { out_trade_no: outTradeNo } = JSON.parse(sent[0]!) as { out_trade_no: string };
    expect(outTradeNo.startsWith(user.id)).toBe(true);
    expect(await readOrder(world.table, outTradeNo)).toMatchObject({
      state: 'CREATED',
      followUpPk: expect.any(String),
    });
  });

  it('stores the order before the call to WeChat', async () => {
    const { token } = await loggedIn();
    const states: unknown[] = [];
    const watching: typeof world.base.send = async (request) => {
      const { out_trade_no: outTradeNo } = JSON.parse(String(request.body)) as { out_trade_no: string };
      states.push((await readOrder(world.table, outTradeNo))?.state);
      return world.base.send(request);
    };
    await buy(await world.payWith({ send: watching }), { token });
    expect(states).toEqual(['CREATED']);
  });

  it('names the platform key for the response in every request', async () => {
    const { token } = await loggedIn();
    const named: unknown[] = [];
    const watching: typeof world.base.send = (request) => {
      named.push(request.headers!['wechatpay-serial']);
      return world.base.send(request);
    };
    await buy(await world.payWith({ send: watching }), { token });
    expect(named).toEqual([ids.pay.platformKeyId]);
  });

  it('rejects a response that is signed with another key', async () => {
    const { token } = await loggedIn();
    const settings = { PAY_PUBLIC_KEY: ids.merchantPublicKey };
    const call = buy(await world.payWith({ settings }), { token });
    await expect(call).rejects.toMatchObject({ code: 'WECHAT_UNAVAILABLE' });
  });

  it('settles fifty concurrent copies of one payment exactly once', async () => {
    const { order } = await newOrder();
    const outcomes = await Promise.all(Array.from({ length: 50 }, () => settle(transactionFor(order.outTradeNo))));
    expect(outcomes.filter(Boolean)).toHaveLength(1);
    expect(await readOrder(world.table, order.outTradeNo)).toMatchObject({
      state: 'PAID',
      paidAt: '2026-11-20T00:00:00.000Z',
    });
    expect(world.lines.filter((line) => line.includes('"order.paid"') && line.includes(order.outTradeNo))).toHaveLength(
      1,
    );
  });

  it('leaves the order PAID when payment and close are written concurrently', async () => {
    for (let times = 0; times < 10; times += 1) {
      const { order } = await newOrder();
      const { outTradeNo } = order;
      await Promise.all([
        settle(transactionFor(outTradeNo)),
        markClosed(world.table, { outTradeNo, from: ['CREATED', 'NOTPAY'] }),
      ]);
      expect(await readOrder(world.table, outTradeNo)).toMatchObject({ state: 'PAID' });
    }
  });

  it('leaves the order PAID when the payment arrives before the response of the prepay', async () => {
    const { token } = await loggedIn();
    const settled: boolean[] = [];
    const fast: typeof world.base.send = async (request) => {
      const answer = await world.base.send(request);
      const { out_trade_no: outTradeNo } = JSON.parse(String(request.body)) as { out_trade_no: string };
      settled.push(await settle(transactionFor(outTradeNo)));
      return answer;
    };
    const { order } = await buy(await world.payWith({ send: fast }), { token });
    expect(settled).toEqual([true]);
    expect(await readOrder(world.table, order.outTradeNo)).toMatchObject({ state: 'PAID' });
  });

  it('records the mismatch of ten concurrent copies', async () => {
    const { order } = await newOrder();
    const wrong = transactionFor(order.outTradeNo, { mchId: '1900000002' });
    const outcomes = await Promise.allSettled(Array.from({ length: 10 }, () => settle(wrong)));
    expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
    const { Item } = await world.table.client.send(
      new GetCommand({
        TableName: world.table.name,
        Key: keys.payMismatch(order.outTradeNo, wrong.payment!.transactionId),
      }),
    );
    expect(Item).toMatchObject({ outTradeNo: order.outTradeNo, reasons: ['mchId'] });
  });

  it('lists a paid order in the index of its day', async () => {
    const { order } = await newOrder();
    await settle(transactionFor(order.outTradeNo));
    expect(await readOrder(world.table, order.outTradeNo)).toMatchObject({
      paidPk: expect.stringMatching(/^PAID#2026-11-20#\d$/),
      paidSk: order.outTradeNo,
    });
  });

  it.each([
    ['another merchant', { mchId: '1900000002' }, 'mchId'],
    ['another app', { appId: ids.official.appId }, 'appId'],
    [
      'another amount',
      { payment: { transactionId: 'wrong-amount', paidAt: '2026-11-20T00:00:00.000Z', amountFen: 1, currency: 'CNY' } },
      'amountFen',
    ],
    [
      'another currency',
      {
        payment: {
          transactionId: 'wrong-currency',
          paidAt: '2026-11-20T00:00:00.000Z',
          amountFen: 1800,
          currency: 'USD',
        },
      },
      'currency',
    ],
  ])('leaves the order unchanged and records the mismatch once for a payment of %s', async (_, change, reason) => {
    const { order } = await newOrder();
    const transaction = transactionFor(order.outTradeNo, change);
    for (let times = 0; times < 2; times += 1) {
      await expect(settle(transaction)).rejects.toMatchObject({
        code: 'ORDER_STATE_CONFLICT',
        detail: { reasons: [reason] },
      });
    }
    expect(await readOrder(world.table, order.outTradeNo)).toMatchObject({ state: 'NOTPAY' });
    const recorded = world.lines.filter(
      (line) => line.includes('"payment.mismatched"') && line.includes(order.outTradeNo),
    );
    expect(recorded).toHaveLength(1);
  });

  it('rejects a payment of an unknown order and a second payment of an order', async () => {
    await expect(settle(transactionFor('0'.repeat(32)))).rejects.toMatchObject({
      detail: { reasons: ['unknown order'] },
    });
    const { order } = await newOrder();
    await settle(transactionFor(order.outTradeNo));
    const payment = { ...transactionFor(order.outTradeNo).payment!, transactionId: randomUUID() };
    const secondPayment = settle(transactionFor(order.outTradeNo, { payment }));
    await expect(secondPayment).rejects.toMatchObject({ detail: { reasons: ['paid twice'] } });
  });

  it('books a payment that arrives after the close, because WeChat has the money', async () => {
    const { order } = await newOrder();
    await markClosed(world.table, { outTradeNo: order.outTradeNo, from: ['NOTPAY'] });
    expect(await settle(transactionFor(order.outTradeNo))).toBe(true);
    expect(await readOrder(world.table, order.outTradeNo)).toMatchObject({ state: 'PAID' });
  });

  it.each([
    [{}],
    [{ items: [] }],
    [{ items: [{ sku: 'a b', description: 'x', kind: 'goods', unitFen: 1 }] }],
    [{ items: [{ sku: 'a', description: '☕🚀', kind: 'goods', unitFen: 1 }] }],
    [{ items: [{ sku: 'a', description: 'x', kind: 'goods', unitFen: 1.5 }] }],
    [{ items: [{ sku: 'a', description: 'x', kind: 'goods', minFen: 2, maxFen: 1 }] }],
    [{ items: [{ sku: 'a', description: 'x', kind: 'goods', unitFen: 1, minFen: 1, maxFen: 2 }] }],
  ])('rejects the catalogue %j', async (input) => {
    await expect(putCatalog(world.base, input)).rejects.toMatchObject({ code: 'PARAM_ERROR' });
  });
});
