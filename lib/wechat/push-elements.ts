import { createHash } from 'node:crypto';
import { AppError } from '../core/errors.ts';
import type { DataSubject, SubscribeChoice, SubscribeEvent, UserDataEvent } from './push-content.ts';
import type { XmlElement, XmlValue } from './xml.ts';

/** The parts that every push has. */
export interface PushHead {
  /** The sender. */
  openId: string;
  /** The original id of the account (`gh_…`), the sender of replies. */
  originalId: string;
  createTimeS: number;
  /**
   * Identifies the push: a hash over all its elements, which is equal for all deliveries. WeChat sends different pushes
   * with one MsgId, and several events of one user within one second.
   * @see https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_standard_messages.html
   * @see https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_event_pushes.html
   */
  pushId: string;
}

/** The format of a time in epoch seconds. */
const SECONDS = /^\d{1,10}$/;
/** Maximum length of an id. Ids of users become keys of the table. */
const MAX_ID_BYTES = 64;

/** The readers of the two kinds of content of an app. `kind` is the MsgType in lower case. */
interface ContentReaders<Content> {
  readEvent(xml: XmlElement): Content;
  readMessage(xml: XmlElement, kind: string): Content;
}

/**
 * Reads the parts that every push has, and its content with the readers of the app. WeChat sends the names of types in
 * any letter case.
 * @throws PARAM_ERROR with a message that contains nothing of the push
 */
export function readElements<Content>(
  xml: XmlElement,
  { readEvent, readMessage }: ContentReaders<Content>,
): PushHead & { content: Content } {
  const head = readHead(xml);
  const msgType = requiredId(xml, 'MsgType').toLowerCase();
  return { ...head, content: msgType === 'event' ? readEvent(xml) : readMessage(xml, msgType) };
}

function readHead(xml: XmlElement): PushHead {
  const openId = requiredId(xml, 'FromUserName');
  const createTime = requiredId(xml, 'CreateTime');
  if (!SECONDS.test(createTime)) throw new AppError('PARAM_ERROR', 'CreateTime must be a number of seconds');
  const originalId = requiredId(xml, 'ToUserName');
  return { openId, originalId, createTimeS: Number(createTime), pushId: hashElements(xml) };
}

/** Returns the events about subscribe messages, which both apps send; undefined for another event. */
export function readSubscribeEvent(xml: XmlElement, name: string): SubscribeEvent | undefined {
  switch (name) {
    case 'subscribe_msg_popup_event':
      return { event: name, choices: subscribeList(xml, 'SubscribeMsgPopupEvent').map(readChoice) };
    case 'subscribe_msg_change_event':
      return { event: name, choices: subscribeList(xml, 'SubscribeMsgChangeEvent').map(readChoice) };
    case 'subscribe_msg_sent_event': {
      const results = subscribeList(xml, 'SubscribeMsgSentEvent').map((item) => ({
        templateId: text(item, 'TemplateId'),
        msgId: text(item, 'MsgID'),
        errorCode: text(item, 'ErrorCode'),
        errorStatus: text(item, 'ErrorStatus'),
      }));
      return { event: name, results };
    }
    default:
      return undefined;
  }
}

/** Returns the events about data of users, which both apps send; undefined for another event. */
export function readUserDataEvent(xml: XmlElement, name: string): UserDataEvent | undefined {
  switch (name) {
    case 'user_info_modified':
    case 'user_authorization_revoke':
    case 'user_authorization_cancellation':
      return { event: name, subject: readSubject(xml), revokeInfo: optional(xml, 'RevokeInfo') };
    default:
      return undefined;
  }
}

function readSubject(xml: XmlElement): DataSubject {
  const [unionId, appId] = [optionalId(xml, 'UnionID'), optionalId(xml, 'AppID')];
  return { openId: requiredId(xml, 'OpenID'), ...(unionId && { unionId }), ...(appId && { appId }) };
}

/** Returns a hash over the elements of a push, in any order. Text between the elements has no meaning. */
function hashElements(xml: XmlElement): string {
  const json = JSON.stringify(xml, (_, value: XmlValue) => {
    if (typeof value === 'string' || Array.isArray(value)) return value;
    return Object.fromEntries(
      Object.entries(value)
        .filter(([name]) => name !== '#text')
        .toSorted(),
    );
  });
  return createHash('sha256').update(json).digest('base64url');
}

/**
 * Returns the list of a subscribe event, which may be inside an element named like the event.
 * @see https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/subscribe-message.html
 */
function subscribeList(xml: XmlElement, wrapper: string): XmlElement[] {
  return children(Object.hasOwn(xml, wrapper) ? child(xml, wrapper) : xml, 'List');
}

function readChoice(item: XmlElement): SubscribeChoice {
  const status = text(item, 'SubscribeStatusString');
  return { templateId: text(item, 'TemplateId'), status, popupScene: optional(item, 'PopupScene') };
}

/**
 * Returns a mandatory id.
 * @throws PARAM_ERROR when the id is missing or too long
 */
export function requiredId(xml: XmlElement, name: string): string {
  const value = optionalId(xml, name);
  if (value) return value;
  throw new AppError('PARAM_ERROR', `${name} is missing`);
}

/**
 * Returns an id; an empty text when the id is missing.
 * @throws PARAM_ERROR when the id is too long
 */
export function optionalId(xml: XmlElement, name: string): string {
  const value = text(xml, name);
  if (Buffer.byteLength(value) <= MAX_ID_BYTES) return value;
  throw new AppError('PARAM_ERROR', `${name} is too long`);
}

/** Returns the text of an element; an empty text when the element is missing. */
export function text(xml: XmlElement, name: string): string {
  return optional(xml, name) ?? '';
}

/** Returns the text of an element; undefined when the element is missing or empty. */
export function optional(xml: XmlElement, name: string): string | undefined {
  const value = Object.hasOwn(xml, name) ? xml[name] : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}

/** Returns the first element with this name; an empty element when none exists. */
export function child(xml: XmlElement, name: string): XmlElement {
  return children(xml, name)[0] ?? {};
}

/**
 * Returns the elements with this name. The parser returns an object for a single element and an array for several
 * elements.
 */
export function children(xml: XmlElement, name: string): XmlElement[] {
  const value = Object.hasOwn(xml, name) ? xml[name] : [];
  const all = Array.isArray(value) ? value : [value];
  return all.filter((item) => typeof item === 'object');
}
