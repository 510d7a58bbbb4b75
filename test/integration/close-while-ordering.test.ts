// Closures of an account that race with orders of the same account, on the real engine.
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { AppError } from '../../lib/core/errors.ts';
import { runtime } from '../../lib/core/runtime.ts';
import { closeAccount } from '../../lib/identity/close-account.ts';
import { getMe } from '../../lib/identity/get-me.ts';
import { loginMiniapp } from '../../lib/identity/login-miniapp.ts';
import { sweep } from '../../lib/pay/sweep.ts';
import { mergeAccounts } from '../../lib/store/account-links.ts';
import { readAccount, type Account } from '../../lib/store/accounts.ts';
import { ownerOf } from '../../lib/store/keys.ts';
import { orderPages } from '../../lib/store/order-lists.ts';
import type { Order } from '../../lib/store/orders.ts';
import { loadAccountClosing } from '../../lib/wiring/identity.ts';
import { buy, createBuyers } from '../support/buyers.ts';
import { createWorld, type World } from '../support/world.ts';

const PAIRS = 100;
const AT_ONCE = 10;
const FIRST_FOLLOW_UP_MS = 60_000;
const TOP_UP = { sku: 'top-up', amountFen: 500 };

let world: World;
let buyers: Awaited<ReturnType<typeof createBuyers>>;
beforeAll(async () => {
  world = await createWorld();
  buyers = await createBuyers(world);
});
afterEach(() => {
  vi.restoreAllMocks();
  world.clock.offsetMs = 0;
});
afterAll(() => world.simulator.close());

type Buyer = Awaited<ReturnType<typeof buyers.loggedIn>>;

/**
 * Closes 100 accounts while each places an order. The orders begin with the close, with its search for open orders, or
 * with its write, in turns.
 */
async function closeWhileOrdering(purchase: object) {
  const waiting: { parts: string[]; start: () => void }[] = [];
  const send = world.table.client.send.bind(world.table.client) as (command: unknown) => Promise<never>;
  vi.spyOn(world.table.client, 'send').mockImplementation((command) => {
    const input = JSON.stringify(command.input);
    for (const { parts, start } of waiting) if (parts.every((part) => input.includes(part))) start();
    return send(command);
  });
  // Without the deadlines of calls, which a slow machine misses.
  const patient = await world.payWith({ send: (request) => runtime.send({ ...request, timeoutMs: 60_000 }) });
  const runPair = async (pair: number) => {
    const { token, user } = await buyers.loggedIn();
    const parts = [user.id, ['', '"KeyConditionExpression"', THE_CLOSE][pair % 3]!];
    const started = new Promise<void>((start) => void waiting.push({ parts, start }));
    const [closed, placed] = await Promise.allSettled([
      closeAccount(world.closing, token),
      started.then(() => buy(patient, { token, ...purchase })),
    ]);
    const [rejection] = [closed, placed].filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
    return { userId: user.id, closed: closed.status, placed: placed.status, code: rejection?.reason?.code };
  };
  const outcomes: Awaited<ReturnType<typeof runPair>>[] = [];
  while (outcomes.length < PAIRS) {
    const batch = Array.from({ length: AT_ONCE }, (_, index) => runPair(outcomes.length + index));
    outcomes.push(...(await Promise.all(batch)));
  }
  return outcomes;
}

async function ordersOf(accountId: string): Promise<Order[]> {
  const orders: Order[] = [];
  for await (const page of orderPages(world.table, accountId)) orders.push(...page);
  return orders;
}

async function stateAtWechat(order: Order): Promise<string> {
  return (await (await world.pay.payApi(order.api)).query(order)).tradeState;
}

/** Runs the sweep when the first follow-up of an order is due. */
async function sweepLater(): Promise<void> {
  world.clock.offsetMs = FIRST_FOLLOW_UP_MS + 1_000;
  await sweep(world.pay);
}

/** Runs `work` once, before the first command whose input contains `part` reaches the engine. */
function before(part: string, work: () => Promise<unknown>): void {
  const send = world.table.client.send.bind(world.table.client) as (command: unknown) => Promise<never>;
  let done = false;
  vi.spyOn(world.table.client, 'send').mockImplementation(async (command) => {
    if (!done && JSON.stringify(command.input).includes(part)) {
      done = true;
      await work();
    }
    return send(command);
  });
}
const THE_CLOSE = '"SET closedAt';
const A_NEW_ORDER = '"timeExpire"';

