import { createHash } from 'node:crypto';
import { AppError } from '../core/errors.ts';
import type { Place, PushContent, PushEvent, PushMessage, SubscribeChoice } from './push-content.ts';
import type { XmlElement, XmlValue } from './xml.ts';

export interface PushFacts {
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
  content: PushContent;
}

/** The format of a time in epoch seconds. */
const SECONDS = /^\d{1,10}$/;
/** Maximum length of an id. Ids of users become keys of the table. */
const MAX_ID_BYTES = 64;

/**
 * Reads the XML of a push. Only official-push.ts calls this function, after verifying the sender. WeChat sends the names
 * of types and events in any letter case.
 * @throws PARAM_ERROR with a message that contains nothing of the push
 */
export function readPush(xml: XmlElement): PushFacts {
  const openId = requiredId(xml, 'FromUserName');
  const createTime = requiredId(xml, 'CreateTime');
  if (!SECONDS.test(createTime)) throw new AppError('PARAM_ERROR', 'CreateTime must be a number of seconds');
  const msgType = requiredId(xml, 'MsgType').toLowerCase();
  const content = msgType === 'event' ? readEvent(xml) : readMessage(xml, msgType);
  const originalId = requiredId(xml, 'ToUserName');
  return { openId, originalId, createTimeS: Number(createTime), pushId: hashElements(xml), content };
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

function readMessage(xml: XmlElement, kind: string): PushMessage {
  const base = { type: 'message', msgId: optionalId(xml, 'MsgId') } as const;
  const mediaId = text(xml, 'MediaId');
  switch (kind) {
    case 'text':
      return { ...base, kind, text: text(xml, 'Content'), menuId: optional(xml, 'bizmsgmenuid') };
    case 'image':
      return { ...base, kind, picUrl: text(xml, 'PicUrl'), mediaId };
    case 'voice':
      return { ...base, kind, mediaId, format: text(xml, 'Format'), mediaId16K: optional(xml, 'MediaId16K') };
    case 'video':
    case 'shortvideo':
      return { ...base, kind, mediaId, thumbMediaId: text(xml, 'ThumbMediaId') };
    case 'location':
      return { ...base, kind, place: placeOf(xml) };
    case 'link': {
      const [title, description, url] = [text(xml, 'Title'), text(xml, 'Description'), text(xml, 'Url')];
      return { ...base, kind, title, description, url };
    }
    default:
      return { ...base, kind: 'other', name: kind };
  }
}

function readEvent(xml: XmlElement): PushEvent {
  const type = 'event';
  const name = requiredId(xml, 'Event').toLowerCase();
  const [key, ticket, menuId] = [text(xml, 'EventKey'), optional(xml, 'Ticket'), optional(xml, 'MenuId')];
  switch (name) {
    case 'subscribe':
      return { type, event: name, scene: sceneOfFollow(key), ticket };
    case 'unsubscribe':
      return { type, event: name };
    case 'scan':
      return { type, event: name, scene: key, ticket };
    case 'click':
      return { type, event: name, key };
    case 'view':
      return { type, event: name, url: key, menuId };
    case 'view_miniprogram':
      return { type, event: name, page: key, menuId };
    case 'scancode_push':
    case 'scancode_waitmsg': {
      const scanned = child(xml, 'ScanCodeInfo');
      return { type, event: name, key, scanType: text(scanned, 'ScanType'), scanResult: text(scanned, 'ScanResult') };
    }
    case 'pic_sysphoto':
    case 'pic_photo_or_album':
    case 'pic_weixin': {
      const pictures = children(child(child(xml, 'SendPicsInfo'), 'PicList'), 'item');
      return { type, event: name, key, pictureMd5s: pictures.map((picture) => text(picture, 'PicMd5Sum')) };
    }
    case 'location_select': {
      const sent = child(xml, 'SendLocationInfo');
      return { type, event: name, key, place: placeOf(sent), poiName: text(sent, 'Poiname') };
    }
    case 'location': {
      const [latitude, longitude] = [text(xml, 'Latitude'), text(xml, 'Longitude')];
      return { type, event: name, latitude, longitude, precision: text(xml, 'Precision') };
    }
    default:
      return readReport(xml, name);
  }
}

/** Reads events about sent messages and about user data. */
function readReport(xml: XmlElement, name: string): PushEvent {
  const type = 'event';
  const [msgId, status] = [text(xml, 'MsgID'), text(xml, 'Status')];
  switch (name) {
    case 'templatesendjobfinish':
      return { type, event: name, msgId, status };
    case 'masssendjobfinish': {
      const [total, filtered] = [text(xml, 'TotalCount'), text(xml, 'FilterCount')];
      const counts = { total, filtered, sent: text(xml, 'SentCount'), failed: text(xml, 'ErrorCount') };
      return { type, event: name, msgId, status, counts };
    }
    case 'subscribe_msg_popup_event':
      return { type, event: name, choices: subscribeList(xml, 'SubscribeMsgPopupEvent').map(readChoice) };
    case 'subscribe_msg_change_event':
      return { type, event: name, choices: subscribeList(xml, 'SubscribeMsgChangeEvent').map(readChoice) };
    case 'subscribe_msg_sent_event': {
      const results = subscribeList(xml, 'SubscribeMsgSentEvent').map((item) => ({
        templateId: text(item, 'TemplateId'),
        msgId: text(item, 'MsgID'),
        errorCode: text(item, 'ErrorCode'),
        errorStatus: text(item, 'ErrorStatus'),
      }));
      return { type, event: name, results };
    }
    case 'user_info_modified':
    case 'user_authorization_revoke':
    case 'user_authorization_cancellation': {
      const [unionId, appId] = [optionalId(xml, 'UnionID'), optionalId(xml, 'AppID')];
      const subject = { openId: requiredId(xml, 'OpenID'), ...(unionId && { unionId }), ...(appId && { appId }) };
      return { type, event: name, subject, revokeInfo: optional(xml, 'RevokeInfo') };
    }
    default:
      return { type, event: 'other', name };
  }
}

/** Returns the scene after `qrscene_`; undefined for other keys of a subscribe event, such as `last_trade_no_…`. */
function sceneOfFollow(key: string): string | undefined {
  return key.startsWith('qrscene_') ? key.slice('qrscene_'.length) : undefined;
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

function placeOf(xml: XmlElement): Place {
  const [x, y] = [text(xml, 'Location_X'), text(xml, 'Location_Y')];
  return { x, y, scale: text(xml, 'Scale'), label: text(xml, 'Label') };
}

function requiredId(xml: XmlElement, name: string): string {
  const value = optionalId(xml, name);
  if (value) return value;
  throw new AppError('PARAM_ERROR', `${name} is missing`);
}

function optionalId(xml: XmlElement, name: string): string {
  const value = text(xml, name);
  if (Buffer.byteLength(value) <= MAX_ID_BYTES) return value;
  throw new AppError('PARAM_ERROR', `${name} is too long`);
}

function text(xml: XmlElement, name: string): string {
  return optional(xml, name) ?? '';
}

function optional(xml: XmlElement, name: string): string | undefined {
  const value = Object.hasOwn(xml, name) ? xml[name] : undefined;
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function child(xml: XmlElement, name: string): XmlElement {
  return children(xml, name)[0] ?? {};
}

/**
 * Returns the elements with this name. The parser returns an object for a single element and an array for several
 * elements.
 */
function children(xml: XmlElement, name: string): XmlElement[] {
  const value = Object.hasOwn(xml, name) ? xml[name] : [];
  const all = Array.isArray(value) ? value : [value];
  return all.filter((item) => typeof item === 'object');
}
