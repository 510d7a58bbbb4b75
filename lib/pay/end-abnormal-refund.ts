import * as v from 'valibot';
import { AppError } from '../core/errors.ts';
import { scheduleFollowUp } from '../store/follow-ups.ts';
import { readRefund, type Refund } from '../store/refunds.ts';
import type { WechatRefund } from '../wechat-pay/pay-api.ts';
import type { RefundTarget } from '../wechat-pay/v3/abnormal-refunds.ts';
import type { Verified } from '../wechat-pay/verified.ts';
import { MINUTE_MS } from './backoff.ts';
import { followRefund, type RefundDeps } from './follow-refund.ts';
import { refundNumber } from '../core/number-schemas.ts';
import { refundView, type RefundView } from './refund-order.ts';
import { settleRefund } from './settle-refund.ts';

/** Longest text that the key of WeChat Pay encrypts (bytes). */
const ENCRYPTED_BYTES = 214;

// The messages contain no received value, because it can be personal.
const text = (name: string, pattern: RegExp, form: string) =>
  v.pipe(v.string(`${name} is missing`), v.regex(pattern, `${name} must be ${form}`));
const NAME = `1 to ${ENCRYPTED_BYTES} bytes of UTF-8 without control characters`;
const FORM =
  'type must be MERCHANT_BANK_CARD without further fields, or USER_BANK_CARD with bankType, bankAccount and realName';
const request = v.variant(
  'type',
  [
    v.strictObject({ outRefundNo: refundNumber, type: v.literal('MERCHANT_BANK_CARD') }, FORM),
    v.strictObject(
      {
        outRefundNo: refundNumber,
        type: v.literal('USER_BANK_CARD'),
        bankType: text('bankType', /^[A-Z_]{1,16}$/, 'the name of a bank such as ICBC_DEBIT'),
        bankAccount: text('bankAccount', /^\d{12,19}$/, '12 to 19 digits without blanks'),
        realName: v.pipe(text('realName', /^\P{Cc}+$/u, NAME), v.maxBytes(ENCRYPTED_BYTES, `realName must be ${NAME}`)),
      },
      FORM,
    ),
  ],
  FORM,
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
  await send(deps, { ...refund, refundId }, target);
  return { refund: refundView((await readRefund(deps.table, outRefundNo)) ?? refund) };
}

/**
 * Sends the request and books the response. WeChat can have accepted the request in spite of an error, so the refund is
 * then queried at once, and again in a minute.
 * @throws the error if the refund is still ABNORMAL
 */
async function send(
  deps: AbnormalRefundDeps,
  refund: Refund & { refundId: string },
  target: RefundTarget,
): Promise<void> {
  const { outRefundNo } = refund;
  try {
    await settleRefund(deps, await deps.applyAbnormalRefund(refund, target));
  } catch (error) {
    deps.log.error('refund.abnormal-request-failed', { outRefundNo, error });
    await scheduleFollowUp(deps.table, { kind: 'refund', no: outRefundNo }, deps.now() + MINUTE_MS);
    await followRefund(deps, outRefundNo).catch((queryError: unknown) => {
      deps.log.warn('refund.query-failed', { outRefundNo, error: queryError });
    });
    if ((await readRefund(deps.table, outRefundNo))?.status === 'ABNORMAL') throw error;
  }
}
