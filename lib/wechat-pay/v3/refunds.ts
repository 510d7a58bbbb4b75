import * as v from 'valibot';
import { AppError } from '../../core/errors.ts';
import type { Order } from '../../store/orders.ts';
import type { Refund } from '../../store/refunds.ts';
import type { WechatRefund } from '../pay-api.ts';
import { markVerified, type Verified } from '../verified.ts';
import { callPay, type PayV3Deps } from './client.ts';

const fen = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const status = v.picklist(['PROCESSING', 'SUCCESS', 'CLOSED', 'ABNORMAL']);
const common = {
  transaction_id: v.string(),
  out_trade_no: v.string(),
  refund_id: v.string(),
  out_refund_no: v.string(),
  success_time: v.optional(
    v.pipe(
      v.string(),
      v.check((text) => !Number.isNaN(Date.parse(text))),
    ),
  ),
  amount: v.object({ total: fen, refund: fen }),
};
const responseSchema = v.object({ ...common, status });
const noticeSchema = v.object({ ...common, mchid: v.string(), refund_status: status });

/**
 * Requests a refund. A repeat with the same number must be identical, so every field comes from the stored refund and
 * its order. A response means that WeChat Pay accepted the refund; the money arrives later.
 * @throws FORBIDDEN, NOT_FOUND, ORDER_STATE_CONFLICT, WECHAT_CONFIG, INTERNAL when WeChat Pay declines the refund
 * @throws RATE_LIMITED, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT when the outcome is unknown
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013071036
 */
export async function createRefund(
  deps: PayV3Deps,
  order: Order,
  { outRefundNo, amountFen, reason, notifyUrl, fundsAccount }: Refund,
): Promise<Verified<WechatRefund>> {
  const body = {
    transaction_id: order.transactionId,
    out_refund_no: outRefundNo,
    ...(reason !== undefined && { reason }),
    ...(notifyUrl !== undefined && { notify_url: notifyUrl }),
    ...(fundsAccount !== undefined && { funds_account: fundsAccount }),
    amount: { refund: amountFen, total: order.amountFen, currency: order.currency },
  };
  const answer = await callPay(deps, { method: 'POST', path: '/v3/refund/domestic/refunds', body });
  return readRefundAnswer(answer, deps, outRefundNo);
}

/**
 * Queries a refund.
 * @throws NOT_FOUND, FORBIDDEN, RATE_LIMITED, WECHAT_CONFIG, INTERNAL, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013071041
 */
export async function queryRefund(
  deps: PayV3Deps,
  { outRefundNo }: { outRefundNo: string },
): Promise<Verified<WechatRefund>> {
  const path = `/v3/refund/domestic/refunds/${encodeURIComponent(outRefundNo)}`;
  return readRefundAnswer(await callPay(deps, { method: 'GET', path }), deps, outRefundNo);
}

/**
 * Reads the decrypted resource of a refund notification, or returns undefined for a resource in another format.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791865
 */
export function readRefundNotice(json: Verified<string>): Verified<WechatRefund> | undefined {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), noticeSchema), json);
  if (!parsed.success) return undefined;
  return refundOf(parsed.output, parsed.output.mchid, parsed.output.refund_status);
}

/**
 * Reads a response. The response does not contain the merchant, so the result has the merchant that sent the request.
 */
export function readRefundAnswer(
  answer: Verified<string>,
  { merchant }: PayV3Deps,
  outRefundNo: string,
): Verified<WechatRefund> {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), responseSchema), answer);
  if (parsed.success && parsed.output.out_refund_no === outRefundNo) {
    return refundOf(parsed.output, merchant.mchId, parsed.output.status);
  }
  throw new AppError('WECHAT_UNAVAILABLE', 'WeChat Pay did not return the requested refund');
}

type RefundFields = Omit<v.InferOutput<typeof responseSchema>, 'status'>;

function refundOf(fields: RefundFields, mchId: string, refundStatus: WechatRefund['status']): Verified<WechatRefund> {
  const refund: WechatRefund = {
    mchId,
    outTradeNo: fields.out_trade_no,
    transactionId: fields.transaction_id,
    outRefundNo: fields.out_refund_no,
    refundId: fields.refund_id,
    status: refundStatus,
    amountFen: fields.amount.refund,
    totalFen: fields.amount.total,
    ...(fields.success_time && { successAt: new Date(fields.success_time).toISOString() }),
  };
  return markVerified(refund);
}
