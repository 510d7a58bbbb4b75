// The errors of WeChat Pay as they occur: what happens to the order, and which setting the error names.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { wordsOf } from '../../lib/core/wechat-words.ts';
import type { Send } from '../../lib/core/outbound.ts';
import { closeAtWechat, checkOrder } from '../../lib/pay/check-order.ts';
import { createAtWechat } from '../../lib/pay/create-at-wechat.ts';
import { sweep } from '../../lib/pay/sweep.ts';
import { putOrder, readOrder, type Order, type MerchantApiName } from '../../lib/store/orders.ts';
import { buy, createBuyers } from '../support/buyers.ts';
import { createWorld, ids, type Person, type World } from '../support/world.ts';

const MINUTE_MS = 60_000;
const CREATE = { v3: '/v3/pay/transactions/jsapi', v2: '/pay/unifiedorder' };
/** The variant that makes the error of a wrong field the documented one: target and action. */
const DOCUMENTED: Record<MerchantApiName, [string, string]> = {
  v3: ['pay-error', 'documented-detail'],
  v2: ['v2', 'signed-field-error'],
};

let world: World;
let buyers: Awaited<ReturnType<typeof createBuyers>>;
beforeAll(async () => {
  world = await createWorld();
  buyers = await createBuyers(world);
});
afterEach(() => void (world.clock.offsetMs = 0));
afterAll(() => world.simulator.close());

const stateOf = async ({ outTradeNo }: Pick<Order, 'outTradeNo'>) => (await readOrder(world.table, outTradeNo))?.state;
const rfc3339 = (atMs: number) => new Date(atMs).toISOString().replace(/\.\d+Z$/, '+00:00');
const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => expect.unreachable('WeChat Pay accepted the call'),
    (error: unknown) => error as Error,
  );

/** Sends requests to the simulator, and records their paths. */
function recordingSend() {
  const paths: string[] = [];
  const send: Send = (request) => {
    paths.push(request.url.pathname);
    return world.base.send(request);
  };
  return { paths, send };
}

let numbers = 0;
/** Stores an order that is not created at WeChat yet. */
async function storedOrder(
  api: MerchantApiName,
  change: Partial<Order> = {},
): Promise<{ person: Person; order: Order }> {
  const { person, user } = await buyers.loggedIn();
  const createdAtMs = world.base.now();
  const order: Order = {
    outTradeNo: `${user.id}e${String((numbers += 1)).padStart(15, '0')}`,
    sku: 'coffee',
    requestFingerprint: 'a',
    kind: 'goods',
    description: 'Coffee',
    amountFen: 1800,
    currency: 'CNY',
    state: 'CREATED',
    createdAt: new Date(createdAtMs).toISOString(),
    api,
    tradeType: 'JSAPI',
    timeExpire: rfc3339(createdAtMs + 120 * MINUTE_MS),
    notifyUrl: 'https://example.com/pay-notify',
    mchId: ids.pay.mchId,
    appId: ids.miniapp.appId,
    openId: person.openIds.miniapp,
    clientIp: '203.0.113.7',
    refundedFen: 0,
    refundingFen: 0,
    refundCount: 0,
    ...change,
  };
  return { person, order: await putOrder(world.table, order, createdAtMs + MINUTE_MS) };
}

