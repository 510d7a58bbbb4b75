import { describe, expect, it } from 'vitest';
import { nextState, statesBefore } from '../../../../lib/pay/order.ts';
import { priceOf } from '../../../../lib/pay/price.ts';

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

describe('priceOf', () => {
  const goods = { sku: 'coffee', kind: 'goods' as const, description: '拿铁', unitFen: 1800 };

  it('multiplies the unit price in whole fen and adds the quantity to the description', () => {
    expect(priceOf(goods, { sku: 'coffee', quantity: 3 })).toEqual({ amountFen: 5400, description: '拿铁 x3' });
    expect(priceOf(goods, { sku: 'coffee', amountFen: 1 })).toEqual({ amountFen: 1800, description: '拿铁' });
  });

  it('shortens the description to 127 characters, the limit of WeChat', () => {
    const { description } = priceOf({ ...goods, description: 'x'.repeat(127) }, { sku: 'coffee', quantity: 100 });
    expect(description).toHaveLength(127);
    expect(description).toMatch(/ x100$/);
  });
});
