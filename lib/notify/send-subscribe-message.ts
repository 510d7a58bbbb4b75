import type { TokenOwner } from '../platform-token/owner.ts';
import type { Runtime } from '../core/runtime.ts';
import type { PlatformDeps, WechatApp } from '../wechat/client.ts';
import { sendSubscribe, type SubscribeMessage, type SubscribeOutcome } from '../wechat/subscribe-message.ts';

type NotifyDeps = PlatformDeps & Pick<Runtime, 'log'> & { app: WechatApp; accessToken: TokenOwner };

/**
 * Sends a subscribe message to a user of the mini-program. Each consent in the mini-program covers one message. A
 * missing consent is an outcome, not an error.
 * @throws PARAM_ERROR, RATE_LIMITED, WECHAT_CONFIG, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT
 */
export async function sendSubscribeMessage(deps: NotifyDeps, message: SubscribeMessage): Promise<SubscribeOutcome> {
  const { app } = deps;
  const outcome = await deps.accessToken.withToken((accessToken) => sendSubscribe(deps, { app, accessToken, message }));
  deps.log.info('subscribe-message.finished', { outcome, templateId: message.templateId, openId: message.openId });
  return outcome;
}
