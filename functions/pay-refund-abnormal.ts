import { operatorFunction } from '../lib/core/wechat-words.ts';
import { endAbnormalRefund } from '../lib/pay/end-abnormal-refund.ts';
import type { RefundView } from '../lib/pay/refund-order.ts';
import { fresh } from '../lib/secrets/fresh.ts';
import { loadAbnormalRefund } from '../lib/wiring/pay.ts';

const load = fresh(loadAbnormalRefund);

export const handler = operatorFunction(async (input): Promise<{ refund: RefundView }> =>
  endAbnormalRefund(await load(), input),
);
