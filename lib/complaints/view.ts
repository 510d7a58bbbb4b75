import type { Complaint, ComplaintApiName } from '../store/complaints.ts';
import { ownerOf } from '../store/keys.ts';
import type { WechatComplaint } from '../wechat-pay/complaint.ts';

/** A complaint for operators, as WeChat Pay returned it. */
export interface ComplaintView extends Omit<WechatComplaint, 'orders' | 'mchId' | 'revealPhone'> {
  /** The API that has the complaint. */
  api: ComplaintApiName;
  /** Since when the complaint waits for an answer (ISO 8601), or null. */
  waitingSince: string | null;
  /** `userId` is null for an order of another system of the merchant, and while WeChat Pay did not answer the query. */
  orders: (WechatComplaint['orders'][number] & { userId: string | null })[];
}

/** Returns a complaint for operators, without the buyer's phone. */
export function complaintView(
  { orders, mchId: _mchId, revealPhone: _phone, ...shown }: WechatComplaint,
  { api, stored }: { api: ComplaintApiName; stored: Complaint | undefined },
): ComplaintView {
  return {
    ...shown,
    api,
    waitingSince: stored?.waitingSince ?? null,
    orders: orders.map((order) => ({
      ...order,
      userId: stored?.ownOrderNos?.includes(order.outTradeNo) ? ownerOf(order.outTradeNo) : null,
    })),
  };
}
