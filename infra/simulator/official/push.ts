import { realSeconds } from '../clock.ts';
import type { Elements } from '../push/document.ts';
import { PushSender, USUAL_RETRIES_MS } from '../push/sender.ts';
import type { Push, Reply } from '../push/sender.ts';
import type { WechatUser } from '../wechat-users.ts';
import { rawText, toXml } from '../xml.ts';
import type { XmlFields } from '../xml.ts';
import type { OfficialAccount } from './account.ts';
import { FAULT_REPLY, readReply } from './reply.ts';

/** The letter cases in which names of types and events arrive, besides the documented case. */
const letterCases = {
  'lower-case': (name: string) => name.toLowerCase(),
  'upper-case': (name: string) => name.toUpperCase(),
  'mixed-case': (name: string) => name.charAt(0).toUpperCase() + name.slice(1).toLowerCase(),
};

/** The events that open a window for customer-service messages. */
const triggers: Record<string, 'follow' | 'scan' | 'menu-click'> = {
  subscribe: 'follow',
  SCAN: 'scan',
  CLICK: 'menu-click',
  scancode_push: 'menu-click',
  scancode_waitmsg: 'menu-click',
};

/**
 * Sends the pushes of the official account: signed query, XML body, three retries.
 * @see https://developers.weixin.qq.com/doc/service/guide/product/message/Passive_user_reply_message.html
 */
export class OfficialPush extends PushSender<OfficialAccount> {
  // Above 2^53 like real ids, to expose receivers that parse them as numbers.
  #messageId = 24_086_087_575_195_331n;
  #lastSecond = 0;

  /**
   * Sends an event and returns the result of the first attempt.
   * @see https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_event_pushes.html
   */
  sendEvent(user: WechatUser, event: string, fields: XmlFields = {}) {
    const trigger = Object.hasOwn(triggers, event) ? triggers[event] : undefined;
    if (trigger) user.windows.official.open(trigger);
    return this.#send({ user, name: event, isMessage: false }, { MsgType: 'event', Event: event, ...fields });
  }

  /**
   * Sends a message of the user and returns the result of the first attempt.
   * @see https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_standard_messages.html
   */
  sendMessage(user: WechatUser, type: string, fields: XmlFields) {
    if (!this.world.faults.takeVariant('official-push', 'shared-msg-id')) this.#messageId += 1n;
    user.windows.official.open('message');
    const about = { user, name: type, isMessage: true };
    return this.#send(about, { MsgType: type, ...fields, MsgId: this.#messageId });
  }

  protected readReply(elements: Elements, { openId, isMessage }: Push): Reply {
    return readReply(elements, { openId, originalId: this.world.console.originalId, isMessage });
  }

  protected show(reply: Reply, { user, name }: Push): void {
    // A user who has unfollowed receives no messages.
    if (name !== 'unsubscribe') user.chat.push({ from: 'account', ...reply });
  }

  protected giveUp(push: Push): void {
    if (push.isMessage) this.show(FAULT_REPLY, push);
  }

  #send(about: Pick<Push, 'user' | 'name' | 'isMessage'>, fields: XmlFields) {
    const { console, faults } = this.world;
    if (!faults.takeVariant('official-push', 'same-second')) this.#lastSecond = realSeconds();
    const openId = about.user.openIds.official;
    const all = {
      ToUserName: console.originalId,
      FromUserName: openId,
      CreateTime: this.#lastSecond,
      ...this.#inLetterCase(fields),
    };
    const isEscaped = faults.takeVariant('official-push', 'escaped-text');
    const xml = isEscaped ? toXml(all) : toXml(all, rawText);
    return this.send({ ...about, openId, retryGapsMs: USUAL_RETRIES_MS, write: () => xml });
  }

  #inLetterCase(fields: XmlFields): XmlFields {
    const names = Object.keys(letterCases) as (keyof typeof letterCases)[];
    const planned = names.find((name) => this.world.faults.takeVariant('official-push', name));
    if (!planned) return fields;
    const { MsgType, Event } = fields;
    const write = letterCases[planned];
    return { ...fields, MsgType: write(String(MsgType)), ...(Event !== undefined && { Event: write(String(Event)) }) };
  }
}
