import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fenOf } from '../../../../lib/reconciliation/fen.ts';

describe('fenOf', () => {
  it.each([
    ['0.01', 1],
    ['18.00', 1800],
    ['0.1', 10],
    ['7', 700],
    ['7.', 700],
    ['-12.5', -1250],
    ['+0.03', 3],
    ['-0.00', 0],
    ['0.60000', 60],
    ['19999999.99', 1_999_999_999],
    // 1.005 * 100 and 1.15 * 100 are not integers in binary.
    ['1.15', 115],
    ['', 0],
  ])('converts %j yuan to %i fen', (yuan, fen) => expect(fenOf(yuan, '订单金额')).toBe(fen));

  it.each(['0.005', '1,000.00', '¥1.00', '1.00 ', '1e3', '.5', '--1', 'NaN', '99999999999999', '1.00500'])(
    'rejects %j with a message that names the column',
    (yuan) => {
      const message = expect.stringContaining('订单金额') as string;
      const rejection = expect.objectContaining({ code: 'WECHAT_UNAVAILABLE', message }) as Error;
      expect(() => fenOf(yuan, '订单金额')).toThrow(rejection);
    },
  );

  it('converts every amount, with any number of trailing zeros', () => {
    const max = 10 ** 13;
    fc.assert(
      fc.property(fc.integer({ min: -max, max }), fc.nat(3), (fen, zeros) => {
        const digits = String(Math.abs(fen)).padStart(3, '0');
        const yuan = `${fen < 0 ? '-' : ''}${digits.slice(0, -2)}.${digits.slice(-2)}${'0'.repeat(zeros)}`;
        expect(fenOf(yuan, '')).toBe(fen);
      }),
    );
  });
});
