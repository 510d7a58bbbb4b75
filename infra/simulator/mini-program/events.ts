// The fields of the mini-program's events, in the form of each format.
import type { PushFormat } from '../settings.ts';
import type { XmlFields } from '../xml.ts';

interface EventContent {
  event: string;
  appId: string;
  /** The openid of the user whom the event is about. */
  openId: string;
  /** The fields that were given. They may replace every other field; `RetryTimes` is that of the first attempt. */
  fields: XmlFields;
  format: PushFormat;
  /** From 1. */
  attempt: number;
}

/** Apple's question about a refund, which has neither an openid nor a count. */
export const APPLE_QUESTION = 'xpay_subscribe_ios_refund_query_notify';

/** Returns the fields of an event after `Event`. */
export function fieldsOfEvent({ event, appId, openId, fields, format, attempt }: EventContent): XmlFields {
  if (event.startsWith('subscribe_msg_')) return withList(event, fields, format);
  if (event === APPLE_QUESTION) return fields;
  if (event.startsWith('xpay_'))
    return { OpenId: openId, ...fields, RetryTimes: Number(fields.RetryTimes ?? 0) + attempt - 1 };
  if (/^user_(authorization|info)_/.test(event)) {
    return { OpenID: openId, AppID: appId, RevokeInfo: '301', PluginID: '', ...fields };
  }
  return fields;
}

/**
 * Writes the list of a subscribe event. In JSON a list of one element is the element itself. In XML an element with the
 * name of the event holds the list.
 * @see https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/subscribe-message.html
 */
function withList(event: string, { List: list = [], ...fields }: XmlFields, format: PushFormat): XmlFields {
  const elements = Array.isArray(list) ? list : [list];
  const List = elements.length === 1 ? elements[0]! : elements;
  return format === 'json' ? { ...fields, List } : { ...fields, [inPascalCase(event)]: { List } };
}

function inPascalCase(event: string): string {
  return event.replaceAll(/(?:^|_)([a-z])/g, (_, letter: string) => letter.toUpperCase());
}