async function merged(): Promise<{ into: Buyer; from: Buyer }> {
  const [into, from] = [await buyers.loggedIn(), await buyers.loggedIn()];
  await merge(into, from);
  return { into, from };
}

async function merge(into: Buyer, from: Buyer): Promise<void> {
  const at = new Date().toISOString();
  for (let done = false; !done;) {
    const [a, b] = (await Promise.all([into, from].map(({ user }) => readAccount(world.table, user.id, 'strong')))) as [
      Account,
      Account,
    ];
    done = await mergeAccounts(world.table, { into: a, from: b, unionId: `u-${into.user.id}`, at });
  }
}

describe('a close concurrent with a wallet top-up', () => {
  it('never succeeds together with the top-up, in 100 pairs', async () => {
    for (const { userId, ...outcome } of await closeWhileOrdering(TOP_UP)) {
      const orders = (await ordersOf(userId)).length;
      expect([
        { closed: 'fulfilled', placed: 'rejected', code: 'UNAUTHENTICATED', orders: 0 },
        { closed: 'rejected', placed: 'fulfilled', code: 'ORDER_STATE_CONFLICT', orders: 1 },
      ]).toContainEqual({ ...outcome, orders });
    }
  });

  it('fails when the top-up is stored between the read of the orders and the write of the close', async () => {
    const { token } = await buyers.loggedIn();
    before(THE_CLOSE, () => buy(world.pay, { token, ...TOP_UP }));
    await expect(closeAccount(world.closing, token)).rejects.toMatchObject({ code: 'ORDER_STATE_CONFLICT' });
    await expect(getMe(world.sessions, token)).resolves.toBeDefined();
  });

  it('prevails over a top-up that authenticated before the close and is stored after it', async () => {
    const { token, user } = await buyers.loggedIn();
    before(A_NEW_ORDER, () => closeAccount(world.closing, token));
    await expect(buy(world.pay, { token, ...TOP_UP })).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(await ordersOf(user.id)).toEqual([]);
  });

  it('fails when a session of a merged account tops up the account that is closed', async () => {
    const { into, from } = await merged();
    before(THE_CLOSE, () => buy(world.pay, { token: from.token, ...TOP_UP }));
    await expect(closeAccount(world.closing, into.token)).rejects.toMatchObject({ code: 'ORDER_STATE_CONFLICT' });
  });
});

