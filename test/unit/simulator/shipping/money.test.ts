// No money of a payment appears or disappears, whatever happens to the order.
import * as fc from 'fast-check';
import { expect, test } from 'vitest';
import { call, phoneAction, planFault } from '../support.ts';
import { DAY_MS, parcel, useTrade } from './support.ts';

const { simulator, user, post, merchantOrder, paid, ship, receive, refund, seconds } = useTrade();

interface Life {
  outTradeNo: string;
  transactionId: string;
  isManaged: boolean;
  complaintId?: string;
  /** The states that `get_order` returned, oldest first. */
  states: number[];
}

type Act = (life: Life) => Promise<unknown>;

const acts: Record<string, Act> = {
  ship: ({ transactionId }) => ship(transactionId, { logistics_type: 3 }),
  correct: ({ transactionId }) => ship(transactionId, { shipping_list: [{ ...parcel, tracking_no: `S${seconds()}` }] }),
  shipPart: ({ transactionId }) => ship(transactionId, { delivery_mode: 2, is_all_delivered: false }),
  shipLastPart: ({ transactionId }) => ship(transactionId, { delivery_mode: 2, is_all_delivered: true }),
  report: ({ transactionId }) => post('opspecialorder', { order_id: transactionId, type: 2 }),
  receive: ({ outTradeNo }) => receive(outTradeNo),
  refundPart: ({ outTradeNo }) => refund(outTradeNo, 700),
  refundAll: ({ outTradeNo }) => refund(outTradeNo, 1800),
  closeRefund: () => planFault(simulator, 'refund', 'refund-closed'),
  breakRefund: () => planFault(simulator, 'refund', 'refund-abnormal'),
  hold: () => planFault(simulator, 'settlement', 'held-for-a-day'),
  losePush: () => planFault(simulator, 'trade-push', 'no-push'),
  complain: async (life) => {
    const { json } = await phoneAction(simulator, user, 'complain', { outTradeNo: life.outTradeNo, text: '没有收到' });
    if (json.complaintId) life.complaintId = json.complaintId;
  },
  cancelComplaint: endComplaint,
  waitHour: () => simulator.advanceClock(3_600_000),
  waitDay: () => simulator.advanceClock(DAY_MS),
  waitDays: () => simulator.advanceClock(10 * DAY_MS),
};

async function endComplaint({ complaintId }: Life) {
  if (complaintId) await call(simulator, 'POST', `/_merchant/complaints/${complaintId}`, { action: 'user-cancels' });
}

/** Checks the money of an order, and that its state only moves forward. @returns the order of the merchant platform */
async function check(life: Life) {
  const order = await merchantOrder(life.outTradeNo);
  const arrived = order.refunds.filter(({ status }: { status: string }) => status === 'SUCCESS');
  const refunded = arrived.reduce((sum: number, { amountFen }: { amountFen: number }) => sum + amountFen, 0);
  expect(order.frozenFen + order.settledFen + refunded).toBe(1800);
  expect(Math.min(order.frozenFen, order.settledFen)).toBe(0);
  const { order: known, errcode } = await post('get_order', { transaction_id: life.transactionId });
  expect(errcode).toBe(life.isManaged ? 0 : 10060001);
  if (!known) return { ...order, refunded };
  const [before = 1, now] = [life.states.at(-1), known.order_state];
  const rank = [0, 1, 2, 3, 5, 6, 4];
  expect(rank[now]).toBeGreaterThanOrEqual(rank[before]!);
  expect(now === 5).toBe(refunded === 1800);
  life.states.push(now);
  return { ...order, refunded, atWechat: now };
}

function finalStateOf({ isManaged, isShipped, isRefunded }: Record<'isManaged' | 'isShipped' | 'isRefunded', boolean>) {
  if (!isManaged) return undefined;
  if (isRefunded) return 5;
  return isShipped ? 4 : 1;
}

test('frozen, settled and refunded money are the payment in every life of an order', async () => {
  const life = fc.record({
    isManaged: fc.integer({ min: 0, max: 9 }).map((draw) => draw > 0),
    steps: fc.array(fc.constantFrom(...Object.keys(acts)), { maxLength: 12 }),
  });
  await fc.assert(
    fc.asyncProperty(life, async ({ isManaged, steps }) => {
      await call(simulator, 'DELETE', '/_faults');
      await call(simulator, 'POST', '/_merchant/trade', { managed: isManaged });
      const one: Life = { ...(await paid()), isManaged, states: [] };
      for (const step of steps) {
        await simulator.advanceClock(1_000);
        await acts[step]!(one);
        await check(one);
      }
      // Nothing is left that could hold the money of a shipped order.
      await call(simulator, 'DELETE', '/_faults');
      await endComplaint(one);
      await simulator.advanceClock(12 * DAY_MS);
      const { atWechat, frozenFen, refunded } = await check(one);
      const isShipped = one.states.some((known) => [2, 3, 4, 6].includes(known));
      expect(frozenFen).toBe(isManaged && !isShipped ? 1800 - refunded : 0);
      expect(atWechat).toBe(finalStateOf({ isManaged, isShipped, isRefunded: refunded === 1800 }));
    }),
    { numRuns: 60 },
  );
});
