/**
 * The content of a push, discriminated by `type`, then by `kind` or `event`. Every value is the received text, because
 * ids have 64 bits and keys may begin with a zero. A missing mandatory part is an empty text; a missing optional part
 * is absent.
 * @see https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_standard_messages.html
 * @see https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_event_pushes.html
 * @see https://developers.weixin.qq.com/doc/service/guide/product/template_message/Template_Message_Interface.html
 * @see https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/subscribe-message.html
 */
export type PushContent = PushMessage | PushEvent;

/** A message from a user. `menuId` is the id of the link in the chat that the user tapped (`bizmsgmenuid`). */
export type PushMessage = { type: 'message'; msgId: string } & (
  | { kind: 'text'; text: string; menuId?: string }
  | { kind: 'image'; picUrl: string; mediaId: string }
  | { kind: 'voice'; mediaId: string; format: string; mediaId16K?: string }
  | { kind: 'video' | 'shortvideo'; mediaId: string; thumbMediaId: string }
  | { kind: 'location'; place: Place }
  | { kind: 'link'; title: string; description: string; url: string }
  | { kind: 'other'; name: string }
);

/** An event, with WeChat's name in lower case. `other` is an event of an unknown name. */
export type PushEvent = { type: 'event' } & (
  | { event: 'subscribe'; scene?: string; ticket?: string }
  | { event: 'unsubscribe' }
  | { event: 'scan'; scene: string; ticket?: string }
  | { event: 'click'; key: string }
  | { event: 'view'; url: string; menuId?: string }
  | { event: 'view_miniprogram'; page: string; menuId?: string }
  | { event: 'scancode_push' | 'scancode_waitmsg'; key: string; scanType: string; scanResult: string }
  | { event: PicturesEvent; key: string; pictureMd5s: string[] }
  | { event: 'location_select'; key: string; place: Place; poiName: string }
  | { event: 'location'; latitude: string; longitude: string; precision: string }
  | { event: 'templatesendjobfinish'; msgId: string; status: string }
  | { event: 'masssendjobfinish'; msgId: string; status: string; counts: MassSendCounts }
  | SubscribeEvent
  | UserDataEvent
  | { event: 'other'; name: string }
);

/** An event about subscribe messages, which both apps send. */
export type SubscribeEvent =
  | { event: 'subscribe_msg_popup_event' | 'subscribe_msg_change_event'; choices: SubscribeChoice[] }
  | { event: 'subscribe_msg_sent_event'; results: SubscribeResult[] };

/** An event about the data of a user, which both apps send. */
export interface UserDataEvent {
  event: 'user_info_modified' | 'user_authorization_revoke' | 'user_authorization_cancellation';
  subject: DataSubject;
  /** The withdrawn authorisations, as numbers of WeChat with commas. */
  revokeInfo?: string;
}

type PicturesEvent = 'pic_sysphoto' | 'pic_photo_or_album' | 'pic_weixin';

export interface Place {
  /** Latitude. */
  x: string;
  /** Longitude. */
  y: string;
  scale: string;
  label: string;
}

interface MassSendCounts {
  total: string;
  filtered: string;
  sent: string;
  failed: string;
}

/** The choice of a user for one template; `status` is accept or reject. */
export interface SubscribeChoice {
  templateId: string;
  status: string;
  popupScene?: string;
}

/** The result of one subscribe message; `errorCode` 0 means delivered. */
interface SubscribeResult {
  templateId: string;
  msgId: string;
  errorCode: string;
  errorStatus: string;
}

/** The owner of the data, not the sender of the push. WeChat requires an update or deletion of the data. */
export interface DataSubject {
  openId: string;
  unionId?: string;
  /** The app that the openid belongs to, if WeChat names it. */
  appId?: string;
}
