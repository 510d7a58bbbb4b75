import { AppError } from '../core/errors.ts';
import { callPlatform, type PlatformAnswer, type PlatformDeps, type WechatApp } from './client.ts';
import { errcodeOf } from './platform-error.ts';

/** The app of a call, and its access token. */
export interface ShippingAccess {
  app: WechatApp;
  accessToken: string;
}

const BUSY = new Set<number | undefined>([-1, 10060012, 10060019]);

/** Whether this errcode leaves the outcome of a call open. */
export function isBusy(errcode: number | undefined): boolean {
  return BUSY.has(errcode);
}

/** Calls an API of the order shipping management. A busy answer leaves the outcome open, and the caller repeats the call. */
export async function callShipping(
  deps: PlatformDeps,
  { app, accessToken }: ShippingAccess,
  path: string,
  body: Record<string, unknown>,
): Promise<PlatformAnswer> {
  try {
    return await callPlatform(deps, { app, method: 'POST', path, query: { access_token: accessToken }, body });
  } catch (error) {
    if (!isBusy(errcodeOf(error))) throw error;
    throw new AppError('WECHAT_UNAVAILABLE', 'WeChat is busy; repeat the call', { cause: (error as AppError).cause });
  }
}
