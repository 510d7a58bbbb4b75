import * as v from 'valibot';
import { AppError } from '../core/errors.ts';
import { readRefund, type Refund } from '../store/refunds.ts';
import type { WechatRefund } from '../wechat-pay/pay-api.ts';
import type { RefundTarget } from '../wechat-pay/v3/abnormal-refunds.ts';
import type { Verified } from '../wechat-pay/verified.ts';
import { followRefund, type RefundDeps } from './follow-refund.ts';
import { refundView, type RefundView } from './refund-order.ts';
import { settleRefund } from './settle-refund.ts';

// The messages contain no received value, because it can be personal.
const text = (name: string, pattern: RegExp) =>
  v.pipe(v.string(`${name} is missing`), v.regex(pattern, `${name} is malformed`));
const request = v.variant(
  'type',
  [
    v.object({ outRefundNo: v.string(), type: v.literal('MERCHANT_BANK_CARD') }),
    v.object({
      outRefundNo: v.string(),
      type: v.literal('USER_BANK_CARD'),
      bankType: text('bankType', /^[A-Z_]{1,16}$/),
      bankAccount: text('bankAccount', /^\d{12,19}$/),
      // Encryption permits 214 bytes.
      realName: text('realName', /^[^\p{Cc}]{1,64}$/u),
    }),
  ],
  'type must be MERCHANT_BANK_CARD or USER_BANK_CARD',
);

export type AbnormalRefundDeps = RefundDeps & {
  /** Ends the refund at WeChat another way. */
  applyAbnormalRefund(refund: Refund & { refundId: string }, target: RefundTarget): Promise<Verified<WechatRefund>>;
};

/**
 * Ends a refund whose money did not reach the payer: pays the merchant, or a debit card of the payer. WeChat is queried
 * first, because the status can have changed. The number and the name of the card are neither stored nor logged.
 * @throws PARAM_ERROR naming the invalid field; NOT_FOUND when no refund has this number
 * @throws ORDER_STATE_CONFLICT when the refund is not ABNORMAL; the errors of the calls to WeChat Pay
 * @see https://pay.weixin.qq.com/docs/merchant/apis/refund/refunds/create-abnormal-refund.html
 */
export async function endAbnormalRefund(deps: AbnormalRefundDeps, input: unknown): Promise<{ refund: RefundView }> {
  const parsed = v.safeParse(request, input);
  if (!parsed.success) throw new AppError('PARAM_ERROR', v.summarize(parsed.issues));
  const { outRefundNo, ...target } = parsed.output;
  await followRefund(deps, outRefundNo);
  const refund = await readRefund(deps.table, outRefundNo);
  if (!refund) throw new AppError('NOT_FOUND', 'No refund has this outRefundNo');
  const { status, refundId } = refund;
  if (status !== 'ABNORMAL' || refundId === undefined) {
    throw new AppError('ORDER_STATE_CONFLICT', 'Only an ABNORMAL refund can end another way', { detail: { status } });
  }
  await settleRefund(deps, await deps.applyAbnormalRefund({ ...refund, refundId }, target));
  return { refund: refundView((await readRefund(deps.table, outRefundNo)) ?? refund) };
}
