import { AppError } from '../core/errors.ts';
import { countMetric } from '../core/metrics.ts';
import { cutUtf8 } from '../core/utf8.ts';
import { claim } from '../store/claims.ts';
import { readOrder } from '../store/orders.ts';
import { recordNotice } from '../store/pay-notices.ts';
import { readRefund } from '../store/refunds.ts';
import type { Notice } from '../wechat-pay/notice.ts';
import type { WechatRefund } from '../wechat-pay/pay-api.ts';
import type { PayNotificationV2 } from '../wechat-pay/v2/open-notification.ts';
import type { PayNotification } from '../wechat-pay/v3/open-notification.ts';
import { followRefund, type RefundDeps } from './follow-refund.ts';
import { nextStatus } from './refund.ts';
import { storeReport } from './report-refund.ts';
import { settlePayment } from './settle.ts';
import { settleRefund } from './settle-refund.ts';

/** Storage time of an unhandled notification (seconds): 90 days. */
const NOTICE_LIFE_S = 90 * 86_400;
/** Stored part of an unhandled notification (bytes). */
const NOTICE_BYTES = 4_096;

/** A notification about money, in either protocol, or one that no flow handles. */
export type MoneyNotification = Exclude<PayNotification, { kind: 'complaint' }> | PayNotificationV2;

/**
 * Books the payment or the refund of one genuine notification. The webhook acknowledges the notification afterwards. A
 * notification that no flow handles is stored once.
 * @throws ORDER_STATE_CONFLICT when a payment or a refund does not match the ledger
 * @throws NOT_CONFIGURED, INTERNAL when our keys or readers cannot open the notification
 */
export async function takeNotification(deps: RefundDeps, notification: MoneyNotification): Promise<void> {
  const foreign = 'foreign' in notification ? notification.foreign : undefined;
  if (foreign && !(await readOrder(deps.table, foreign.outTradeNo))) return storeNotice(deps, foreign);
  switch (notification.kind) {
    case 'payment':
      await settlePayment(deps, notification.transaction);
      return;
    case 'refund': {
      const { refund } = notification;
      const outcome = await settleRefund(deps, refund);
      if (outcome === 'unpaid') await takeRefundClaim(deps, refund);
      if (outcome === 'foreign') await takeForeignRefund(deps, refund);
      return;
    }
    case 'refund-claim':
      await takeRefundClaim(deps, notification.refund);
      return;
    case 'other':
      await storeNotice(deps, notification);
      return;
    case 'unreadable':
      countMetric('UnreadableNotifications', {});
      throw notification.error;
  }
}

async function storeNotice({ table, log, now }: RefundDeps, notice: Notice): Promise<void> {
  const { id, eventType, reason, content } = notice;
  const nowMs = now();
  const stored = await recordNotice(table, {
    id,
    eventType,
    reason,
    content: cutUtf8(content, NOTICE_BYTES),
    seenAt: new Date(nowMs).toISOString(),
    expiresAt: Math.floor(nowMs / 1_000) + NOTICE_LIFE_S,
  });
  if (stored) log.warn('payment.notice-stored', { id, eventType, reason });
}

/**
 * Accepts a refund of an order that another system of the merchant created, and logs it once. An operator made it in the
 * merchant platform, whose notifications are per merchant. Bills report a refund of an order that this ledger lost.
 */
async function takeForeignRefund({ table, now, log }: RefundDeps, refund: WechatRefund): Promise<void> {
  const { refundId, outTradeNo } = refund;
  const nowMs = now();
  const seenAt = new Date(nowMs).toISOString();
  const seen = {
    source: 'foreign-refund',
    id: refundId,
    value: seenAt,
    expiresAt: Math.floor(nowMs / 1_000) + NOTICE_LIFE_S,
  };
  if ((await claim(table, seen, nowMs)) === seenAt) log.info('refund.foreign', { refundId, outTradeNo });
}

/**
 * Stores a refund that a query must confirm, then queries the refund. There are two such cases: API v2 does not sign
 * refund notifications, and a signed refund can arrive before the ledger has the payment. The sweep retries a failed
 * query.
 * @throws FORBIDDEN when the order belongs to another merchant
 * @see https://pay.weixin.qq.com/doc/v2/merchant/4011935223
 */
async function takeRefundClaim(deps: RefundDeps, claimed: WechatRefund): Promise<void> {
  const { outRefundNo, outTradeNo } = claimed;
  const [order, refund] = await Promise.all([readOrder(deps.table, outTradeNo), readRefund(deps.table, outRefundNo)]);
  if (!order) return takeForeignRefund(deps, claimed);
  // The merchant of an unsigned message is unconfirmed, so a difference is no mismatch to record.
  if (claimed.mchId !== order.mchId) throw new AppError('FORBIDDEN', 'The refund belongs to another merchant');
  if (refund && nextStatus(refund.status, claimed.status) === undefined) return;
  await storeReport(deps, claimed);
  try {
    await followRefund(deps, outRefundNo);
  } catch (error) {
    deps.log.warn('refund.unconfirmed', { outTradeNo, outRefundNo, error });
  }
}
