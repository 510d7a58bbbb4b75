import { setDue } from '../store/follow-ups.ts';
import { readOrder } from '../store/orders.ts';
import { recordNotice } from '../store/pay-notices.ts';
import { putReport, readRefund } from '../store/refunds.ts';
import { followRefund, type RefundDeps } from './follow-refund.ts';
import type { RefundFact, Transaction } from '../wechat-pay/pay-api.ts';
import { nextStatus } from './refund.ts';
import { settlePayment } from './settle.ts';
import { consoleRefund, refuseRefund, settleRefund } from './settle-refund.ts';

/** A genuine notification of either protocol, as its opener makes it. */
type Notification =
  | { kind: 'payment'; transaction: Transaction }
  | { kind: 'refund'; refund: RefundFact }
  | { kind: 'other'; id: string; eventType: string; plaintext: string };

/** How long a notification is kept that no flow takes in: 90 days. */
const KEPT_S = 90 * 86_400;

/**
 * One genuine notification, made durable before it is acknowledged. A kind that no flow takes in is kept as it came.
 * @param signed whether WeChat signed what it says of a refund; API v2 does not (pay 5.8)
 * @throws ORDER_STATE_CONFLICT when a payment or a refund does not fit our books
 */
export async function takeNotification(
  deps: RefundDeps,
  notification: Notification,
  { signed }: { signed: boolean },
): Promise<void> {
  if (notification.kind === 'payment') {
    await settlePayment(deps, notification.transaction);
    return;
  }
  if (notification.kind === 'refund') {
    const { refund } = notification;
    if (signed && (await settleRefund(deps, refund)) !== 'unpaid') return;
    await takeReport(deps, refund);
    return;
  }
  const { id, eventType, plaintext } = notification;
  const nowMs = deps.now();
  const expiresAt = Math.floor(nowMs / 1_000) + KEPT_S;
  await recordNotice(deps.table, { id, eventType, plaintext, seenAt: new Date(nowMs).toISOString(), expiresAt });
  deps.log.warn('pay.notice-kept', { id, eventType });
}

/**
 * A refund that WeChat has to be asked about first: because nobody signed the news, or because the payment itself is not
 * in our books yet. The news is kept; asking may fail, and is done again by the sweep.
 */
async function takeReport(deps: RefundDeps, fact: RefundFact): Promise<void> {
  const { outRefundNo, outTradeNo } = fact;
  const [order, refund] = await Promise.all([readOrder(deps.table, outTradeNo), readRefund(deps.table, outRefundNo)]);
  if (!order) return refuseRefund(deps, fact, ['unknown order']);
  if (refund && nextStatus(refund.status, fact.status) === undefined) return;
  if (refund) await setDue(deps.table, { kind: 'refund', no: outRefundNo }, deps.now());
  else await putReport(deps.table, consoleRefund(fact, deps.now()), deps.now());
  try {
    await followRefund(deps, outRefundNo);
  } catch (error) {
    deps.log.warn('pay.refund-unconfirmed', { outTradeNo, outRefundNo, error });
  }
}
