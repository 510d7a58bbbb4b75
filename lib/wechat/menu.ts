import * as v from 'valibot';
import { AppError } from '../core/errors.ts';
import { callPlatform, type PlatformAnswer, type PlatformCall, type PlatformDeps, type WechatApp } from './client.ts';
import { errcodeOf } from './platform-error.ts';

/**
 * Text of 1 to `maxBytes` bytes. WeChat rejects `\uXXXX` escapes, so control characters and lone surrogates are
 * invalid.
 */
const text = (maxBytes: number) =>
  v.pipe(
    v.string(),
    v.minBytes(1, 'is empty'),
    v.maxBytes(maxBytes, `has more than ${maxBytes} bytes in UTF-8`),
    v.check((value) => value.isWellFormed() && !/\p{Cc}/u.test(value), 'contains a character that WeChat rejects'),
  );
const url = v.pipe(text(1_024), v.regex(/^[a-z][a-z0-9+.-]*:\/\/\S+$/i, 'is not an address with its scheme'));
const id = text(256);

const leaf = <Name extends ReturnType<typeof text>>(name: Name) =>
  v.variant(
    'type',
    [
      v.strictObject({
        name,
        type: v.picklist([
          'click',
          'scancode_push',
          'scancode_waitmsg',
          'pic_sysphoto',
          'pic_photo_or_album',
          'pic_weixin',
          'location_select',
        ]),
        key: text(128),
      }),
      v.strictObject({ name, type: v.literal('view'), url }),
      v.strictObject({ name, type: v.literal('miniprogram'), url, appid: id, pagepath: text(1_024) }),
      v.strictObject({ name, type: v.picklist(['media_id', 'view_limited']), media_id: id }),
      v.strictObject({ name, type: v.picklist(['article_id', 'article_view_limited']), article_id: id }),
    ],
    'is not a type of button',
  );

const [topName, subName] = [text(16), text(60)];
const [topButton, subButton] = [leaf(topName), leaf(subName)];
const group = v.strictObject({
  name: topName,
  sub_button: v.pipe(
    v.array(v.pipe(v.unknown(), v.transform(withoutEmptyList), subButton)),
    v.minLength(1, 'is empty'),
    v.maxLength(5, 'has more than 5 buttons'),
  ),
});
const isGroup = (input: unknown) => isRecord(input) && 'sub_button' in input;

/**
 * The buttons of a menu within WeChat's limits: bytes, counts, two levels, mandatory fields of each button type.
 * @see https://developers.weixin.qq.com/doc/service/api/custommenu/api_createcustommenu.html
 */
export const buttonsSchema = v.pipe(
  v.array(
    v.pipe(
      v.unknown(),
      v.transform(withoutEmptyList),
      v.lazy((input) => (isGroup(input) ? group : topButton)),
    ),
  ),
  v.maxLength(3, 'has more than 3 buttons'),
);

const retired = v.optional(
  v.never('is retired: WeChat accepts no rule about sex, region or language. Remove the field or the whole menu'),
);
const matchRuleSchema = v.pipe(
  v.unknown(),
  v.transform(withPresentNames),
  v.strictObject({
    tag_id: v.optional(v.pipe(digits(), v.regex(/^\d+$/, 'is not the id of a tag'))),
    client_platform_type: v.optional(v.pipe(digits(), v.picklist(['1', '2', '3'], 'is not 1, 2 or 3'))),
    sex: retired,
    country: retired,
    province: retired,
    city: retired,
    language: retired,
  }),
  v.check((rule) => Object.keys(rule).length > 0, 'needs tag_id or client_platform_type'),
);

/**
 * A menu for the users that a rule matches: by their newest tag, by the system of their phone, or by both.
 * @see https://developers.weixin.qq.com/doc/service/api/custommenu/api_addconditionalmenu.html
 */
