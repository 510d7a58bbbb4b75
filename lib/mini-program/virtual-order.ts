import { countMetric } from '../core/metrics.ts';
import type { ListDeps } from '../complaints/find-changed.ts';
import { checkOrder, type CheckDeps } from '../pay/check-order.ts';
import type { RefundDeps } from '../pay/follow-refund.ts';
import { isPaid } from '../store/order-states.ts';
import { ownerOf } from '../store/keys.ts';
import { readOrder, type Order } from '../store/orders.ts';
import type { MiniappPush } from '../wechat/miniapp-push.ts';
import type { VirtualSeller } from '../wechat-pay/virtual/pushes.ts';

/** The ledger, the calls of virtual payment, and the settings that its pushes must match. */
export type VirtualPushDeps = CheckDeps &
  Pick<RefundDeps, 'refundApi'> &
  ListDeps & {
    seller: VirtualSeller;
  };

interface OrderEvent {
  event: string;
  outTradeNo: string;
  openId: string;
}

/**
 * Returns the own order of a push. In plain mode an attacker can send any push, so the answer depends on the order only if
 * the push has the openid of the payer.
 * @returns undefined if the ledger has no such order; `other` for an order that the push cannot be about
 */
export async function findVirtualOrder(
  { table, log }: VirtualPushDeps,
  { openedWith }: MiniappPush,
  { event, outTradeNo, openId }: OrderEvent,
): Promise<Order | 'other' | undefined> {
  const ignore = (reason: string) => {
    log.error('virtual-pay.push-ignored', { event, outTradeNo, reason });
    countMetric('UnhandledPushes', { App: 'mini-program' });
    return 'other' as const;
  };
  // Another system sells in this mini-program. Only an operator can give it the push.
  if (ownerOf(outTradeNo) === '-') return ignore('the order number is not ours');
  const order = await readOrder(table, outTradeNo);
  if (order && order.api !== 'virtual') return ignore('the order is no virtual payment');
  if (order && !openedWith && openId !== (order.openId ?? openId)) return ignore('another payer');
  return order;
}

/**
 * Returns the order of a push with its payment. WeChat is asked about an order that the ledger has as unpaid.
 * @returns undefined if WeChat has no payment
 * @throws the errors of checkOrder
 */
export async function withPayment(deps: VirtualPushDeps, order: Order, openId: string): Promise<Order | undefined> {
  if (isPaid(order)) return order;
  await checkOrder(deps, asPaidBy(order, openId));
  const current = await readOrder(deps.table, order.outTradeNo);
  return current && isPaid(current) ? current : undefined;
}

/** Returns an order with the payer of the push if the openid was erased. WeChat compares it with its own order. */
export function asPaidBy(order: Order, openId: string): Order {
  return { ...order, openId: order.openId ?? openId };
}
