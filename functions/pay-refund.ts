import { operatorFunction } from '../lib/core/wechat-words.ts';
import { refundOrder, type RefundView } from '../lib/pay/refund-order.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { loadRefundOrder } from '../lib/wiring/pay.ts';

const load = fresh(loadRefundOrder);

export const handler = operatorFunction(async (input): Promise<{ refund: RefundView }> =>
  refundOrder(await load(), input),
);
