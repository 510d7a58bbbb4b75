import { AppError } from '../core/errors.ts';
import { isUnknownOutcome } from '../wechat-pay/errors.ts';
import type { ComplaintReply } from '../wechat-pay/complaint.ts';
import type { RefundDecision } from '../wechat-pay/v3/complaint-answers.ts';
import { perform, type PerformDeps } from './perform.ts';
import type { RequestOf } from './requests.ts';
import type { ComplaintView } from './view.ts';

export type AnswerDeps = PerformDeps & {
  reply(complaintId: string, reply: ComplaintReply): Promise<void>;
  complete(complaintId: string): Promise<void>;
};

/** Only API v3 has decisions about a refund. */
export type DecideDeps = AnswerDeps & {
  decideRefund(complaintId: string, decision: RefundDecision): Promise<void>;
};

/** The complaint after an action; null if WeChat Pay did not answer the query that followed the action. */
export interface Answered {
  complaint: ComplaintView | null;
}

/** Tolerated difference between our clock and the clock of WeChat Pay. */
const CLOCK_MS = 60_000;
/** WeChat Pay documents the first name. */
const REJECTIONS = ['MERCHANT_REFUSE_RERUND', 'MERCHANT_REFUSE_REFUND', 'MERCHANT_REJECT_REFUND'];

/**
 * Sends a message to the buyer.
 * @throws WECHAT_UNAVAILABLE, WECHAT_TIMEOUT when the outcome is unknown; the errors of the calls
 */
export async function replyToBuyer(deps: AnswerDeps, request: RequestOf<'reply'>): Promise<Answered> {
  const { complaintId, content, images, jumpUrl, jumpUrlText } = request;
  const jump = jumpUrl !== undefined && jumpUrlText !== undefined ? { url: jumpUrl, text: jumpUrlText } : undefined;
  const sinceMs = deps.now() - CLOCK_MS;
  try {
    return await perform(deps, complaintId, {
      send: () => deps.reply(complaintId, { content, images, jump }),
      isProof: ({ type, text, at }) => type === 'MERCHANT_RESPONSE' && text === content && Date.parse(at) >= sinceMs,
    });
  } catch (error) {
    if (!(error instanceof AppError) || !isUnknownOutcome(error)) throw error;
    const message = `${error.message}; look with "show" whether the buyer has the reply before you send it again`;
    throw new AppError(error.code, message, { cause: error });
  }
}

/** Completes a complaint. Idempotent. @throws the errors of the calls */
export function completeComplaint(deps: AnswerDeps, { complaintId }: RequestOf<'complete'>): Promise<Answered> {
  return perform(deps, complaintId, {
    send: () => deps.complete(complaintId),
    isProof: ({ type }) => type === 'MERCHANT_CONFIRM_COMPLETE',
  });
}

/** Rejects the refund that the buyer asks for, which ends the complaint. Idempotent. @throws the errors of the calls */
export function rejectRefund(
  deps: DecideDeps,
  { complaintId, reason, remark, images }: RequestOf<'reject-refund'>,
): Promise<Answered> {
  return perform(deps, complaintId, {
    send: () => deps.decideRefund(complaintId, { action: 'REJECT', reason, remark, images }),
    isProof: ({ type }) => REJECTIONS.includes(type),
  });
}
