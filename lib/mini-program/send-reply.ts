import { isAppError } from '../core/errors.ts';
import { countMetric } from '../core/metrics.ts';
import type { Runtime } from '../core/runtime.ts';
import type { DomainEvent } from '../events/schemas.ts';
import { sendCustomerMessage, type NotifyDeps } from '../notify/send-customer-message.ts';
import { claimReply, releaseReply } from '../store/messages.ts';
import type { Table } from '../store/table.ts';
import type { CustomerMessage } from '../wechat/customer-message.ts';
import { errcodeOf } from '../wechat/platform-error.ts';

export type SendReplyDeps = NotifyDeps & Pick<Runtime, 'now' | 'randomBytes'> & { table: Table };

/**
 * Sends the automatic reply to a message, at most once. Events are delivered more than once and WeChat has no protection
 * against duplicates, so a conditional write claims the reply before the call. Only the key of the message is taken from
 * the event, because every sender with access to the bus can forge one.
 *
 * If WeChat declined the call, the claim ends, so that the next delivery of the event repeats the call. After a lost
 * response or a crash the claim remains, because the user may have the reply.
 * @throws Error when the event belongs to another app; PARAM_ERROR, RATE_LIMITED, WECHAT_CONFIG, WECHAT_UNAVAILABLE,
 * WECHAT_TIMEOUT
 */
export async function sendReply(
  deps: SendReplyDeps,
  { data: { appId, pushId } }: DomainEvent<'mini-program.reply-due'>,
): Promise<void> {
  if (appId !== deps.app.appId) throw new Error(`Message ${pushId} belongs to another app than MINIAPP_APP_ID`);
  // A failed request of the token must not use up the claim.
  await deps.accessToken.withToken(() => Promise.resolve());
  const key = { appId, pushId, senderToken: deps.randomBytes(12).toString('base64url') };
  const stored = await claimReply<CustomerMessage>(deps.table, { ...key, nowMs: deps.now() });
  if (typeof stored === 'string') {
    deps.log.warn('mini-program.reply-skipped', { reason: stored, pushId });
    return;
  }
  try {
    await sendCustomerMessage(deps, { openId: stored.openId, message: stored.reply });
  } catch (error) {
    if (isDeclined(error)) await releaseReply(deps.table, key);
    else countMetric('UnconfirmedReplies', { App: 'mini-program' });
    throw error;
  }
}

/** Whether WeChat sent nothing for certain: its response has an errcode, or the message is invalid. */
function isDeclined(error: unknown): boolean {
  return errcodeOf(error) !== undefined || isAppError(error, 'PARAM_ERROR');
}