describe('a top-up by a session of a merged account', () => {
  it('has a number that begins with the id of the session, and changes the revision of the living account', async () => {
    const { into, from } = await merged();
    const account = await readAccount(world.table, into.user.id, 'strong');
    const { order } = await buy(world.pay, { token: from.token, ...TOP_UP });
    expect(ownerOf(order.outTradeNo)).toBe(from.user.id);
    const after = await readAccount(world.table, into.user.id, 'strong');
    expect(after).toEqual({ ...account, revision: account!.revision + 1 });
  });

  it('is stored for the surviving account when the merge happens during the top-up', async () => {
    const [into, from] = [await buyers.loggedIn(), await buyers.loggedIn()];
    before(A_NEW_ORDER, () => merge(into, from));
    const { order } = await buy(world.pay, { token: from.token, ...TOP_UP });
    expect(await ordersOf(from.user.id)).toMatchObject([{ outTradeNo: order.outTradeNo, state: 'NOTPAY' }]);
    await expect(closeAccount(world.closing, into.token)).rejects.toMatchObject({ code: 'ORDER_STATE_CONFLICT' });
  });

  it('is rejected after the surviving account was closed', async () => {
    const { into, from } = await merged();
    await closeAccount(world.closing, into.token);
    const topUp = buy(world.pay, { token: from.token, ...TOP_UP });
    await expect(topUp).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});

describe('a close concurrent with an order of goods', () => {
  it('leaves no order of the closed account open, here or at WeChat, in 100 pairs', async () => {
    const outcomes = await closeWhileOrdering({});
    const closed = outcomes.filter((outcome) => outcome.closed === 'fulfilled');
    expect(closed.length).toBeGreaterThan(0);
    // The sweep closes an order that was stored after the search of the close, or whose creation reached WeChat after it.
    await sweepLater();
    for (const { userId } of closed) {
      for (const order of await ordersOf(userId)) {
        expect(order).toMatchObject({ state: 'CLOSED' });
        expect(order).not.toHaveProperty('openId');
        // A table that a busy machine delays can fail the purchase before its creation.
        expect(['CLOSED', 'NOT_FOUND']).toContain(await stateAtWechat(order).catch(({ code }: AppError) => code));
      }
    }
  });

  it('closes an order that was placed during the close, at WeChat and here, and erases its payer', async () => {
    const { token, user } = await buyers.loggedIn();
    before(THE_CLOSE, () => buy(world.pay, { token }));
    await closeAccount(world.closing, token);
    const [order] = await ordersOf(user.id);
    expect(order).toMatchObject({ state: 'CLOSED' });
    expect(order).not.toHaveProperty('openId');
    expect(await stateAtWechat(order!)).toBe('CLOSED');
  });

  it('finds an order whose number an earlier request with the same Idempotency-Key reserved', async () => {
    const { person, token, user } = await buyers.loggedIn();
    const request = { token, idempotencyKey: 'reserved' };
    before(A_NEW_ORDER, () => Promise.reject(new Error('crash')));
    await expect(buy(world.pay, request)).rejects.toThrow('crash');
    vi.restoreAllMocks();
    world.clock.offsetMs = 23 * 3_600_000;
    const { token: fresh } = await loginMiniapp(world.miniapp, await world.phone.loginCode(person));
    // The sleep outlasts the claim of the crashed request.
    const deps = { ...world.pay, sleep: async () => void (world.clock.offsetMs += 13_000) };
    before(THE_CLOSE, () => buy(deps, { ...request, token: fresh }));
    await closeAccount(world.closing, fresh);
    expect(await ordersOf(user.id)).toMatchObject([{ state: 'CLOSED' }]);
  });

  it('keeps an order as paid that was paid during the close, without its payer', async () => {
    const { person, token, user } = await buyers.loggedIn();
    before(THE_CLOSE, async () => {
      const { payment } = await buy(world.pay, { token });
      await world.phone.act(person, 'pay', { prepayId: payment.package });
    });
    await closeAccount(world.closing, token);
    const [order] = await ordersOf(user.id);
    expect(order).toMatchObject({ state: 'PAID' });
    expect(order).not.toHaveProperty('openId');
    await expect(getMe(world.sessions, token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });

  it('leaves the order to the sweep when WeChat does not respond, and logs that', async () => {
    const { token, user } = await buyers.loggedIn();
    let outTradeNo = '';
    before(THE_CLOSE, async () => {
      ({ outTradeNo } = (await buy(world.pay, { token })).order);
      await world.faults(`/out-trade-no/${outTradeNo}/close`, '5xx', 2);
    });
    await closeAccount(world.closing, token);
    expect(world.lines.filter((line) => line.includes('order.close-failed') && line.includes(outTradeNo))).toHaveLength(
      1,
    );
    expect(await ordersOf(user.id)).toMatchObject([{ state: 'NOTPAY' }]);
    await sweepLater();
    const [order] = await ordersOf(user.id);
    expect(order).toMatchObject({ state: 'CLOSED' });
    expect(await stateAtWechat(order!)).toBe('CLOSED');
  });

  it('leaves an order that is stored after the close to the next sweep, which also erases its payer', async () => {
    const { token, user } = await buyers.loggedIn();
    before(A_NEW_ORDER, () => closeAccount(world.closing, token));
    await buy(world.pay, { token });
    expect(await ordersOf(user.id)).toMatchObject([{ state: 'NOTPAY' }]);
    await sweepLater();
    const [order] = await ordersOf(user.id);
    expect(order).toMatchObject({ state: 'CLOSED' });
    expect(order).not.toHaveProperty('openId');
    expect(await stateAtWechat(order!)).toBe('CLOSED');
  });

  it('does not let the sweep close an order of a living account before it expires', async () => {
    const { token, user } = await buyers.loggedIn();
    await buy(world.pay, { token });
    await sweepLater();
    expect(await ordersOf(user.id)).toMatchObject([{ state: 'NOTPAY' }]);
  });
});

describe('a close without an open order', () => {
  it('needs no setting of the payment', async () => {
    const { token } = await buyers.loggedIn();
    const absent = Object.fromEntries(
      Object.keys(world.settings)
        .filter((name) => /PAY/.test(name))
        .map((name) => [name, '']),
    );
    Object.assign(process.env, absent);
    await closeAccount(await loadAccountClosing(world.outside), token).finally(() =>
      Object.assign(process.env, world.settings),
    );
    await expect(getMe(world.sessions, token)).rejects.toMatchObject({ code: 'UNAUTHENTICATED' });
  });
});
