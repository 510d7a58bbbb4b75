import { AppError } from '../core/errors.ts';
import type { Refund } from '../store/refunds.ts';
import type { HistoryEntry, WechatComplaint } from '../wechat-pay/complaint.ts';
import type { Answered, DecideDeps } from './answer-complaint.ts';
import { fetchDetails } from './fetch-details.ts';
import { isProven, perform } from './perform.ts';
import type { RequestOf } from './requests.ts';

/** The part of a refund that operators see. */
type RefundView = Pick<Refund, 'outRefundNo' | 'outTradeNo' | 'amountFen' | 'status'>;

export type ApproveDeps = DecideDeps & {
  /** Refunds an order. Idempotent by `outRefundNo`. */
  refundOrder(request: Record<string, unknown>): Promise<{ refund: RefundView }>;
};

/**
 * Refunds the order of a complaint, then approves the refund. A repetition with the same `outRefundNo` refunds nothing
 * again. WeChat Pay ends the complaint when the money has arrived.
 * @throws PARAM_ERROR when `outTradeNo` is missing or belongs to no order of the complaint
 * @throws ORDER_STATE_CONFLICT when the buyer asks for no refund, the complaint is over, or the refund failed
 * @throws the errors of the refund, and of the calls; then the refund may have been made, and the request is repeated
 * @see https://pay.weixin.qq.com/wiki/doc/apiv3/apis/chapter10_2_19.shtml
 */
export async function approveRefund(
  deps: ApproveDeps,
  request: RequestOf<'approve-refund'>,
): Promise<Answered & { refund: RefundView }> {
  const { complaintId, launchRefundDay, outRefundNo, amountFen, reason, fundsAccount } = request;
  const { live } = await fetchDetails(deps, complaintId);
  const outTradeNo = orderOf(live, request.outTradeNo);
  await assertApprovable(deps, live);
  const { refund } = await deps.refundOrder({ outTradeNo, outRefundNo, amountFen, reason, fundsAccount });
  if (refund.status === 'CLOSED' || refund.status === 'REFUSED') {
    const message = 'The refund failed, so it was not approved; repeat the request with a new outRefundNo';
    throw new AppError('ORDER_STATE_CONFLICT', message, { detail: { refund } });
  }
  const answered = await perform(deps, complaintId, {
    send: () => deps.decideRefund(complaintId, { action: 'APPROVE', launchRefundDay }),
    isProof: isApproval,
  });
  return { ...answered, refund };
}

function isApproval({ type }: HistoryEntry): boolean {
  return type === 'MERCHANT_APPROVE_REFUND';
}

/** Rejects a refund that cannot be approved afterwards, before money moves. */
async function assertApprovable(
  deps: ApproveDeps,
  { complaintId, problemType, state }: WechatComplaint,
): Promise<void> {
  const advice = 'refund the order with pay-refund instead';
  if (problemType !== undefined && problemType !== 'REFUND')
    throw new AppError('ORDER_STATE_CONFLICT', `The buyer does not ask for a refund; ${advice}`);
  if (state === 'PROCESSED' && !(await isProven(deps, complaintId, isApproval)))
    throw new AppError('ORDER_STATE_CONFLICT', `The complaint is over; ${advice}`);
}

/** Returns the number of the order to refund. Without orders in the complaint, the operator names the order. */
function orderOf({ orders }: WechatComplaint, outTradeNo: string | undefined): string {
  const numbers = orders.map((order) => order.outTradeNo);
  const [first, ...others] = numbers;
  if (outTradeNo !== undefined && (first === undefined || numbers.includes(outTradeNo))) return outTradeNo;
  if (outTradeNo === undefined && first !== undefined && others.length === 0) return first;
  const choice = first === undefined ? 'the number of the order' : `one of ${numbers.join(', ')}`;
  throw new AppError('PARAM_ERROR', `outTradeNo must be ${choice}`);
}
