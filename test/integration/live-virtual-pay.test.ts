// Virtual payment as on the live platform: lost answers, and answers that WeChat does not document.
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { checkOrder } from '../../lib/pay/check-order.ts';
import { refundOrder } from '../../lib/pay/refund-order.ts';
import { sweep } from '../../lib/pay/sweep.ts';
import { readOrder } from '../../lib/store/orders.ts';
import { buy, createBuyers } from '../support/buyers.ts';
import { dueNumbers } from '../support/follow-ups.ts';
import { virtualControls, type VirtualPayment } from '../support/virtual-controls.ts';
import { createWorld, REFUND_SETTLES_MS, type World } from '../support/world.ts';

const HOUR_MS = 3_600_000;

let world: World;
let buyers: Awaited<ReturnType<typeof createBuyers>>;
let wechat: ReturnType<typeof virtualControls>;
beforeAll(async () => {
  world = await createWorld();
  buyers = await createBuyers(world);
  wechat = virtualControls(world.simulator);
});
afterEach(() => wechat.calm());
afterAll(() => world.simulator.close());

/** Pays for three goods in the mini-program, which has no message push. */
const paid = async () => {
  const { person, token } = await buyers.loggedIn();
  const { order, payment } = await buy(world.pay, { token, sku: 'top-up', amountFen: 300, tradeType: 'VIRTUAL' });
  const { transactionId } = await wechat.pay(person, payment as unknown as VirtualPayment);
  return { outTradeNo: order.outTradeNo, transactionId };
};
const orderOf = async (outTradeNo: string) => (await readOrder(world.table, outTradeNo))!;
const check = async (outTradeNo: string) => checkOrder(world.pay, await orderOf(outTradeNo));
const awaitsFollowUp = async (outTradeNo: string) =>
  (await dueNumbers(world.table, 'order', world.base.now() + 100 * HOUR_MS)).includes(outTradeNo);

describe('the report of a delivery', () => {
  it.each([
    ['a lost answer, which WeChat takes for a repetition', () => wechat.loseAnswers('notify_provide_goods', 10)],
    ['a limit of calls', () => wechat.errcode('notify_provide_goods', 268490015, 10)],
  ])('is repeated by the sweep after %s', async (_, fail) => {
    const { outTradeNo, transactionId } = await paid();
    await fail();
    await check(outTradeNo);
    expect(await orderOf(outTradeNo)).toMatchObject({ state: 'PAID', transactionId });
    expect(await awaitsFollowUp(outTradeNo)).toBe(true);
    await wechat.calm();
    await wechat.plan({ target: 'provide-goods', action: 'repeated' });
    world.clock.offsetMs += HOUR_MS;
    await sweep(world.pay);
    expect(await wechat.orderOf(outTradeNo)).toMatchObject({ isProvided: true, status: 4 });
    expect(await awaitsFollowUp(outTradeNo)).toBe(false);
  });
});

describe('an order that was refunded in part in the console', () => {
  it('is paid, although WeChat reports the status of a refunded order', async () => {
    const { outTradeNo, transactionId } = await paid();
    await wechat.consoleRefund(outTradeNo, 100);
    await wechat.plan({ target: 'query-order', action: 'refunded-in-part' });
    await check(outTradeNo);
    expect(await orderOf(outTradeNo)).toMatchObject({ state: 'PAID', amountFen: 300, transactionId });
  });
});

describe('a refund', () => {
  it('is completed when WeChat returns no left_fee', async () => {
    const { outTradeNo } = await paid();
    await check(outTradeNo);
    const request = { outTradeNo, outRefundNo: `refund-${outTradeNo.slice(0, 20)}`, amountFen: 100 };
    await wechat.plan({ target: 'query-order', action: 'no-left-fee' });
    expect(await refundOrder(world.pay, request)).toMatchObject({ refund: { status: 'PROCESSING' } });
    await world.simulator.advanceClock(REFUND_SETTLES_MS);
    expect(await refundOrder(world.pay, request)).toMatchObject({ refund: { status: 'SUCCESS', amountFen: 100 } });
    expect(await wechat.orderOf(outTradeNo)).toMatchObject({ refundedFen: 100, leftFen: 200 });
  });
});