describe.each(['v3', 'v2'] as const)('API %s', (api) => {
  const foreignOpenId: [string, string] = api === 'v3' ? ['create', 'openid-mismatch'] : DOCUMENTED.v2;
  const placed = async (change: Partial<Order>) => {
    const { paths, send } = recordingSend();
    const deps = await world.payWith({ api, send });
    const { order } = await storedOrder(api, change);
    const error = await failureOf(createAtWechat(deps, order));
    return { order, error, paths };
  };

  it.each(['observed', 'documented'])(
    'names the setting of a notification URL that WeChat declines (%s error)',
    async (form) => {
      if (form === 'documented') await world.faults(...DOCUMENTED[api]);
      const setting = api === 'v3' ? 'PAY_NOTIFY_URL' : 'PAY_V2_NOTIFY_URL';
      const { token } = await buyers.loggedIn();
      const settings = { [setting]: 'https://example.com/pay?token=1' };
      const error = await failureOf(buy(await world.payWith({ api, settings }), { token }));
      expect(error).toMatchObject({ code: 'WECHAT_CONFIG', message: expect.stringContaining(setting) });
      expect(wordsOf(error)).toContain('notify_url');
    },
  );

  it('leaves an order open after the error of a setting, and closes the order after 15 minutes', async () => {
    const { order, error } = await placed({ notifyUrl: 'https://example.com/pay?token=1' });
    expect(error).toMatchObject({ code: 'WECHAT_CONFIG' });
    expect(await stateOf(order)).toBe('CREATED');
    for (const minutes of [2, 14]) {
      world.clock.offsetMs = minutes * MINUTE_MS;
      await expect(checkOrder(world.pay, order)).rejects.toMatchObject({ code: 'NOT_FOUND' });
    }
    expect(await stateOf(order)).toBe('CREATED');
    for (const minutes of [16, 31]) {
      world.clock.offsetMs = minutes * MINUTE_MS;
      await sweep(world.pay);
    }
    expect(await stateOf(order)).toBe('CLOSED');
  });

  it.each(['observed', 'documented'])('names the apps for the openid of another app (%s error)', async (form) => {
    if (form === 'documented') await world.faults(...foreignOpenId);
    const { openIds } = await world.phone.newPerson();
    const { order, error } = await placed({ openId: openIds.official });
    expect(error).toMatchObject({
      code: 'WECHAT_CONFIG',
      message: expect.stringMatching(/MINIAPP_APP_ID and OFFICIAL_APP_ID/),
    });
    expect(await stateOf(order)).toBe('CREATED');
  });

  it.each(['observed', 'documented'])(
    'leaves an order open whose number is in use at WeChat (%s error)',
    async (form) => {
      if (form === 'documented') await world.faults('create', 'out-trade-no-used');
      const { order } = await storedOrder(api);
      await (await world.pay.createApi(api)).create({ ...order, description: 'Tea' });
      const { paths, send } = recordingSend();
      const error = await failureOf(createAtWechat(await world.payWith({ api, send }), order));
      expect(error).toMatchObject({ code: 'ORDER_STATE_CONFLICT' });
      expect(paths).toHaveLength(2);
      expect(await stateOf(order)).toBe('CREATED');
      expect(await (await world.pay.payApi(api)).query(order)).toMatchObject({ tradeState: 'NOTPAY' });
    },
  );

  it('books the payment of an order whose number is in use at WeChat', async () => {
    const { person, order } = await storedOrder(api, { tradeType: 'NATIVE' });
    const codeUrl = await (await world.pay.createApi(api)).create({ ...order, notifyUrl: 'https://example.com/other' });
    await world.phone.act(person, 'pay', { codeUrl });
    expect(await failureOf(createAtWechat(world.pay, order))).toMatchObject({ code: 'ORDER_STATE_CONFLICT' });
    expect(await stateOf(order)).toBe('PAID');
  });

  it.each(['product-not-open', 'collection-restricted'])(
    'closes an order after the restriction %s, which it sends once, and a query that finds no order',
    async (restriction) => {
      await world.faults('create', restriction);
      const { order, error, paths } = await placed({});
      expect(error).toMatchObject({ code: 'WECHAT_CONFIG', message: expect.stringContaining('PAY_MCH_ID') });
      expect(wordsOf(error)).toMatch(/权限未开通|收款功能已被限制/);
      expect(paths.filter((path) => path === CREATE[api])).toHaveLength(1);
      expect(paths).toHaveLength(2);
      expect(await stateOf(order)).toBe('CLOSED');
    },
  );

  it.each(['observed', 'documented'])(
    'closes an order with a wrong field, which it sends once, after a query that finds no order (%s error)',
    async (form) => {
      if (form === 'documented') await world.faults(...DOCUMENTED[api]);
      const { order, error, paths } = await placed({ description: '茶'.repeat(200) });
      expect(error).toMatchObject({ code: 'INTERNAL' });
      expect(wordsOf(error)).toMatch(/description|body/);
      expect(paths.filter((path) => path === CREATE[api])).toHaveLength(1);
      expect(await stateOf(order)).toBe('CLOSED');
    },
  );

  it('does not close a declined order while the query fails', async () => {
    await world.faults(api === 'v3' ? '/out-trade-no/' : 'orderquery', '5xx', 2);
    const { order, error } = await placed({ description: '茶'.repeat(200) });
    expect(error).toMatchObject({ code: 'INTERNAL' });
    expect(await stateOf(order)).toBe('CREATED');
  });

  it('does not close a declined order that WeChat has from an earlier creation', async () => {
    const { order } = await storedOrder(api);
    await (await world.pay.createApi(api)).create(order);
    await world.faults('create', 'product-not-open');
    expect(await failureOf(createAtWechat(world.pay, order))).toMatchObject({ code: 'WECHAT_CONFIG' });
    expect(await stateOf(order)).toBe('CREATED');
  });

  it.each([undefined, 'unknown-order-not-exist', 'unknown-order-closed'])(
    'closes an order that WeChat does not have, whatever WeChat answers (%s)',
    async (variant) => {
      const { order } = await storedOrder(api);
      if (variant) await world.faults('close', variant);
      await expect(closeAtWechat(world.pay, order)).resolves.toBe(true);
      expect(await stateOf(order)).toBe('CLOSED');
    },
  );

  it('closes an order again that WeChat accepted after it reported the close of the unknown order', async () => {
    const { order } = await storedOrder(api);
    let accepted: Order | undefined;
    const send: Send = async (request) => {
      const answer = await world.base.send(request);
      if (request.url.pathname.includes('close')) accepted ??= await createAtWechat(world.pay, order);
      return answer;
    };
    await expect(closeAtWechat(await world.payWith({ send }), order)).resolves.toBe(true);
    expect(accepted).toMatchObject({ state: 'NOTPAY' });
    expect(await stateOf(order)).toBe('CLOSED');
    expect(await (await world.pay.payApi(api)).query(order)).toMatchObject({ tradeState: 'CLOSED' });
  });

  it('books the payment of an order whose time_expire WeChat moved', async () => {
    const { person, order } = await storedOrder(api, {
      createdAt: new Date(Date.now() - 180 * MINUTE_MS).toISOString(),
      timeExpire: rfc3339(Date.now() - 60 * MINUTE_MS),
    });
    const { paymentHandle: prepayId } = await createAtWechat(world.pay, order);
    await world.phone.act(person, 'pay', { prepayId });
    await checkOrder(world.pay, order);
    expect(await stateOf(order)).toBe('PAID');
  });

  it('closes an order whose time_expire WeChat declines', async () => {
    await world.faults('create', 'expiry-declined');
    const { order, error } = await placed({
      timeExpire: rfc3339(Date.now() - 60 * MINUTE_MS),
      createdAt: new Date(Date.now() - 180 * MINUTE_MS).toISOString(),
    });
    expect(error).toMatchObject({ code: 'INTERNAL' });
    expect(await stateOf(order)).toBe('CLOSED');
  });

  it('logs the sentence of WeChat once for each failed call, signed or not', async () => {
    if (api === 'v3') await world.faults('pay-error', 'unsigned');
    const before = world.lines.length;
    const { error } = await placed({ description: '茶'.repeat(200) });
    const failed = world.lines.slice(before).filter((line) => line.includes('"pay-call.failed"'));
    expect(failed[0]).toContain(wordsOf(error).slice(0, 20));
    expect(failed[0]).toContain(CREATE[api]);
    expect(failed).toHaveLength(2);
  });
});

it('sends an order of API v2 again after the text of an overload without a code', async () => {
  await world.faults('v2', 'busy-text');
  const { paths, send } = recordingSend();
  const { order } = await storedOrder('v2');
  await expect(createAtWechat(await world.payWith({ api: 'v2', send }), order)).resolves.toMatchObject({
    state: 'NOTPAY',
  });
  expect(paths).toEqual([CREATE.v2, CREATE.v2]);
});