export const conditionalMenuSchema = v.pipe(
  v.strictObject({
    button: v.pipe(buttonsSchema, v.minLength(1, 'is empty')),
    matchrule: matchRuleSchema,
    menuid: v.optional(v.unknown()),
  }),
  v.transform(({ button, matchrule }) => ({ button, matchrule })),
);

export type Buttons = v.InferOutput<typeof buttonsSchema>;
export type ConditionalMenu = v.InferOutput<typeof conditionalMenuSchema>;

/** A conditional menu of the account. An invalid rule and invalid buttons are absent. */
export interface StoredConditionalMenu {
  menuId: string;
  matchrule?: ConditionalMenu['matchrule'];
  button?: Buttons;
}

/** The official account of a call, and its access token. */
export interface MenuAccess {
  app: WechatApp;
  accessToken: string;
}

/**
 * Replaces the default menu of the account. WeChat keeps the conditional menus.
 * @throws PARAM_ERROR when WeChat declines the menu; otherwise as callPlatform
 * @see https://developers.weixin.qq.com/doc/service/api/custommenu/api_createcustommenu.html
 */
export async function createMenu(
  deps: PlatformDeps,
  { button, ...access }: MenuAccess & { button: Buttons },
): Promise<void> {
  await callMenuApi(deps, access, { method: 'POST', path: '/cgi-bin/menu/create', body: { button } });
}

/**
 * Deletes the default menu and all conditional menus of the account.
 * @throws as createMenu
 * @see https://developers.weixin.qq.com/doc/service/api/custommenu/api_deletemenu.html
 */
export async function deleteMenus(deps: PlatformDeps, access: MenuAccess): Promise<void> {
  await callMenuApi(deps, access, { method: 'GET', path: '/cgi-bin/menu/delete' });
}

/**
 * Returns the conditional menus of the account, newest first, which is the order in which WeChat tries them.
 * @returns undefined when the account has no default menu
 * @throws as createMenu
 * @see https://developers.weixin.qq.com/doc/service/api/custommenu/api_getmenu.html
 */
export async function getConditionalMenus(
  deps: PlatformDeps,
  access: MenuAccess,
): Promise<StoredConditionalMenu[] | undefined> {
  try {
    const { conditionalmenu } = await callMenuApi(deps, access, { method: 'GET', path: '/cgi-bin/menu/get' });
    return Array.isArray(conditionalmenu) ? conditionalmenu.filter(isRecord).map(readStoredMenu) : [];
  } catch (error) {
    if (errcodeOf(error) === NO_MENU) return undefined;
    throw error;
  }
}

/**
 * Adds a conditional menu, which WeChat tries before the older ones. WeChat stores an identical menu twice, so a lost
 * answer is not retried.
 * @returns the id of the menu
 * @throws as createMenu
 * @see https://developers.weixin.qq.com/doc/service/api/custommenu/api_addconditionalmenu.html
 */
export async function addConditionalMenu(
  deps: PlatformDeps,
  { menu, ...access }: MenuAccess & { menu: ConditionalMenu },
): Promise<string> {
  const path = '/cgi-bin/menu/addconditional';
  const { menuid } = await callMenuApi(deps, access, { method: 'POST', path, body: menu, retryBusy: false });
  return readMenuId(menuid);
}

/**
 * Removes a conditional menu. A menu that is gone already is no error.
 * @throws as createMenu
 * @see https://developers.weixin.qq.com/doc/service/api/custommenu/api_deleteconditionalmenu.html
 */
export async function removeConditionalMenu(
  deps: PlatformDeps,
  { menuId, ...access }: MenuAccess & { menuId: string },
): Promise<void> {
  const path = '/cgi-bin/menu/delconditional';
  try {
    await callMenuApi(deps, access, { method: 'POST', path, body: { menuid: menuId } });
  } catch (error) {
    if (errcodeOf(error) !== NO_CONDITIONAL_MENU) throw error;
  }
}

const NO_MENU = 46003;
const NO_CONDITIONAL_MENU = 65301;

