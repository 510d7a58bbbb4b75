import * as v from 'valibot';
import { AppError } from '../core/errors.ts';
import type { TokenOwner } from '../platform-token/owner.ts';
import type { PlatformDeps, WechatApp } from '../wechat/client.ts';
import { createMenu, menuSchema } from '../wechat/menu.ts';

export type MenuDeps = PlatformDeps & { app: WechatApp; accessToken: TokenOwner };

/**
 * Publishes `{ button: […] }` as the menu of the official account, in place of the one before. Everything that can be
 * checked is checked before WeChat is asked: menus may be created a thousand times a day.
 * @returns how many buttons the menu shows at first sight
 * @throws PARAM_ERROR with each place that is wrong, RATE_LIMITED, WECHAT_CONFIG, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT
 */
export async function publishMenu(deps: MenuDeps, input: unknown): Promise<{ published: number }> {
  const parsed = v.safeParse(menuSchema, input);
  if (!parsed.success) throw new AppError('PARAM_ERROR', parsed.issues.map(describe).join('; '));
  const menu = parsed.output;
  await deps.accessToken.withToken((accessToken) => createMenu(deps, { app: deps.app, accessToken, menu }));
  return { published: menu.button.length };
}

/** Such as `button[0].sub_button[2].name: is empty`. */
function describe({ path, message }: v.BaseIssue<unknown>): string {
  const place = path?.map(({ key }) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`)).join('') ?? '';
  return `${place.slice(1) || 'the menu'}: ${message}`;
}
