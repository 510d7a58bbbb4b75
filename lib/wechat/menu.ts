import * as v from 'valibot';
import { AppError } from '../core/errors.ts';
import { callPlatform, type PlatformDeps, type WechatApp } from './client.ts';
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

const button = <Name extends ReturnType<typeof text>>(name: Name) =>
  v.variant('type', [
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
  ]);

const [topName, subName] = [text(16), text(60)];
const topButton = button(topName);
const group = v.strictObject({
  name: topName,
  sub_button: v.pipe(v.array(button(subName)), v.minLength(1, 'is empty'), v.maxLength(5, 'has more than 5 buttons')),
});
const isGroup = (input: unknown) => typeof input === 'object' && input !== null && 'sub_button' in input;

/**
 * A menu within WeChat's limits: bytes, counts, two levels, mandatory fields of each button type.
 * @see https://developers.weixin.qq.com/doc/service/api/custommenu/api_createcustommenu.html
 */
export const menuSchema = v.strictObject({
  button: v.pipe(
    v.array(v.lazy((input) => (isGroup(input) ? group : topButton))),
    v.minLength(1, 'is empty'),
    v.maxLength(3, 'has more than 3 buttons'),
  ),
});

export type Menu = v.InferOutput<typeof menuSchema>;

/**
 * Replaces the menu of the account.
 * @throws PARAM_ERROR when WeChat declines the menu; otherwise as callPlatform
 * @see https://developers.weixin.qq.com/doc/service/api/custommenu/api_createcustommenu.html
 */
export async function createMenu(
  deps: PlatformDeps,
  { app, accessToken, menu }: { app: WechatApp; accessToken: string; menu: Menu },
): Promise<void> {
  const query = { access_token: accessToken };
  try {
    await callPlatform(deps, { app, method: 'POST', path: '/cgi-bin/menu/create', query, body: menu });
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
  [[65303, 65316, 65317], 'a conditional menu: no default menu, too many domains, or a bad address'],
];
