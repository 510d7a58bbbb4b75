import { describe, expect, it } from 'vitest';
import { nextState, statesBefore } from '../../../../lib/pay/order.ts';

describe('nextState', () => {
  it.each([
    ['CREATED', 'accepted', 'NOTPAY'],
    ['NOTPAY', 'accepted', 'NOTPAY'],
    ['PAID', 'accepted', undefined],
    ['CREATED', 'paid', 'PAID'],
    ['NOTPAY', 'paid', 'PAID'],
    ['CLOSED', 'paid', 'PAID'],
    ['PAID', 'paid', undefined],
    ['REFUNDING', 'paid', undefined],
    ['REFUNDED', 'paid', undefined],
    ['CREATED', 'closed', 'CLOSED'],
    ['NOTPAY', 'closed', 'CLOSED'],
    ['PAID', 'closed', undefined],
    ['CLOSED', 'closed', undefined],
  ] as const)('for %s and the event %s returns %s', (state, event, next) => {
    expect(nextState(state, event)).toBe(next);
    expect(statesBefore(event).includes(state)).toBe(next !== undefined);
  });
});
