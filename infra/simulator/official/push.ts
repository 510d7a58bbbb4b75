import type { CallLog } from '../call-log.ts';
import { realSeconds } from '../clock.ts';
import type { Clock } from '../clock.ts';
import { ControlError } from '../control-error.ts';
import type { Deliver, DeliveryResult } from '../deliver.ts';
import type { Faults } from '../faults.ts';
import type { WechatUser } from '../wechat-users.ts';
import { rawText, toXml } from '../xml.ts';
import type { XmlFields } from '../xml.ts';
import type { OfficialAccount, Sealing } from './account.ts';
import { openReply, sealPush } from './envelope.ts';
import { FAULT_REPLY, readReply } from './reply.ts';
import type { Reply } from './reply.ts';

/** The result of a push: the answer as received, and the reply that the user sees. */
interface PushResult extends DeliveryResult {
  reply: Reply | null;
}

interface Push {
  user: WechatUser;
  /** The event, or the message type. */
  name: string;
  isMessage: boolean;
  xml: string;
  /** Whether an answer was accepted; replies to later repetitions are ignored. */
  accepted: boolean;
}

interface PushWorld {
  account: OfficialAccount;
  clock: Clock;
  log: CallLog;
  faults: Faults;
  deliver: Deliver;
}

const retries = 3;
const retryGapMs = 5_000;

/** The letter cases in which names of types and events arrive, besides the documented case. */
const letterCases = {
  'lower-case': (name: string) => name.toLowerCase(),
  'upper-case': (name: string) => name.toUpperCase(),
  'mixed-case': (name: string) => name.charAt(0).toUpperCase() + name.slice(1).toLowerCase(),
};

/**
 * Sends the pushes of the official account: signed query, XML body, three retries.
 * @see https://developers.weixin.qq.com/doc/service/guide/product/message/Passive_user_reply_message.html
 */
export class OfficialPush {
  readonly #world: PushWorld;
  readonly #sent: Push[] = [];
  // Above 2^53 like real ids, to expose receivers that parse them as numbers.
  #messageId = 24_086_087_575_195_331n;
  #lastSecond = 0;

  constructor(world: PushWorld) {
    this.#world = world;
  }

  /**
   * Sends an event and returns the result of the first attempt.
   * @see https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_event_pushes.html
   */
  sendEvent(user: WechatUser, event: string, fields: XmlFields = {}): Promise<PushResult> {
    return this.#send({ user, name: event, isMessage: false }, { MsgType: 'event', Event: event, ...fields });
  }

  /**
   * Sends a message of the user and returns the result of the first attempt.
   * @see https://developers.weixin.qq.com/doc/service/guide/product/message/Receiving_standard_messages.html
   */
  sendMessage(user: WechatUser, type: string, fields: XmlFields): Promise<PushResult> {
    if (!this.#world.faults.takeVariant('official-push', 'shared-msg-id')) this.#messageId += 1n;
    const about = { user, name: type, isMessage: true };
    return this.#send(about, { MsgType: type, ...fields, MsgId: this.#messageId });
  }

  /** Repeats the newest pushes of a user, oldest first; returns the result of the newest. */
  async resend(user: WechatUser, count: number): Promise<PushResult> {
    const pushes = this.#sent.filter((push) => push.user === user).slice(-count);
    const results: PushResult[] = [];
    for (const push of pushes) results.push(await this.#attempt(push, 2));
    const newest = results.at(-1);
    if (!newest) throw new ControlError(409, 'NO_PUSH', `nothing was sent for ${user.id} yet`);
    return newest;
  }

  #send(about: Omit<Push, 'xml' | 'accepted'>, fields: XmlFields): Promise<PushResult> {
    const { account, faults } = this.#world;
    if (!faults.takeVariant('official-push', 'same-second')) this.#lastSecond = realSeconds();
    const all = {
      ToUserName: account.originalId,
      FromUserName: about.user.openIds.official,
      CreateTime: this.#lastSecond,
      ...this.#inLetterCase(fields),
    };
    const isEscaped = faults.takeVariant('official-push', 'escaped-text');
    const xml = isEscaped ? toXml(all) : toXml(all, rawText);
    const push = { ...about, xml, accepted: false };
    this.#sent.push(push);
    return this.#attempt(push, 1);
  }

  #inLetterCase(fields: XmlFields): XmlFields {
    const names = Object.keys(letterCases) as (keyof typeof letterCases)[];
    const planned = names.find((name) => this.#world.faults.takeVariant('official-push', name));
    if (!planned) return fields;
    const { MsgType, Event } = fields;
    const write = letterCases[planned];
    return { ...fields, MsgType: write(String(MsgType)), ...(Event !== undefined && { Event: write(String(Event)) }) };
  }

  async #attempt(push: Push, number: number): Promise<PushResult> {
    const { account, clock, log, deliver } = this.#world;
    const { callbackUrl, originalId, sealing } = account;
    if (!callbackUrl) return failure('no callback URL is configured');
    if (sealing.mode !== 'plain' && !sealing.aesKey) return failure('no EncodingAESKey is configured');
    const { query, body: sentBody } = sealPush(sealing, {
      xml: push.xml,
      openId: push.user.openIds.official,
      originalId,
    });
    const url = appendQuery(callbackUrl, query);
    const path = new URL(url).pathname;
    const about = { event: push.name, url, attempt: number, sentBody };
    const entry = log.add({ kind: 'push', method: 'POST', path, query, ...about });
    const startedAt = clock.now();
    const headers = { 'Content-Type': 'text/xml', 'User-Agent': 'Mozilla/4.0' };
    const result = await deliver({ url, headers, body: sentBody });
    const { reply, problem } = this.#checkAnswer(push, sealing, result);
    Object.assign(entry, result, problem && { error: problem });
    if (problem === undefined) this.#showInChat(push, reply);
    else if (number <= retries) {
      clock.schedule(startedAt + retryGapMs, async () => void (await this.#attempt(push, number + 1)));
    } else if (push.isMessage) this.#showInChat(push, FAULT_REPLY);
    return { ...result, reply };
  }

  /** Accepts `success`, an empty body or a valid reply; any other answer leads to a retry. */
  #checkAnswer(
    push: Push,
    sealing: Sealing,
    { status, body, error }: DeliveryResult,
  ): { reply: Reply | null; problem?: string } {
    if (status !== 200) return { reply: null, problem: error ?? `answered with status ${status}` };
    if (body === 'success' || body === '') return { reply: null };
    const { originalId } = this.#world.account;
    const question = { openId: push.user.openIds.official, originalId, isMessage: push.isMessage };
    try {
      return { reply: readReply(openReply(sealing, body), question) };
    } catch (thrown) {
      return { reply: null, problem: (thrown as Error).message };
    }
  }

  #showInChat(push: Push, reply: Reply | null): void {
    // A user who has unfollowed receives no messages.
    if (reply && !push.accepted && push.name !== 'unsubscribe') push.user.chat.push({ from: 'account', ...reply });
    push.accepted = true;
  }
}

function failure(error: string): PushResult {
  return { status: null, body: '', error, reply: null };
}

function appendQuery(url: string, query: Record<string, string>): string {
  return `${url}${url.includes('?') ? '&' : '?'}${new URLSearchParams(query)}`;
}
