import type { Clock } from '../clock.ts';
import type { DeliveryResult } from '../deliver.ts';
import type { Faults } from '../faults.ts';
import { VARIANTS } from '../variants.ts';
import type { PaySettings } from '../settings.ts';
import type { PayOrder, Refund, RefundStatus } from './ledger.ts';
import type { DeliverNotification } from './notification-delivery.ts';
import type { PlatformKeys } from './platform-keys.ts';
import type { ComplaintAction } from './complaint-log.ts';
import { refundStatusOf } from './refunds.ts';
import { buildV2Notification, buildV2PaymentNotification, buildV2RefundNotification } from './v2/notification.ts';
import { renderOtherFormV2 } from './v2/other-forms.ts';
import { buildV3Notification } from './v3/notification.ts';
import { renderOtherForm } from './v3/other-forms.ts';
import { renderTransaction, renderRefundNotification } from './v3/render.ts';

interface NotifierDependencies {
  settings: PaySettings;
  keys: PlatformKeys;
  clock: Clock;
  faults: Faults;
  deliverNotification: DeliverNotification;
}

/** Notifies the merchant. Each call returns the result of the first delivery, or null if nothing was delivered. */
export interface MerchantNotifier {
  notifyPayment(order: PayOrder): Promise<DeliveryResult | null>;
  notifyRefund(refund: Refund): Promise<DeliveryResult | null>;
  notifyComplaint(about: { url: string; complaintId: string; action: ComplaintAction }): Promise<DeliveryResult | null>;
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
 * @see https://pay.weixin.qq.com/wiki/doc/apiv3/apis/chapter10_2_16.shtml
 */
export function createMerchantNotifier({
  settings,
  keys,
  clock,
  faults,
  deliverNotification,
}: NotifierDependencies): MerchantNotifier {
  const { mchId, apiV2Key, apiV3Key, refundCallbackUrl } = settings;
  const v3Sender = () => ({ apiV3Key, keys, now: clock.now() });
  const payment = { event: 'TRANSACTION.SUCCESS', summary: '支付成功', type: 'transaction' } as const;
  /** Delivers the planned notifications of other products to the address of the order. */
  const notifyOtherForms = async ({ terms: { appId, notifyUrl: url, v2 } }: PayOrder): Promise<void> => {
    for (const form of VARIANTS.notify.filter((planned) => faults.takeVariant('notify', planned))) {
      const merchant = { mchId, appId, now: clock.now() };
      const fields = renderOtherFormV2(form, merchant);
      if (!v2) {
        const content = renderOtherForm(form, merchant);
        await deliverNotification(buildV3Notification({ url, ...payment, content }, v3Sender()));
      } else if (fields && apiV2Key) await deliverNotification(buildV2Notification(url, fields, { apiV2Key }));
    }
  };
  return {
    notifyPayment: async (order) => {
      const { terms, payment: paid } = order;
      if (!paid) return null;
      await notifyOtherForms(order);
      if (terms.v2)
        return apiV2Key ? deliverNotification(buildV2PaymentNotification(order, paid, { mchId, apiV2Key })) : null;
      const content = renderTransaction(order, mchId, 'SUCCESS');
      return deliverNotification(buildV3Notification({ url: terms.notifyUrl, ...payment, content }, v3Sender()));
    },
    notifyComplaint: ({ url, complaintId, action }) => {
      const isNew = action === 'CREATE_COMPLAINT';
      const about = isNew
        ? { event: 'COMPLAINT.CREATE', summary: '产生新投诉' }
        : { event: 'COMPLAINT.STATE_CHANGE', summary: '投诉单状态变化' };
      const content = { complaint_id: complaintId, action_type: action };
      return deliverNotification(buildV3Notification({ url, ...about, type: 'complaint', content }, v3Sender()));
    },
    notifyRefund: async (refund) => {
      const status = refundStatusOf(refund);
      const { notifyUrl, v2 } = refund.terms;
      if (notifyUrl && !v2) {
        const about = { event: `REFUND.${status}`, summary: refundTexts[status], type: 'refund' } as const;
        const content = renderRefundNotification(refund, mchId);
        return deliverNotification(buildV3Notification({ url: notifyUrl, ...about, content }, v3Sender()));
      }
      const url = notifyUrl ?? refundCallbackUrl;
      return url && apiV2Key ? deliverNotification(buildV2RefundNotification(url, refund, { mchId, apiV2Key })) : null;
    },
  };
}
