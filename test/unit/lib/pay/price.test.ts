import { describe, expect, it } from 'vitest';
import { priceOf } from '../../../../lib/pay/price.ts';

const goods = (description: string) => ({ sku: 'coffee', description, kind: 'goods' as const, unitFen: 1_800 });

describe('priceOf', () => {
  it('multiplies the unit price in whole fen and adds the quantity to the description', () => {
    expect(priceOf(goods('拿铁'), { sku: 'coffee', quantity: 3 })).toEqual({
      amountFen: 5_400,
      description: '拿铁 x3',
    });
    expect(priceOf(goods('拿铁'), { sku: 'coffee' })).toEqual({ amountFen: 1_800, description: '拿铁' });
  });

  it.each([
    ['字'.repeat(42), 1, '字'.repeat(42)],
    ['字'.repeat(42), 2, `${'字'.repeat(41)} x2`],
    [`${'字'.repeat(42)}a`, 100, `${'字'.repeat(40)} x100`],
    ['x'.repeat(127), 100, `${'x'.repeat(122)} x100`],
    [`${'x'.repeat(123)}e\u0301`, 2, `${'x'.repeat(123)} x2`],
  ])('cuts %j for the quantity %i to 127 bytes, and keeps the quantity', (text, quantity, description) => {
    const priced = priceOf(goods(text), { sku: 'coffee', quantity });
    expect(priced).toEqual({ description, amountFen: 1_800 * quantity });
    expect(Buffer.byteLength(priced.description)).toBeLessThanOrEqual(127);
  });

  it('accepts the amount of a fixed price for its quantity', () => {
    const purchase = { sku: 'coffee', quantity: 2, amountFen: 3_600 };
    expect(priceOf(goods('Coffee'), purchase)).toEqual({ description: 'Coffee x2', amountFen: 3_600 });
  });

  it.each([1, 1_800, 3_601])('rejects %i fen for two of a fixed price of 1,800 fen', (amountFen) => {
    const buy = () => priceOf(goods('Coffee'), { sku: 'coffee', quantity: 2, amountFen });
    expect(buy).toThrow('amountFen must be 3600, the price of this quantity, or absent');
  });
});
