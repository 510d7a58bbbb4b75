import type { PayOrder } from '../ledger.ts';
import type { PayWorld } from '../world.ts';
import { renderAcceptedRefund } from './render.ts';
import type { V2Fields } from './sign.ts';

/**
 * `/secapi/pay/refund`, with checked fields. WeChat Pay requires the client certificate of the merchant here. The simulator
 * has no TLS, so the signature alone identifies the merchant.
 * @see https://pay.weixin.qq.com/doc/v2/merchant/4011935217
 */
export function createV2Refund({ refunds }: PayWorld, order: PayOrder, fields: V2Fields): V2Fields {
  const { nonce_str: _nonce, sign: _sign, ...sent } = fields;
  const { refund_desc: reason, refund_account: account, notify_url: notifyUrl } = fields;
  const refund = refunds.create(order, {
    outRefundNo: fields.out_refund_no ?? '',
    refundFen: Number(fields.refund_fee),
    totalFen: Number(fields.total_fee),
    ...(reason && { reason }),
    ...(notifyUrl && { notifyUrl }),
    ...(account && { fundsAccount: account === 'REFUND_SOURCE_RECHARGE_FUNDS' ? 'AVAILABLE' : 'UNSETTLED' }),
    source: 'API',
    v2: true,
    sent,
  });
  return renderAcceptedRefund(refund);
}
