import { loadRefunding } from '../lib/wiring/deps-pay.ts';
import { refundOrder, type RefundView } from '../lib/pay/refund-order.ts';
import { fresh } from '../lib/secrets/fresh.ts';

const deps = fresh(loadRefunding);

export const handler = async (input: unknown): Promise<{ refund: RefundView }> => refundOrder(await deps(), input);
