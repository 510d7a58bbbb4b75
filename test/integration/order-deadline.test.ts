// Requests that create or close an order while WeChat is slow. They end before their function times out after 20 seconds.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ORDER_BUDGET_MS } from '../../lib/core/deadline.ts';
import { AppError } from '../../lib/core/errors.ts';
import type { OutboundRequest } from '../../lib/core/outbound.ts';
import { runtime } from '../../lib/core/runtime.ts';
import { closeOrder } from '../../lib/pay/close-order.ts';
import { orderPages } from '../../lib/store/order-lists.ts';
import { claimCreation, markClosed, readOrder } from '../../lib/store/orders.ts';
import { loadOwnOrders, loadPrepay } from '../../lib/wiring/pay.ts';
import { buy, createBuyers } from '../support/buyers.ts';
import { createWorld, type World } from '../support/world.ts';

const SLOW_MS = 4_900;

let world: World;
let buyers: Awaited<ReturnType<typeof createBuyers>>;
beforeAll(async () => {
  world = await createWorld();
  buyers = await createBuyers(world);
});
afterAll(() => world.simulator.close());

/**
 * Returns a runtime whose clock moves only with calls and pauses. WeChat answers the first call after 4.9 seconds, and
 * is silent afterwards. `onFirst` runs before the first answer.
 */
function slowWechat(onFirst: () => Promise<unknown> = async () => undefined) {
  let ms = 0;
  const paths: string[] = [];
  const send = async (request: OutboundRequest) => {
    paths.push(request.url.pathname);
    if (paths.length === 1) {
      ms += SLOW_MS;
      await onFirst();
      return runtime.send({ ...request, timeoutMs: 60_000 });
    }
    ms += request.timeoutMs;
    throw new AppError('WECHAT_TIMEOUT', 'silent');
  };
  const startedAtMs = Date.now();
  const sleep = async (pauseMs: number) => void (ms += pauseMs);
  return { outside: { ...world.outside, send, sleep, now: () => startedAtMs + ms }, paths, spentMs: () => ms };
}

describe('a request to a slow WeChat', () => {
  it('creates and closes an order within its budget when the order is closed during its creation', async () => {
    const { token, user } = await buyers.loggedIn();
    const closed = async () => {
      for await (const [order] of orderPages(world.table, user.id))
        await markClosed(world.table, { outTradeNo: order!.outTradeNo, from: ['CREATED'] });
    };
    const { outside, paths, spentMs } = slowWechat(closed);
    const deps = (await loadPrepay(outside)).within(ORDER_BUDGET_MS);
    await expect(buy(deps, { token })).rejects.toMatchObject({ code: 'WECHAT_TIMEOUT' });
    expect(paths.map((path) => path.split('/').at(-1))).toEqual(['jsapi', 'close', 'close']);
    expect(spentMs()).toBe(ORDER_BUDGET_MS);
  });

  it('closes a paid order within its budget', async () => {
    const { token, outTradeNo } = await buyers.paidOrder({ paid: false });
    const { outside, paths, spentMs } = slowWechat();
    const deps = (await loadOwnOrders(outside)).within(ORDER_BUDGET_MS);
    await expect(closeOrder(deps, { token, outTradeNo })).rejects.toMatchObject({ code: 'WECHAT_TIMEOUT' });
    expect(paths.map((path) => path.split('/').at(-1))).toEqual(['close', outTradeNo, outTradeNo]);
    expect(spentMs()).toBe(ORDER_BUDGET_MS);
  });

  it('waits 13 seconds at most for the payment handle that other requests create', async () => {
    const { token } = await buyers.loggedIn();
    const request = { token, idempotencyKey: 'awaited' };
    await world.faults('transactions/jsapi', '5xx', 2);
    await expect(buy(world.pay, request)).rejects.toMatchObject({ code: 'WECHAT_UNAVAILABLE' });
    const [outTradeNo] = world.lines.flatMap(
      (line) => /order.creation-failed.*?"outTradeNo":"(\w+)"/.exec(line)?.[1] ?? [],
    );
    let ms = 0;
    const now = () => Date.now() + ms;
    const claim = () => claimCreation(world.table, { outTradeNo: outTradeNo!, nowMs: now(), intervalMs: 0 });
    await claim();
    const sleep = async (pauseMs: number) => {
      ms += pauseMs;
      await claim();
    };
    await expect(buy({ ...world.pay, now, sleep }, request)).rejects.toMatchObject({ code: 'WECHAT_TIMEOUT' });
    expect(ms).toBeLessThanOrEqual(13_250);
    expect(await readOrder(world.table, outTradeNo!)).toMatchObject({ state: 'CREATED' });
  });
});
