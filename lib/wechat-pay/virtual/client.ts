import type { TokenOwner } from '../../platform-token/owner.ts';
import type { VirtualEnv } from '../../core/virtual-env.ts';
import {
  callPlatform,
  type PlatformAnswer,
  type PlatformCall,
  type PlatformDeps,
  type WechatApp,
} from '../../wechat/client.ts';
import { virtualError } from './errors.ts';
import { paySigOf } from './sign.ts';

/** The merchant of virtual payment in one environment, and the key of this environment. */
export interface VirtualMerchant {
  offerId: string;
  env: VirtualEnv;
  appKey: string;
}

/** The merchant without the key: what an order belongs to. */
export type VirtualSettings = Pick<VirtualMerchant, 'offerId' | 'env'>;

export type VirtualDeps = PlatformDeps & {
  app: WechatApp;
  accessToken: Pick<TokenOwner, 'withToken'>;
  virtual: VirtualMerchant;
};

/**
 * Calls an API of virtual payment.
 * @param name the last part of the path, such as `query_order`
 * @param options `retryBusy` is false for a call that must not take effect twice
 * @throws the errors of virtualError; WECHAT_CONFIG, WECHAT_TIMEOUT, WECHAT_UNAVAILABLE
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/VirtualPayment/api_query_order
 */
export async function callVirtual(
  { app, accessToken, virtual, ...platform }: VirtualDeps,
  name: string,
  body: Record<string, unknown>,
  options: Pick<PlatformCall, 'retryBusy'> = {},
): Promise<PlatformAnswer> {
  const path = `/xpay/${name}`;
  // The client of the platform sends the same text.
  const pay_sig = paySigOf(virtual.appKey, path, JSON.stringify(body));
  try {
    return await accessToken.withToken((access_token) =>
      callPlatform(platform, { app, method: 'POST', path, query: { access_token, pay_sig }, body, ...options }),
    );
  } catch (error) {
    throw virtualError(error);
  }
}
