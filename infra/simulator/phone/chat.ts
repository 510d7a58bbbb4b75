// The user's actions in the chat of the official account, and in the customer-service chat of the mini-program.
import { realSeconds } from '../clock.ts';
import { readChoice, readCount, readFlag, readOptionalText, readText } from '../control-body.ts';
import type { ControlBody } from '../control-body.ts';
import { ControlError, controlParamError } from '../control-error.ts';
import { isRecord } from '../http.ts';
import type { MiniProgramPush } from '../mini-program/push.ts';
import type { OfficialPush } from '../official/push.ts';
import { chatOf } from '../wechat-users.ts';
import type { AppName, WechatUser } from '../wechat-users.ts';
import type { World } from '../world.ts';
import { lowerFirst } from '../xml.ts';
import type { XmlFields } from '../xml.ts';
import type { PhoneActions } from './action.ts';

/** The types of messages that a user can send to each app. */
const messageTypes = {
  official: ['text', 'image', 'voice', 'video', 'shortvideo', 'location', 'link'],
  miniapp: ['text', 'image', 'miniprogrampage'],
} as const;

/** The text of a link that is not in the chat. */
const USUAL_LINK_TEXT = '确认登录';

export const chatActions: PhoneActions = {
  message: async (world, user, body) => {
    const app = readApp(body);
    if (app === 'official') assertFollows(user);
    const type = readChoice<string>(body, 'msgType', messageTypes[app]) ?? 'text';
    const fields: XmlFields = body.msgType === undefined ? { Content: readText(body, 'text') } : readPushFields(body);
    chatOf(app, user).push({ from: 'person', type, ...lowerFirst(fields) });
    return { push: await senderOf(world, app).sendMessage(user, type, fields) };
  },
  /** Opens the customer service of the mini-program. `sessionFrom` is the attribute `session-from` of its button. */
  'enter-service': async ({ miniProgramPush }, user, body) => {
    const SessionFrom = readOptionalText(body, 'sessionFrom') ?? '';
    return { push: await miniProgramPush.sendEvent(user, 'user_enter_tempsession', { SessionFrom }) };
  },
  /**
   * Taps a link to `weixin://bizmsgmenu` or an entry of a menu message: the client sends the text of the link, with its id. Some clients send no id.
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
  event: async (world, user, body) => {
    const app = readApp(body);
    const event = readText(body, 'event');
    const fields = readPushFields(body);
    if (app === 'official' && event === 'subscribe') user.follow = { since: realSeconds() };
    if (app === 'official' && event === 'unsubscribe') user.follow = null;
    return { push: await senderOf(world, app).sendEvent(user, event, fields) };
  },
  /** Repeats the newest pushes of an app, as WeChat does when an answer is lost. */
  resend: async (world, user, body) => ({
    push: await senderOf(world, readApp(body)).resend(user, readCount(body, 'last')),
  }),
};

function readApp(body: ControlBody): AppName {
  return readChoice(body, 'app', ['miniapp', 'official']) ?? 'official';
}

function senderOf({ push, miniProgramPush }: World, app: AppName): OfficialPush | MiniProgramPush {
  return app === 'official' ? push : miniProgramPush;
}

/** Returns the text that a tap on the newest link or menu entry with this id sends. */
function textOfLink({ chat }: WechatUser, menuId: string): string | undefined {
  const entries = chat.flatMap(({ list = [] }) => list as { id: string; content: string }[]);
  const entry = entries.findLast(({ id }) => id === menuId);
  if (entry) return entry.content;
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
