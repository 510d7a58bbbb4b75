import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { closeAccount } from '../../lib/identity/close-account.ts';
import { refreshOrder } from '../../lib/pay/check-order.ts';
import { closeOrder } from '../../lib/pay/close-order.ts';
import { createVirtualBuyers } from '../support/virtual-buyers.ts';
import { createWorld, type World } from '../support/world.ts';

const DAY_MINUTES = 24 * 60;

let world: World;
let buyers: Awaited<ReturnType<typeof createVirtualBuyers>>;
let wechat: typeof buyers.wechat;
let pay: World['pay'];
beforeAll(async () => {
  world = await createWorld();
  pay = world.pay;
  buyers = await createVirtualBuyers(world);
  wechat = buyers.wechat;
});
afterAll(() => world.simulator.close());
beforeEach(() => buyers.settleEarlier());
afterEach(() => (world.clock.offsetMs = 0));

describe('the close of a virtual order', () => {
  it('closes it here only, because WeChat has no call that closes', async () => {
    const { token, outTradeNo } = await buyers.newOrder();
    const { order } = await closeOrder(pay, { token, outTradeNo });
    expect(order).toMatchObject({ state: 'CLOSED' });
    await expect(closeOrder(pay, { token, outTradeNo })).resolves.toMatchObject({ order: { state: 'CLOSED' } });
    expect(await buyers.hasFollowUp(outTradeNo)).toBe(true);
  });

  it('books the payment instead when WeChat has it', async () => {
    const { token, outTradeNo } = await buyers.paidOrder();
    await expect(closeOrder(pay, { token, outTradeNo })).rejects.toMatchObject({
      code: 'ORDER_STATE_CONFLICT',
      detail: { state: 'PAID' },
    });
    expect(await wechat.orderOf(outTradeNo)).toMatchObject({ isProvided: true });
  });

  it('leaves the order open while WeChat does not answer', async () => {
    const { token, outTradeNo } = await buyers.newOrder();
    await world.faults('/xpay/query_order', '5xx');
    await expect(closeOrder(pay, { token, outTradeNo })).rejects.toMatchObject({ code: 'WECHAT_UNAVAILABLE' });
    expect(await buyers.stored(outTradeNo)).toMatchObject({ state: 'NOTPAY' });
  });

  it('books the payment of an order that was closed before, at the next look of the sweep', async () => {
    const { token, person, payment, outTradeNo } = await buyers.newOrder();
    await closeOrder(pay, { token, outTradeNo });
    await wechat.plan({ target: 'virtual-push', action: 'no-push' });
    await wechat.pay(person, payment);
    await buyers.sweepAfter(DAY_MINUTES + 1);
    expect(await buyers.stored(outTradeNo)).toMatchObject({ state: 'PAID' });
  });
});

describe('the account of a buyer of virtual goods', () => {
  it('is not closed while an order is open', async () => {
    const { token, outTradeNo } = await buyers.newOrder();
    await expect(closeAccount(world.closing, token)).rejects.toMatchObject({ code: 'ORDER_STATE_CONFLICT' });
    await closeOrder(pay, { token, outTradeNo });
    await expect(closeAccount(world.closing, token)).resolves.toBeUndefined();
    expect(await buyers.stored(outTradeNo)).not.toHaveProperty('openId');
  });

  it('is closed with a paid order, and the sweep ends without the openid', async () => {
    const { token, outTradeNo } = await buyers.paidOrder();
    await refreshOrder(pay, await buyers.stored(outTradeNo));
    await closeAccount(world.closing, token);
    expect(await buyers.stored(outTradeNo)).toMatchObject({ state: 'PAID' });
    expect(await buyers.stored(outTradeNo)).not.toHaveProperty('openId');
    expect(await buyers.sweepAfter(DAY_MINUTES)).toMatchObject({ visited: 0 });
  });

  it('leaves a closed order behind whose day later look needs no openid', async () => {
    const { token, outTradeNo } = await buyers.newOrder();
    await closeOrder(pay, { token, outTradeNo });
    await closeAccount(world.closing, token);
    expect(await buyers.sweepAfter(DAY_MINUTES + 1)).toMatchObject({ visited: 1, failed: 0 });
    expect(await buyers.hasFollowUp(outTradeNo)).toBe(false);
  });
});
