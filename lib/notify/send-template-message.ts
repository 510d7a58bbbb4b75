import type { TokenOwner } from '../platform-token/owner.ts';
import type { Runtime } from '../core/runtime.ts';
import type { PlatformDeps, WechatApp } from '../wechat/client.ts';
import { sendTemplate, type TemplateMessage, type TemplateOutcome } from '../wechat/template-message.ts';

type NotifyDeps = PlatformDeps & Pick<Runtime, 'log'> & { app: WechatApp; accessToken: TokenOwner };

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
