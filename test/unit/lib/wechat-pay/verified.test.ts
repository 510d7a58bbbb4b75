import { describe, expect, it } from 'vitest';
import { settlePayment } from '../../../../lib/pay/settle.ts';
import { settleRefund } from '../../../../lib/pay/settle-refund.ts';
import type { Transaction } from '../../../../lib/wechat-pay/pay-api.ts';
import { markVerified, type Verified } from '../../../../lib/wechat-pay/verified.ts';

const transaction: Transaction = {
  appId: 'wx1',
  mchId: '1900000001',
  outTradeNo: 'no1',
  tradeState: 'SUCCESS',
  payment: { transactionId: 't1', paidAt: '2026-11-20T00:00:00.000Z', amountFen: 1_800, currency: 'CNY' },
};
// A rejection comes before the first use of the dependencies.
const unused = {} as never;

describe.each<[string, (value: Verified<never>) => Promise<unknown>]>([
  ['settlePayment', (value) => settlePayment(unused, value)],
  ['settleRefund', (value) => settleRefund(unused, value)],
])('%s', (_name, settle) => {
  it.each<[string, unknown]>([
    ['a parsed body', JSON.parse(JSON.stringify(transaction))],
    ['a cast', transaction],
    ['an edited copy of verified content', { ...markVerified({ ...transaction }), outTradeNo: 'no2' }],
  ])('rejects %s', async (_what, value) => {
    await expect(settle(value as Verified<never>)).rejects.toMatchObject({ code: 'INTERNAL' });
  });
});

describe('markVerified', () => {
  it('freezes the content and its payment', () => {
    const verified = markVerified(structuredClone(transaction));
    expect(() => Object.assign(verified, { outTradeNo: 'no2' })).toThrow(TypeError);
    expect(() => Object.assign(verified.payment!, { amountFen: 1 })).toThrow(TypeError);
  });
});
