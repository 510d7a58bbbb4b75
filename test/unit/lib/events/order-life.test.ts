import type { DynamoDBRecord } from 'aws-lambda';
import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventsOf } from '../../../../lib/events/from-record.ts';
import { nextState, type OrderEvent } from '../../../../lib/pay/order.ts';
import { keys } from '../../../../lib/store/keys.ts';
import type { Order, OrderState } from '../../../../lib/store/orders.ts';
import { recordOf } from '../../../support/stream-records.ts';

const order = {
  outTradeNo: 'k3v9x2m7q1w8z4t601jd5m2x8r4v7c9q',
  sku: 'top-up',
  kind: 'wallet-topup',
  amountFen: 5_000,
  currency: 'CNY',
  state: 'CREATED',
} as Order;

describe('the life of one order', () => {
  const act = fc.constantFrom<OrderEvent | 'refund' | 'asked' | 'forgotten'>(
    'accepted',
    'paid',
    'closed',
    'refund',
    'asked',
    'forgotten',
  );

  it('has at most one payment, whatever happens and however often a record is repeated', () => {
    fc.assert(
      fc.property(fc.array(act, { maxLength: 12 }), fc.array(fc.nat(20), { maxLength: 8 }), (acts, repeats) => {
        const records = live(acts);
        const events = records.flatMap(eventsOf);
        const paidEvents = events.filter(({ name }) => name === 'order.paid');
        expect(paidEvents).toHaveLength(acts.includes('paid') ? 1 : 0);
        expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
        const again = repeats.flatMap((n) => records[n] ?? []).flatMap(eventsOf);
        for (const event of again) expect(events).toContainEqual(event);
      }),
    );
  });

  function live(acts: (OrderEvent | 'refund' | 'asked' | 'forgotten')[]): DynamoDBRecord[] {
    let now = order;
    return acts.flatMap((one, n) => {
      const before = now;
      now = after(before, one, n);
      return now === before ? [] : [recordOf(keys.order(order.outTradeNo), before, now)];
    });
  }

  function after(before: Order, one: OrderEvent | 'refund' | 'asked' | 'forgotten', n: number): Order {
    if (one === 'asked') return { ...before, queriedAtMs: n };
    if (one === 'forgotten') return { ...before, openId: undefined };
    if (one === 'refund') {
      const next: Partial<Record<OrderState, OrderState>> = { PAID: 'REFUNDING', REFUNDING: 'PAID' };
      const state = next[before.state];
      return state ? { ...before, state } : before;
    }
    const state = nextState(before.state, one);
    if (!state) return before;
    return { ...before, state, ...(one === 'paid' && { transactionId: `t${n}`, paidAt: '2026-11-20T03:12:44.000Z' }) };
  }
});
