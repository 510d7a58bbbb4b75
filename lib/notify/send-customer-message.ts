import type { TokenOwner } from '../platform-token/owner.ts';
import type { Runtime } from '../core/runtime.ts';
import type { PlatformDeps, WechatApp } from '../wechat/client.ts';
import { sendCustomer, type CustomerMessage, type CustomerOutcome } from '../wechat/customer-message.ts';

export type NotifyDeps = PlatformDeps & Pick<Runtime, 'log'> & { app: WechatApp; accessToken: TokenOwner };

/**
 * Sends a customer-service message to a user of the mini-program or of the official account. The app of `deps` decides
 * which one. The user must have written before: see the windows in lib/mini-program/README.md. A closed window is an
 * outcome, not an error, because a retry would not help.
 * @throws PARAM_ERROR, RATE_LIMITED, WECHAT_CONFIG, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT. After a time-out the message may
 * have arrived
 */
export async function sendCustomerMessage(
  deps: NotifyDeps,
  { openId, message }: { openId: string; message: CustomerMessage },
): Promise<CustomerOutcome> {
  const { app, accessToken: owner } = deps;
  const outcome = await owner.withToken((accessToken) => sendCustomer(deps, { app, accessToken, openId, message }));
  const kind = typeof message === 'string' ? 'text' : message.type;
  deps.log.info('customer-message.finished', { outcome, kind, app: app.settings, openId });
  return outcome;
}
