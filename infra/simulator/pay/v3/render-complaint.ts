import { constants, publicEncrypt } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { beijingIso } from '../../beijing-time.ts';
import type { Complaint } from '../complaint-log.ts';
import { isFullyRefunded } from '../complaints.ts';

interface Merchant {
  mchId: string;
  /** Encrypts the phone number of the buyer. */
  merchantKey: KeyObject;
}

/**
 * Renders a complaint for the list and the query.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012533436
 */
export function renderComplaint(complaint: Complaint, { mchId, merchantKey }: Merchant): object {
  const { order, phone, refundFen } = complaint;
  const asksRefund = refundFen !== undefined;
  return {
    complaint_id: complaint.complaintId,
    complaint_time: beijingIso(complaint.createdAt),
    complaint_detail: complaint.text,
    complainted_mchid: mchId,
    complaint_state: complaint.state,
    ...(phone !== undefined && { payer_phone: encrypt(phone, merchantKey) }),
    payer_openid: order.payment?.openId,
    complaint_order_info: [
      {
        transaction_id: order.payment?.transactionId,
        out_trade_no: order.terms.outTradeNo,
        amount: order.terms.totalFen,
      },
    ],
    complaint_full_refunded: isFullyRefunded(complaint),
    incoming_user_response: complaint.buyerWaits,
    problem_description: asksRefund ? '申请退款' : '商品或服务有问题',
    user_complaint_times: complaint.times,
    problem_type: asksRefund ? 'REFUND' : 'OTHERS',
    ...(asksRefund && { apply_refund_amount: refundFen }),
    user_tag_list: [],
    in_platform_service: complaint.inPlatformService,
    need_immediate_service: false,
  };
}

/**
 * Renders the negotiation history of a complaint.
 * @param imagesUrl the address of pictures, before the media id
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012533439
 */
export function renderHistory({ history }: Complaint, imagesUrl: string): object[] {
  return history.map(({ logId, operator, at, type, text = '', images = [] }) => ({
    log_id: logId,
    operator,
    operate_time: beijingIso(at),
    operate_type: type,
    operate_details: text,
    ...(images.length > 0 && {
      complaint_media_list: { media_type: 'OPERATION_IMAGE', media_url: images.map((id) => imagesUrl + id) },
    }),
  }));
}

/** Encrypts for the holder of the merchant's private key: RSA-OAEP with SHA-1. */
function encrypt(text: string, key: KeyObject): string {
  const options = { key, padding: constants.RSA_PKCS1_OAEP_PADDING, oaepHash: 'sha1' };
  return publicEncrypt(options, Buffer.from(text)).toString('base64');
}
