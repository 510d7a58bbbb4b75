import { createHash } from 'node:crypto';
import { AppError } from '../core/errors.ts';
import type { Place, PushContent, PushEvent, PushMessage, SubscribeChoice } from './push-content.ts';
import type { XmlElement } from './xml.ts';

export interface PushFacts {
  /** The sender. */
  openId: string;
  /** The original id of the account (`gh_…`), the sender of replies. */
  originalId: string;
  createTimeS: number;
  /**
   * Equal for all deliveries of one push: MsgId, or else sender, second, event, key and message ids of a report.
   * Signature and ciphertext are left out, because they may change with each delivery.
   * @see https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_standard_messages.html
   * @see https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_event_pushes.html
   */
  dedupeKey: string;
  content: PushContent;
}

/** The format of a time in epoch seconds. */
const SECONDS = /^\d{1,10}$/;
/** Maximum length of an id, because ids become keys of the table. */
const MAX_ID_BYTES = 64;
/**
 * Maximum length of a menu key. Longer keys, such as addresses, are hashed in the dedupe key.
 * @see https://developers.weixin.qq.com/doc/service/api/custommenu/api_createcustommenu.html
 */
const MAX_KEY_BYTES = 128;

/**
 * Reads the XML of a push. Only official-push.ts calls this function, after verifying the sender.
 * @throws PARAM_ERROR
 */
export function readPush(xml: XmlElement): PushFacts {
  const openId = requiredId(xml, 'FromUserName');
  const createTime = requiredId(xml, 'CreateTime');
  if (!SECONDS.test(createTime)) throw new AppError('PARAM_ERROR', 'CreateTime must be a number of seconds');
  const createTimeS = Number(createTime);
  const msgType = requiredId(xml, 'MsgType');
  const content = msgType === 'event' ? readEvent(xml) : readMessage(xml, msgType);
  const name = content.type === 'event' ? requiredId(xml, 'Event') : msgType;
  const happened = [openId, createTimeS, name, shortKey(text(xml, 'EventKey')), messageIdOf(content)];
  const dedupeKey = (content.type === 'message' && content.msgId) || happened.filter(Boolean).join('#');
  return { openId, originalId: requiredId(xml, 'ToUserName'), createTimeS, dedupeKey, content };
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
  const name = requiredId(xml, 'Event');
  const [key, ticket, menuId] = [text(xml, 'EventKey'), optional(xml, 'Ticket'), optional(xml, 'MenuId')];
  switch (name) {
    case 'subscribe':
      return { type, event: name, scene: sceneOfFollow(key), ticket };
    case 'unsubscribe':
      return { type, event: name };
    case 'SCAN':
      return { type, event: 'scan', scene: key, ticket };
    case 'CLICK':
      return { type, event: 'click', key };
    case 'VIEW':
      return { type, event: 'view', url: key, menuId };
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
    case 'LOCATION': {
      const [latitude, longitude] = [text(xml, 'Latitude'), text(xml, 'Longitude')];
      return { type, event: 'location', latitude, longitude, precision: text(xml, 'Precision') };
    }
    default:
      return readReport(xml, name);
  }
}

/** Reads events about sent messages and about user data. */
function readReport(xml: XmlElement, name: string): PushEvent {
  const type = 'event';
  const [msgId, status] = [text(xml, 'MsgID'), text(xml, 'Status')];
  // WeChat sends this event in lower case too.
  // See https://developers.weixin.qq.com/doc/service/guide/product/template_message/Template_Message_Interface.html
  if (/^templatesendjobfinish$/i.test(name)) return { type, event: 'templatesendjobfinish', msgId, status };
  switch (name) {
    case 'MASSSENDJOBFINISH': {
      const [total, filtered] = [text(xml, 'TotalCount'), text(xml, 'FilterCount')];
      const counts = { total, filtered, sent: text(xml, 'SentCount'), failed: text(xml, 'ErrorCount') };
      return { type, event: 'masssendjobfinish', msgId, status, counts };
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

/** Returns the message ids of a report, which distinguish two reports to one user in one second. */
function messageIdOf(content: PushContent): string {
  if ('results' in content) return shortKey(content.results.map(({ msgId }) => msgId).join());
  return 'msgId' in content ? shortKey(content.msgId) : '';
}

function shortKey(key: string): string {
  return Buffer.byteLength(key) <= MAX_KEY_BYTES ? key : createHash('sha256').update(key).digest('base64url');
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
