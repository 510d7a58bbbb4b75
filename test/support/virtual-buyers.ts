// Buyers of virtual goods in the mini-program.
import { createHmac } from 'node:crypto';
import { prepay } from '../../lib/pay/prepay.ts';
import { sweep } from '../../lib/pay/sweep.ts';
import { readOrder, type Order } from '../../lib/store/orders.ts';
import { readOpenedSession, type Session } from '../../lib/store/sessions.ts';
import type { VirtualPayment } from '../../lib/wechat-pay/pay-api.ts';
import { createBuyers } from './buyers.ts';
import { virtualControls } from './virtual-controls.ts';
import type { World } from './world.ts';

type PrepayDeps = Parameters<typeof prepay>[0];
type PrepayRequest = Parameters<typeof prepay>[1];

const MINUTE_MS = 60_000;
const DAY_MINUTES = 24 * 60;

/** HMAC-SHA256 in lower-case hex. */
export const hmac = (key: string, text: string) => createHmac('sha256', key).update(text).digest('hex');

/** Stores a catalogue of published goods, and returns functions that create virtual orders in `world`. */
export async function createVirtualBuyers(world: World) {
  const { loggedIn } = await createBuyers(world);
  const wechat = virtualControls(world.simulator);
  /** Orders a lesson of 6 yuan. Fields of `request` replace the defaults. */
  const order = async (request: Partial<PrepayRequest> & { token: string }, deps: PrepayDeps = world.pay) => {
    const bought = await prepay(deps, { sku: 'lesson', tradeType: 'VIRTUAL', address: '203.0.113.7', ...request });
    return { order: bought.order, payment: bought.payment as VirtualPayment };
  };
  const stored = async (outTradeNo: string): Promise<Order> => (await readOrder(world.table, outTradeNo))!;
  /** Runs the sweep at a time of the clock, in minutes from now. */
  const sweepAfter = (minutes: number, deps = world.pay) => {
    world.clock.offsetMs = minutes * MINUTE_MS;
    return sweep(deps);
  };
  return {
    loggedIn,
    wechat,
    order,
    stored,
    sweepAfter,
    /** Settles the follow-ups that earlier tests left. */
    settleEarlier: async () => {
      await sweepAfter(10 * DAY_MINUTES);
      await sweepAfter(10 * DAY_MINUTES);
      world.clock.offsetMs = 0;
    },
    hasFollowUp: async (outTradeNo: string) => 'followUpPk' in (await stored(outTradeNo)),
    sessionOf: async (token: string): Promise<Session> => {
      const { sid } = await world.sessions.tokens.verifySession(token);
      return (await readOpenedSession(world.table, sid)) as Session;
    },
    newOrder: async (request: Partial<PrepayRequest> = {}, deps?: PrepayDeps) => {
      const buyer = await loggedIn();
      const { order: placed, payment } = await order({ token: buyer.token, ...request }, deps);
      return { ...buyer, outTradeNo: placed.outTradeNo, payment };
    },
    /** Creates an order that the buyer paid. The ledger lacks the payment, because the delivery push is lost. */
    paidOrder: async (request: Partial<PrepayRequest> = {}, how: { apple?: boolean } = {}) => {
      const buyer = await loggedIn();
      const { order: placed, payment } = await order({ token: buyer.token, ...request });
      await wechat.plan({ target: 'virtual-push', action: 'no-push' });
      const { transactionId } = await wechat.pay(buyer.person, payment, how);
      return { ...buyer, outTradeNo: placed.outTradeNo, payment, transactionId };
    },
  };
}
