import { addressSetting, settings } from '../../../lib/core/config.ts';
import { secrets } from '../../../lib/secrets/secrets.ts';
import type { PlatformDeps, WechatApp } from '../../../lib/wechat/client.ts';
import { errcodeOf } from '../../../lib/wechat/platform-error.ts';
import { fetchStableToken } from '../../../lib/wechat/stable-token.ts';
import type { CheckOutcome } from '../check-report.ts';
import { CommandError, explainError } from '../command.ts';
import { OUTSIDE } from './outside.ts';

/** Calls to WeChat from this machine, with the access token of the mini-program. */
export interface MiniappCalls {
  deps: PlatformDeps;
  access: { app: WechatApp; accessToken: string };
}

/**
 * Requests the access token from this machine. WeChat returns the token of the functions, so their token stays valid.
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/mp-access-token/api_getstableaccesstoken.html
 */
export async function openMiniappCalls(): Promise<MiniappCalls> {
  const deps = { ...OUTSIDE, apiBaseUrl: addressSetting('WECHAT_API_BASE_URL') };
  const { MINIAPP_APP_ID: appId } = settings('MINIAPP_APP_ID');
  const { MINIAPP_APP_SECRET: appSecret } = await secrets('MINIAPP_APP_SECRET');
  const app = { appId, appSecret, settings: 'MINIAPP' as const };
  const { value: accessToken } = await fetchStableToken(deps, app);
  return { deps, access: { app, accessToken } };
}

/** Errcodes of an address that is not on WeChat's allowlist. */
const NOT_LISTED = new Set<number | undefined>([40164, 61004]);

/** Without a call, the state of `subject` is unknown. This is a failure only if the operator wants a change. */
export function judgeNoAccess(
  error: unknown,
  { subject, fix = false }: { subject: string; fix?: boolean },
): CheckOutcome {
  const remedy = NOT_LISTED.has(errcodeOf(error))
    ? ' → add the address of this machine to 开发管理 → 开发设置 → IP 白名单, and remove it afterwards'
    : '';
  const note = `${subject} was not checked: ${explainError(error)}${remedy}`;
  if (fix) throw new CommandError(note);
  return { mark: '!', note };
}
