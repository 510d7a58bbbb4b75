import type { Clock } from '../clock.ts';
import type { DeliveryResult } from '../deliver.ts';
import type { PaySettings } from '../settings.ts';
import type { PayOrder, Refund, RefundStatus } from './ledger.ts';
import type { DeliverNotification } from './notification-delivery.ts';
import type { PlatformKeys } from './platform-keys.ts';
import { refundStatusOf } from './refunds.ts';
import { buildV2PaymentNotification, buildV2RefundNotification } from './v2/notification.ts';
import { buildV3Notification } from './v3/notification.ts';
import { renderTransaction, renderRefundNotification } from './v3/render.ts';

interface NotifierDependencies {
  settings: PaySettings;
  keys: PlatformKeys;
  clock: Clock;
  deliverNotification: DeliverNotification;
}

/** Notifies the merchant. Both return the result of the first delivery, or null if nothing was delivered. */
export interface MerchantNotifier {
  notifyPayment(order: PayOrder): Promise<DeliveryResult | null>;
  notifyRefund(refund: Refund): Promise<DeliveryResult | null>;
}

const refundTexts: Record<RefundStatus, string> = {
  PROCESSING: '退款处理中',
  SUCCESS: '退款成功',
  CLOSED: '退款关闭',
  ABNORMAL: '退款异常',
};

/**
 * Chooses the URL and the protocol of each notification.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791861
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791865
 */
export function createMerchantNotifier({
  settings,
  keys,
  clock,
  deliverNotification,
}: NotifierDependencies): MerchantNotifier {
  const { mchId, apiV2Key, apiV3Key, refundCallbackUrl } = settings;
  const v3Sender = () => ({ apiV3Key, keys, now: clock.now() });
  return {
    notifyPayment: async (order) => {
      const { terms, payment } = order;
      if (!payment) return null;
      if (terms.v2)
        return apiV2Key ? deliverNotification(buildV2PaymentNotification(order, payment, { mchId, apiV2Key })) : null;
      const content = renderTransaction(order, mchId, 'SUCCESS');
      const about = { event: 'TRANSACTION.SUCCESS', summary: '支付成功', type: 'transaction' } as const;
      return deliverNotification(buildV3Notification({ url: terms.notifyUrl, ...about, content }, v3Sender()));
    },
    notifyRefund: async (refund) => {
      const status = refundStatusOf(refund);
      const { notifyUrl } = refund.terms;
      if (notifyUrl) {
        const about = { event: `REFUND.${status}`, summary: refundTexts[status], type: 'refund' } as const;
        const content = renderRefundNotification(refund, mchId);
        return deliverNotification(buildV3Notification({ url: notifyUrl, ...about, content }, v3Sender()));
      }
      return refundCallbackUrl && apiV2Key
        ? deliverNotification(buildV2RefundNotification(refundCallbackUrl, refund, { mchId, apiV2Key }))
        : null;
    },
  };
}
