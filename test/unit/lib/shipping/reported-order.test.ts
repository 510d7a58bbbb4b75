import { expect, it } from 'vitest';
import { hasClearState } from '../../../../lib/shipping/reported-order.ts';
import type { ShippingOrder } from '../../../../lib/wechat/order-shipping.ts';

const reported = (state: ShippingOrder['state']): ShippingOrder => ({
  transactionId: '4200000001',
  outTradeNo: 'o1',
  openId: 'oA',
  state,
  inComplaint: false,
});

it.each([
  ['refunded', 0, 0, true],
  ['refunded', 800, 0, false],
  // WeChat can report a partial refund before the ledger has its result.
  ['refunded', 0, 800, false],
  ['shipped', 800, 800, true],
  ['other', 0, 0, false],
] as const)('of an order in the state %s with %i fen refunded and %i fen under way is clear: %s', (...row) => {
  const [state, refundedFen, refundingFen, isClear] = row;
  expect(hasClearState(reported(state), { refundedFen, refundingFen })).toBe(isClear);
});
