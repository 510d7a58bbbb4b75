import { AppError } from '../../core/errors.ts';
import type { ComplaintReply } from '../complaint.ts';
import { payCodeOf } from '../errors.ts';
import { callPay, callPayOnce, type PayV3Deps } from './client.ts';
import { asMissingComplaint, complaintPath } from './complaints.ts';

/** The decision about the refund that a buyer asks for. */
export type RefundDecision =
  | {
      action: 'APPROVE';
      /** Working days until the refund is requested; 0 for today. */
      launchRefundDay?: number | undefined;
    }
  | {
      action: 'REJECT';
      /** At most 200 characters. */
      reason: string;
      /** A remark for WeChat Pay; at most 200 characters. */
      remark?: string | undefined;
      /** Ids of at most four uploaded pictures. */
      images?: string[] | undefined;
    };

/**
 * Sends a message to the buyer. The first message moves the complaint to PROCESSING. The call is sent only once, because
 * each call shows another message to the buyer.
 * @throws as completeComplaint
 * @see https://pay.weixin.qq.com/wiki/doc/apiv3/apis/chapter10_2_14.shtml
 */
export async function replyToComplaint(
  deps: PayV3Deps,
  complaintId: string,
  { content, images, jump }: ComplaintReply,
): Promise<void> {
  const body = {
    complainted_mchid: deps.merchant.mchId,
    response_content: content,
    ...(images && { response_images: images }),
    // WeChat Pay declines links, even empty ones, of merchants that may send none.
    ...(jump && { jump_url: jump.url, jump_url_text: jump.text }),
  };
  const path = complaintPath(complaintId, 'response');
  await callPayOnce(deps, { method: 'POST', path, body }).catch(asDeclined);
}

/**
 * Completes a complaint. A repetition is declined.
 * @throws PARAM_ERROR when WeChat Pay rejects a field, ORDER_STATE_CONFLICT when the complaint does not permit the action
 * @throws NOT_FOUND, FORBIDDEN, RATE_LIMITED, WECHAT_CONFIG, INTERNAL when WeChat Pay declines the request
 * @throws WECHAT_UNAVAILABLE, WECHAT_TIMEOUT when the outcome is unknown
 * @see https://pay.weixin.qq.com/wiki/doc/apiv3/apis/chapter10_2_15.shtml
 */
export async function completeComplaint(deps: PayV3Deps, complaintId: string): Promise<void> {
  const body = { complainted_mchid: deps.merchant.mchId };
  const path = complaintPath(complaintId, 'complete');
  await callPay(deps, { method: 'POST', path, body }).catch(asDeclined);
}

/**
 * Approves or rejects the refund that a buyer asks for. An approval does not refund anything. A rejection ends the
 * complaint.
 * @throws as completeComplaint
 * @see https://pay.weixin.qq.com/wiki/doc/apiv3/apis/chapter10_2_19.shtml
 */
export async function decideComplaintRefund(
  deps: PayV3Deps,
  complaintId: string,
  decision: RefundDecision,
): Promise<void> {
  const path = complaintPath(complaintId, 'update-refund-progress');
  await callPay(deps, { method: 'POST', path, body: bodyOf(decision) }).catch(asDeclined);
}

function bodyOf(decision: RefundDecision): Record<string, unknown> {
  const { action } = decision;
  if (action === 'APPROVE') {
    const { launchRefundDay: day } = decision;
    return { action, ...(day !== undefined && { launch_refund_day: day }) };
  }
  const { reason, remark, images } = decision;
  return {
    action,
    reject_reason: reason,
    ...(images && { reject_media_list: images }),
    ...(remark !== undefined && { remark }),
  };
}

/** Errors about values that an operator entered, by the code of WeChat Pay. */
const BY_CODE: Record<string, ['PARAM_ERROR' | 'ORDER_STATE_CONFLICT', string]> = {
  PARAMERROR: ['PARAM_ERROR', 'WeChat Pay rejected a field of the request'],
  INVALIDREQUEST: ['ORDER_STATE_CONFLICT', 'WeChat Pay declined the action; look at the complaint with "show"'],
};

/** @throws the error for operators */
function asDeclined(error: unknown): never {
  const [code, message] = BY_CODE[payCodeOf(error) ?? ''] ?? [];
  if (code === undefined) return asMissingComplaint(error);
  throw new AppError(code, message!, { cause: (error as AppError).cause });
}
