// The user's actions in the chat of the official account.
import { realSeconds } from '../clock.ts';
import { readChoice, readCount, readFlag, readText } from '../control-body.ts';
import type { ControlBody } from '../control-body.ts';
import { ControlError, controlParamError } from '../control-error.ts';
import { isRecord } from '../http.ts';
import type { WechatUser } from '../wechat-users.ts';
import { lowerFirst } from '../xml.ts';
import type { XmlFields } from '../xml.ts';
import type { PhoneActions } from './action.ts';

const messageTypes = ['text', 'image', 'voice', 'video', 'shortvideo', 'location', 'link'] as const;

/** The text of a link that is not in the chat. */
const USUAL_LINK_TEXT = '确认登录';

export const chatActions: PhoneActions = {
  message: async ({ push }, user, body) => {
    assertFollows(user);
    const type = readChoice(body, 'msgType', messageTypes) ?? 'text';
    const fields: XmlFields = body.msgType === undefined ? { Content: readText(body, 'text') } : readPushFields(body);
    user.chat.push({ from: 'person', type, ...lowerFirst(fields) });
    return { push: await push.sendMessage(user, type, fields) };
  },
  /**
   * Taps a link to `weixin://bizmsgmenu`: the client sends the text of the link, with its id. Some clients send no id.
   * A client that its user modified can send the id of a link that the chat does not contain.
   */
  tap: async ({ push }, user, body) => {
    assertFollows(user);
    const menuId = readText(body, 'menuId');
    const fields = { Content: textOfLink(user, menuId) ?? USUAL_LINK_TEXT };
    user.chat.push({ from: 'person', type: 'text', ...lowerFirst(fields) });
    const dropsId = readFlag(body, 'dropMenuId', false);
    return { push: await push.sendMessage(user, 'text', { ...fields, ...(!dropsId && { bizmsgmenuid: menuId }) }) };
  },
  'menu-click': async ({ push }, user, body) => {
    assertFollows(user);
    const key = readText(body, 'key');
    user.chat.push({ from: 'person', type: 'menu-click', key });
    return { push: await push.sendEvent(user, 'CLICK', { EventKey: key }) };
  },
  unfollow: async ({ push }, user) => {
    assertFollows(user);
    user.follow = null;
    return { push: await push.sendEvent(user, 'unsubscribe', { EventKey: '' }) };
  },
  /** Sends any other event; the given fields may replace the common ones. */
  event: async ({ push }, user, body) => {
    const event = readText(body, 'event');
    const fields = readPushFields(body);
    if (event === 'subscribe') user.follow = { since: realSeconds() };
    if (event === 'unsubscribe') user.follow = null;
    return { push: await push.sendEvent(user, event, fields) };
  },
  /** Repeats the newest pushes, as WeChat does when an answer is lost. */
  resend: async ({ push }, user, body) => ({ push: await push.resend(user, readCount(body, 'last')) }),
};

/** Returns the text that a tap on the newest link with this id sends. */
function textOfLink({ chat }: WechatUser, menuId: string): string | undefined {
  const links = chat.flatMap(({ content }) => [
    ...String(content ?? '').matchAll(/href="weixin:\/\/bizmsgmenu\?([^"]*)"/g),
  ]);
  const queries = links.map(([, query]) => new URLSearchParams(query));
  return queries.findLast((query) => query.get('msgmenuid') === menuId)?.get('msgmenucontent') ?? undefined;
}

function assertFollows({ id, follow }: WechatUser): void {
  if (!follow)
    throw new ControlError(409, 'NOT_FOLLOWING', `${id} does not follow the official account: scan its QR code first`);
}

function readPushFields({ fields = {} }: ControlBody): XmlFields {
  if (isXmlFields(fields)) return fields;
  throw controlParamError('fields must hold text, numbers, lists and objects, under names that are fit for XML');
}

function isXmlFields(value: unknown): value is XmlFields {
  if (!isRecord(value)) return false;
  return Object.entries(value).every(
    ([name, child]) => /^[A-Za-z_][\w.-]*$/.test(name) && (Array.isArray(child) ? child : [child]).every(isXmlContent),
  );
}

function isXmlContent(value: unknown): boolean {
  return typeof value === 'string' || typeof value === 'number' || isXmlFields(value);
}