function readStoredMenu({ menuid, button, matchrule }: PlatformAnswer): StoredConditionalMenu {
  const [buttons, rule] = [v.safeParse(buttonsSchema, button), v.safeParse(matchRuleSchema, matchrule)];
  return {
    menuId: readMenuId(menuid),
    ...(buttons.success && { button: buttons.output }),
    ...(rule.success && { matchrule: rule.output }),
  };
}

/** Returns an id, which WeChat documents as text and sends as a number. */
function readMenuId(menuid: unknown): string {
  if (typeof menuid === 'string' || typeof menuid === 'number') return String(menuid);
  throw new AppError('WECHAT_UNAVAILABLE', 'The response of WeChat has no menuid');
}

async function callMenuApi(
  deps: PlatformDeps,
  { app, accessToken }: MenuAccess,
  call: Omit<PlatformCall, 'app' | 'query'>,
): Promise<PlatformAnswer> {
  try {
    return await callPlatform(deps, { ...call, app, query: { access_token: accessToken } });
  } catch (cause) {
    const errcode = errcodeOf(cause) ?? 0;
    const meaning = MEANING.find(([errcodes]) => errcodes.includes(errcode))?.[1];
    if (!meaning) throw cause;
    throw new AppError('PARAM_ERROR', `WeChat rejected this menu: ${errcode}, ${meaning}`, {
      detail: { errcode },
      cause,
    });
  }
}

/** Errcodes of permanent errors with their meanings. A retry needs a changed menu. */
const MEANING: readonly [errcodes: number[], meaning: string][] = [
  [[40007, 53600], 'a media_id or article_id that does not exist'],
  [[40015], 'an unknown type of menu'],
  [[40016, 40017], 'the number or the types of the buttons'],
  [[40018, 40025], 'the length of a name'],
  [[40019, 40026], 'the length of a key'],
  [[40020, 40027], 'an address that is missing or too long'],
  [[40022, 40023, 40024], 'the levels, the number or the types of sub-buttons'],
  [[40033], 'an invalid character'],
  [[40054, 40055], 'the domain of an address'],
  [[40119, 40120], 'a type of button that this account may not use: is the mini-program linked to it?'],
  [[40155], "a link to another account's homepage"],
  [[45010], 'too many menus were created'],
  [[65303], 'the account has no default menu: publish one first'],
  [[65304, 65310, 65311, 65312, 65313, 65314, 65320], 'the rule of a conditional menu'],
  [[65305], 'too many conditional menus: publish the menus with an empty conditionalmenu first'],
  [[65306, 65309], 'this account has no conditional menus: is it verified, and are they switched on in the console?'],
  [[65307, 65308], 'a menu without buttons, or a button without an action'],
  [
    [65316],
    'more than three domains in the conditional menus, the replaced ones included: publish the menus with an empty ' +
      'conditionalmenu first',
  ],
  [[65317], 'a bad address'],
  [[65319], 'this account may not create menus: is the menu switched on in the console?'],
];

/** Drops the empty `sub_button` that menu/get and the official example of menu/create contain on every leaf. */
function withoutEmptyList(input: unknown): unknown {
  if (!isRecord(input) || !('type' in input)) return input;
  const { sub_button: list, ...fields } = input;
  return Array.isArray(list) && list.length === 0 ? fields : input;
}

/** Drops empty fields, which WeChat ignores, and renames `group_id`, the name in menu/get, to `tag_id`. */
function withPresentNames(input: unknown): unknown {
  if (!isRecord(input)) return input;
  const given = Object.fromEntries(Object.entries(input).filter(([, value]) => value !== ''));
  const { group_id: tag, ...others } = given;
  return tag === undefined || 'tag_id' in given ? given : { ...others, tag_id: tag };
}

/** A schema of digits as text or as a number, because WeChat sends both. */
function digits() {
  return v.pipe(v.union([v.string(), v.number()]), v.transform(String));
}

function isRecord(input: unknown): input is Record<string, unknown> {
  return typeof input === 'object' && input !== null && !Array.isArray(input);
}
