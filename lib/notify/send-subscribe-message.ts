import { sendSubscribe, type SubscribeMessage, type SubscribeOutcome } from '../wechat/subscribe-message.ts';
import type { NotifyDeps } from './send-customer-message.ts';

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
