import type { Clock } from '../clock.ts';
import type { DeliveryResult } from '../deliver.ts';
import type { PaySettings } from '../settings.ts';
import type { PayOrder, Refund, RefundStatus } from './ledger.ts';
import type { Notify } from './notify.ts';
import type { PlatformKeys } from './platform-keys.ts';
import { statusOf } from './refunds.ts';
import { v2Payment, v2Refund } from './v2/notification.ts';
import { v3Notification } from './v3/notification.ts';
import { showOrder, showRefundNotice } from './v3/show.ts';

interface AnnounceWorld {
  settings: PaySettings;
  keys: PlatformKeys;
  clock: Clock;
  notify: Notify;
}

/** Tells the merchant; both answer what the receiver said at once, or null if nothing was delivered. */
export interface Announce {
  payment(order: PayOrder): Promise<DeliveryResult | null>;
  refund(refund: Refund): Promise<DeliveryResult | null>;
}

const refundTexts: Record<RefundStatus, string> = {
  PROCESSING: '退款处理中',
  SUCCESS: '退款成功',
  CLOSED: '退款关闭',
  ABNORMAL: '退款异常',
};

/** Chooses where a notification goes and in which protocol (pay 4.6). */
export function createAnnounce({ settings, keys, clock, notify }: AnnounceWorld): Announce {
  const { mchId, apiV2Key, apiV3Key, refundCallbackUrl } = settings;
  const v3Sender = () => ({ apiV3Key, keys, now: clock.now() });
  return {
    payment: async (order) => {
      const { terms, payment } = order;
      if (!payment) return null;
      if (terms.v2) return apiV2Key ? notify(v2Payment(order, payment, { mchId, apiV2Key })) : null;
      const content = showOrder(order, mchId, 'SUCCESS');
      const about = { event: 'TRANSACTION.SUCCESS', summary: '支付成功', type: 'transaction' } as const;
      return notify(v3Notification({ url: terms.notifyUrl, ...about, content }, v3Sender()));
    },
    refund: async (refund) => {
      const status = statusOf(refund);
      const { notifyUrl } = refund.terms;
      if (notifyUrl) {
        const about = { event: `REFUND.${status}`, summary: refundTexts[status], type: 'refund' } as const;
        const content = showRefundNotice(refund, mchId);
        return notify(v3Notification({ url: notifyUrl, ...about, content }, v3Sender()));
      }
      return refundCallbackUrl && apiV2Key ? notify(v2Refund(refundCallbackUrl, refund, { mchId, apiV2Key })) : null;
    },
  };
}
