import { loadRefunding } from '../lib/deps-pay.ts';
import { once } from '../lib/once.ts';
import { refundOrder, type RefundView } from '../lib/pay/refund-order.ts';

const deps = once(loadRefunding);

export const handler = async (input: unknown): Promise<{ refund: RefundView }> => refundOrder(await deps(), input);
