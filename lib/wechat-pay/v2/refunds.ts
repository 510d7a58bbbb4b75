import * as v from 'valibot';
import { AppError } from '../../core/errors.ts';
import type { WechatRefund } from '../pay-api.ts';
import { markVerified, type Verified } from '../verified.ts';
import { callPayV2, type PayV2Deps } from './client.ts';
import type { V2Fields } from './fields.ts';
import { beijingText, fenText, idText } from './field-schemas.ts';

/** Refund statuses by their name in API v2. CHANGE means that the money did not reach the account of the payer. */
const STATUS = new Map<string, WechatRefund['status']>([
  ['PROCESSING', 'PROCESSING'],
  ['SUCCESS', 'SUCCESS'],
  ['REFUNDCLOSE', 'CLOSED'],
  ['CHANGE', 'ABNORMAL'],
]);

const schema = v.object({
  outTradeNo: idText,
  transactionId: idText,
  outRefundNo: idText,
  refundId: idText,
  status: v.pipe(
    v.string(),
    v.transform((name) => STATUS.get(name)),
    v.picklist(['PROCESSING', 'SUCCESS', 'CLOSED', 'ABNORMAL']),
  ),
  amountFen: fenText,
  totalFen: fenText,
  successAt: v.optional(beijingText),
});

/**
 * Queries a refund by its number.
 * @param appId any app of the merchant, because API v2 requires an app in every call
 * @throws NOT_FOUND, FORBIDDEN, RATE_LIMITED, WECHAT_CONFIG, INTERNAL, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT
 * @see https://pay.weixin.qq.com/doc/v2/merchant/4011935218
 */
export async function queryRefundV2(
  deps: PayV2Deps,
  { outRefundNo }: { outRefundNo: string },
  appId: string,
): Promise<Verified<WechatRefund>> {
  const fields = { appid: appId, out_refund_no: outRefundNo };
  const answer = await callPayV2(deps, { path: '/pay/refundquery', fields });
  const refund = readRefund(deps.mchId, {
    outTradeNo: answer.out_trade_no,
    transactionId: answer.transaction_id,
    outRefundNo: answer.out_refund_no_0,
    refundId: answer.refund_id_0,
    status: answer.refund_status_0,
    amountFen: answer.refund_fee_0,
    totalFen: answer.total_fee,
    successAt: answer.refund_success_time_0,
  });
  if (refund?.outRefundNo === outRefundNo) return markVerified(refund);
  throw new AppError('WECHAT_UNAVAILABLE', 'WeChat Pay did not return the requested refund');
}

/**
 * Reads the decrypted content of a refund notification, or returns undefined for content in another format. WeChat Pay
 * does not sign this content, so the result is a claim and not a verified refund.
 * @see https://pay.weixin.qq.com/doc/v2/merchant/4011935223
 */
export function readRefundNoticeV2(fields: V2Fields, mchId: string): WechatRefund | undefined {
  return readRefund(mchId, {
    outTradeNo: fields.out_trade_no,
    transactionId: fields.transaction_id,
    outRefundNo: fields.out_refund_no,
    refundId: fields.refund_id,
    status: fields.refund_status,
    amountFen: fields.refund_fee,
    totalFen: fields.total_fee,
    successAt: fields.success_time,
  });
}

function readRefund(mchId: string, fields: Record<keyof v.InferInput<typeof schema>, string | undefined>) {
  const parsed = v.safeParse(schema, fields);
  if (!parsed.success) return undefined;
  const { successAt, ...refund } = parsed.output;
  return { mchId, ...refund, ...(refund.status === 'SUCCESS' && successAt !== undefined && { successAt }) };
}
