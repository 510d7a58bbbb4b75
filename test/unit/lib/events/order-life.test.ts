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

describe('events of one order', () => {
  type Change = OrderEvent | 'refund' | 'queried' | 'erased';
  const change = fc.constantFrom<Change>('accepted', 'paid', 'closed', 'refund', 'queried', 'erased');

  it('contain order.paid at most once, and the same ids when records are repeated', () => {
    fc.assert(
      fc.property(fc.array(change, { maxLength: 12 }), fc.array(fc.nat(20), { maxLength: 8 }), (changes, repeats) => {
        const records = recordsOf(changes);
        const events = records.flatMap(eventsOf);
        const paidEvents = events.filter(({ name }) => name === 'order.paid');
        expect(paidEvents).toHaveLength(changes.includes('paid') ? 1 : 0);
        expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
        const repeated = repeats.flatMap((n) => records[n] ?? []).flatMap(eventsOf);
        for (const event of repeated) expect(events).toContainEqual(event);
      }),
    );
  });

  /** Applies changes to an order and returns their stream records. */
  function recordsOf(changes: Change[]): DynamoDBRecord[] {
    let current = order;
    return changes.flatMap((name, n) => {
      const before = current;
      current = after(before, name, n);
      return current === before ? [] : [recordOf(keys.order(order.outTradeNo), before, current)];
    });
  }

  function after(before: Order, name: Change, n: number): Order {
    if (name === 'queried') return { ...before, queriedAtMs: n };
    if (name === 'erased') return { ...before, openId: undefined };
    if (name === 'refund') {
      const next: Partial<Record<OrderState, OrderState>> = { PAID: 'REFUNDING', REFUNDING: 'PAID' };
      const state = next[before.state];
      return state ? { ...before, state } : before;
    }
    const state = nextState(before.state, name);
    if (!state) return before;
    return { ...before, state, ...(name === 'paid' && { transactionId: `t${n}`, paidAt: '2026-11-20T03:12:44.000Z' }) };
  }
});
