import * as v from 'valibot';
import { AppError } from '../core/errors.ts';
import type { TokenOwner } from '../platform-token/owner.ts';
import type { PlatformDeps, WechatApp } from '../wechat/client.ts';
import { createMenu, menuSchema } from '../wechat/menu.ts';

export type MenuDeps = PlatformDeps & { app: WechatApp; accessToken: TokenOwner };

/**
 * Publishes `{ button: […] }` as the menu of the official account, replacing the current menu. The whole input is
 * checked before the call, because WeChat allows only a thousand calls a day.
 * @returns the number of top-level buttons
 * @throws PARAM_ERROR that lists every invalid place, or when WeChat declines the menu; RATE_LIMITED, WECHAT_CONFIG,
 * WECHAT_UNAVAILABLE, WECHAT_TIMEOUT
 */
export async function publishMenu(deps: MenuDeps, input: unknown): Promise<{ published: number }> {
  const parsed = v.safeParse(menuSchema, input);
  if (!parsed.success) throw new AppError('PARAM_ERROR', parsed.issues.map(describe).join('; '));
  const menu = parsed.output;
  await deps.accessToken.withToken((accessToken) => createMenu(deps, { app: deps.app, accessToken, menu }));
  return { published: menu.button.length };
}

/** Returns an issue with its place, such as `button[0].sub_button[2].name: is empty`. */
function describe({ path, message }: v.BaseIssue<unknown>): string {
  const place = path?.map(({ key }) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('') ?? '';
  return `${place.slice(1) || 'the menu'}: ${message}`;
}
