import type { Place, PushContent, PushEvent, PushMessage } from './push-content.ts';
import {
  child,
  children,
  optional,
  optionalId,
  readElements,
  readSubscribeEvent,
  readUserDataEvent,
  requiredId,
  text,
  type PushHead,
} from './push-elements.ts';
import type { XmlElement } from './xml.ts';

export interface PushFacts extends PushHead {
  content: PushContent;
}

/**
 * Reads the XML of a push. Only official-push.ts calls this function, after verifying the sender. WeChat sends the names
 * of types and events in any letter case.
 * @throws PARAM_ERROR with a message that contains nothing of the push
 */
export function readPush(xml: XmlElement): PushFacts {
  return readElements<PushContent>(xml, { readEvent, readMessage });
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
    default: {
      const shared = readSubscribeEvent(xml, name) ?? readUserDataEvent(xml, name);
      return { type, ...(shared ?? { event: 'other', name }) };
    }
  }
}

/** Returns the scene after `qrscene_`; undefined for other keys of a subscribe event, such as `last_trade_no_…`. */
function sceneOfFollow(key: string): string | undefined {
  return key.startsWith('qrscene_') ? key.slice('qrscene_'.length) : undefined;
}

function placeOf(xml: XmlElement): Place {
  const [x, y] = [text(xml, 'Location_X'), text(xml, 'Location_Y')];
  return { x, y, scale: text(xml, 'Scale'), label: text(xml, 'Label') };
}
