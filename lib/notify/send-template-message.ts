import { sendTemplate, type TemplateMessage, type TemplateOutcome } from '../wechat/template-message.ts';
import type { NotifyDeps } from './send-customer-message.ts';

/**
 * Sends a template message to a follower of the official account. A user who cannot be reached is an outcome, not an
 * error, because a retry would not help.
 * @throws PARAM_ERROR, RATE_LIMITED, WECHAT_CONFIG, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT
 */
export async function sendTemplateMessage(deps: NotifyDeps, message: TemplateMessage): Promise<TemplateOutcome> {
  const { app } = deps;
  const outcome = await deps.accessToken.withToken((accessToken) => sendTemplate(deps, { app, accessToken, message }));
  const { templateId, clientMsgId, openId } = message;
  deps.log.info('template-message.finished', { outcome, templateId, clientMsgId, openId });
  return outcome;
}
