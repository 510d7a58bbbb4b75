import { realSeconds } from '../clock.ts';
import { toJson, textOf } from '../push/document.ts';
import type { Elements } from '../push/document.ts';
import { readReplyHead } from '../push/reply-head.ts';
import { PushSender, USUAL_RETRIES_MS } from '../push/sender.ts';
import type { Push, Reply } from '../push/sender.ts';
import type { PushFormat } from '../settings.ts';
import type { WechatUser } from '../wechat-users.ts';
import { rawText, toXml } from '../xml.ts';
import type { XmlFields } from '../xml.ts';
import { APPLE_QUESTION, fieldsOfEvent } from './events.ts';

/** The sender of the pushes that come from the platform and not from a user. */
const SYSTEM_OPEN_ID = 'oSystem000000000000000000000';

/**
 * The platform repeats its own pushes 15 times, after 2, 4, 8, 16 … s. The schedule is documented for `xpay_*` only.
 * @see https://developers.weixin.qq.com/miniprogram/dev/platform-capabilities/business-capabilities/virtual-payment.html
 */
const SYSTEM_RETRIES_MS = Array.from({ length: 15 }, (_, index) => 1_000 * 2 ** (index + 1));

/**
 * Sends the pushes of the mini-program: JSON or XML, by the setting of its console. Its users see no passive replies: a text goes
 * out by a customer-service message.
 * @see https://developers.weixin.qq.com/miniprogram/dev/framework/server-ability/message-push.html
 */
export class MiniProgramPush extends PushSender {
  // Above 2^53 like real ids, to expose receivers that parse them as numbers.
  #messageId = 24_086_087_575_295_331n;

  /** Sends an event and returns the result of the first attempt. @param accepted called for the first accepting answer */
  sendEvent(user: WechatUser, event: string, fields: XmlFields = {}, accepted?: () => void) {
    const isOwn = isOfPlatform(event);
    const openId = isOwn ? SYSTEM_OPEN_ID : user.openIds.miniapp;
    const losesAnswer = () => event.startsWith('xpay_') && this.world.faults.takeVariant('virtual-push', 'lost-answer');
    const about = { user, name: event, isMessage: false, openId, accepted, losesAnswer };
    const { appId } = this.world.console.sealing;
    if (event === 'user_enter_tempsession') user.windows.miniapp.open('entry');
    // Apple waits for no later answer to its question.
    return this.#send(
      { ...about, retryGapsMs: isOwn && event !== APPLE_QUESTION ? SYSTEM_RETRIES_MS : USUAL_RETRIES_MS },
      (format, attempt) => ({
        MsgType: 'event',
        Event: event,
        ...fieldsOfEvent({ event, appId, openId: user.openIds.miniapp, fields, format, attempt }),
      }),
    );
  }

  /**
   * Sends a message of the user in the customer-service chat and returns the result of the first attempt.
   * @see https://developers.weixin.qq.com/miniprogram/dev/framework/open-ability/customer-message/receive.html
   */
  sendMessage(user: WechatUser, type: string, fields: XmlFields) {
    this.#messageId += 1n;
    const MsgId = this.#messageId;
    user.windows.miniapp.open('message');
    const about = { user, name: type, isMessage: true, openId: user.openIds.miniapp, retryGapsMs: USUAL_RETRIES_MS };
    return this.#send(about, () => ({ MsgType: type, ...fields, MsgId }));
  }

  protected readReply(elements: Elements, push: Push): Reply | null {
    if (push.name === APPLE_QUESTION) {
      if (!/^[01]$/.test(textOf(elements, 'result_code'))) throw new Error('result_code is not 0 or 1');
      return null;
    }
    if (push.name.startsWith('xpay_')) {
      const code = textOf(elements, 'ErrCode');
      if (code !== '0') throw new Error(`ErrCode is ${code || 'missing'}: the push is repeated`);
      return null;
    }
    const type = readReplyHead(elements, { ...push, originalId: this.world.console.originalId });
    if (type !== 'transfer_customer_service' || !push.isMessage) {
      throw new Error(`MsgType ${type} is no answer to this: a mini-program has no passive replies`);
    }
    return { type };
  }

  protected show(reply: Reply, { user }: Push): void {
    user.serviceChat.push({ from: 'account', ...reply });
  }

  protected giveUp(): void {
    // The user of a mini-program sees nothing.
  }

  #send(about: Omit<Push, 'write'>, fieldsOf: (format: PushFormat, attempt: number) => XmlFields) {
    const { console, faults } = this.world;
    const seconds = realSeconds();
    const CreateTime = faults.takeVariant('miniapp-push', 'create-time-as-text') ? String(seconds) : seconds;
    const head = { ToUserName: console.originalId, FromUserName: about.openId, CreateTime };
    return this.send({
      ...about,
      write: (format, attempt) => {
        const fields = { ...head, ...fieldsOf(format, attempt) };
        return format === 'json' ? toJson(fields) : toXml(fields, rawText);
      },
    });
  }
}

function isOfPlatform(event: string): boolean {
  return /^(xpay_|trade_manage_|wxa_)/.test(event);
}
