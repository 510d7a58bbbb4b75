// The rules for custom menus and conditional menus. Lengths are bytes.
// See https://developers.weixin.qq.com/doc/service/api/custommenu/api_createcustommenu.html
import { isRecord } from '../http.ts';
import { PlatformError } from './error.ts';
import type { Errcode } from './error.ts';

export type Button = Record<string, unknown>;

/** The fields of a match rule that are not empty, as text. */
export type MatchRule = Record<string, string>;

/** The limits of the buttons of one level, and the errcode of each rule. */
interface Level {
  nameBytes: number;
  name: Errcode;
  type: Errcode;
  key: Errcode;
  url: Errcode;
  domain: Errcode;
  notAllowed: Errcode;
}

const topLevel: Level = {
  nameBytes: 16,
  name: 40018,
  type: 40017,
  key: 40019,
  url: 40020,
  domain: 40055,
  notAllowed: 40119,
};
const subLevel: Level = {
  nameBytes: 60,
  name: 40025,
  type: 40024,
  key: 40026,
  url: 40027,
  domain: 40054,
  notAllowed: 40120,
};

type Check = (button: Button, level: Level, linkedAppId: string) => void;

const checkKey: Check = ({ key }, level) => assertText(key, 128, level.key);

const checkUrl: Check = ({ url }, level) => {
  assertText(url, 1024, level.url);
  if (!/^https?:\/\/[^/?#\s]/.test(String(url))) throw new PlatformError(level.domain);
};

const checkMiniProgram: Check = (button, level, linkedAppId) => {
  checkUrl(button, level, linkedAppId);
  if (button.appid !== linkedAppId) throw new PlatformError(level.notAllowed);
  assertText(button.pagepath, 1024, 40035);
};

const checkMedia: Check = ({ media_id: id }) => assertText(id, 128, 40007);
const checkArticle: Check = ({ article_id: id }) => assertText(id, 128, 40035);

/** The types of buttons with an action, and the check of each. */
const checks: Record<string, Check> = {
  click: checkKey,
  scancode_push: checkKey,
  scancode_waitmsg: checkKey,
  pic_sysphoto: checkKey,
  pic_photo_or_album: checkKey,
  pic_weixin: checkKey,
  location_select: checkKey,
  view: checkUrl,
  miniprogram: checkMiniProgram,
  media_id: checkMedia,
  view_limited: checkMedia,
  article_id: checkArticle,
  article_view_limited: checkArticle,
};

/** The fields of a button that WeChat stores. */
const storedFields = ['type', 'name', 'key', 'url', 'appid', 'pagepath', 'media_id', 'article_id'];

/**
 * Checks the buttons of a body and returns them as `menu/get` shows them: with `sub_button` on every button. Other
 * fields of the body are ignored. Question 000ce859ec8898b5297ad66645c000 of WeChat's community shows this for
 * `matchrule` in `/cgi-bin/menu/create`.
 */
export function readButtons({ button: buttons }: Record<string, unknown>, linkedAppId: string): Button[] {
  if (!Array.isArray(buttons) || buttons.length < 1 || buttons.length > 3) throw new PlatformError(40016);
  return buttons.map((button: unknown) => {
    if (!isRecord(button)) throw new PlatformError(40016);
    const { sub_button: subButtons } = button;
    // Every button may have an empty list: menu/get and the official example of menu/create contain it on all buttons:
    // chanjarster/weixin-java-tools #111.
    const isParent = Array.isArray(subButtons) && (subButtons.length > 0 || button.type === undefined);
    if (isParent) checkParent(button, subButtons, linkedAppId);
    else checkLeaf(button, topLevel, linkedAppId);
    return stored(button);
  });
}

function stored(button: Button): Button {
  const { sub_button: subButtons } = button;
  const own = Object.entries(button).filter(([name]) => storedFields.includes(name));
  return {
    ...Object.fromEntries(own),
    sub_button: Array.isArray(subButtons) ? subButtons.filter(isRecord).map(stored) : [],
  };
}

const retiredFields = ['sex', 'country', 'province', 'city', 'language'];
const ruleFields = ['tag_id', 'client_platform_type', ...retiredFields];

/** Reads the fields of a match rule that are not empty; `group_id` is the older name of `tag_id`. */
export function readMatchRule(input: unknown): MatchRule {
  const { group_id: group, ...fields } = isRecord(input) ? input : {};
  const given = Object.entries({ ...fields, tag_id: fields.tag_id || group });
  const rule = given.filter(([name, value]) => ruleFields.includes(name) && value !== undefined && value !== '');
  if (rule.length === 0) throw new PlatformError(65304);
  const texts: MatchRule = Object.fromEntries(rule.map(([name, value]) => [name, String(value)]));
  const { tag_id: tag = '0', client_platform_type: platform = '1' } = texts;
  if (!/^\d+$/.test(tag) || !/^[123]$/.test(platform)) throw new PlatformError(40035);
  return texts;
}

/**
 * Whether a rule is about sex, region or language. WeChat has retired these fields for privacy.
 * @see https://developers.weixin.qq.com/doc/service/api/custommenu/api_addconditionalmenu.html
 */
export function hasRetiredField(rule: MatchRule): boolean {
  return retiredFields.some((name) => Object.hasOwn(rule, name));
}

function checkParent(button: Button, subButtons: unknown[], linkedAppId: string): void {
  assertText(button.name, topLevel.nameBytes, topLevel.name);
  // A button either opens a list or has an action.
  if (button.type !== undefined) throw new PlatformError(40015);
  if (subButtons.length < 1 || subButtons.length > 5) throw new PlatformError(40023);
  for (const sub of subButtons) {
    if (!isRecord(sub)) throw new PlatformError(40016);
    if (Array.isArray(sub.sub_button) && sub.sub_button.length > 0) throw new PlatformError(40022);
    checkLeaf(sub, subLevel, linkedAppId);
  }
}

function checkLeaf(button: Button, level: Level, linkedAppId: string): void {
  assertText(button.name, level.nameBytes, level.name);
  const { type } = button;
  const check = typeof type === 'string' && Object.hasOwn(checks, type) ? checks[type] : undefined;
  if (!check) throw new PlatformError(level.type);
  check(button, level, linkedAppId);
}

function assertText(value: unknown, maxBytes: number, errcode: Errcode): void {
  if (typeof value !== 'string' || value === '' || Buffer.byteLength(value) > maxBytes)
    throw new PlatformError(errcode);
}
