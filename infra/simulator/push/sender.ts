import type { CallLog } from '../call-log.ts';
import type { Clock } from '../clock.ts';
import { ControlError } from '../control-error.ts';
import type { Deliver, DeliveryResult } from '../deliver.ts';
import type { Faults } from '../faults.ts';
import type { PushFormat } from '../settings.ts';
import type { WechatUser } from '../wechat-users.ts';
import type { PushConsole, Sealing } from './console.ts';
import type { Elements } from './document.ts';
import { openAnswer, sealPush } from './envelope.ts';

/** An answer that is more than an acknowledgement, as the user sees it. */
export interface Reply {
  type: string;
  [field: string]: unknown;
}

/** The result of a push: the answer as received, and the reply that the user sees. */
interface PushResult extends DeliveryResult {
  reply: Reply | null;
}

export interface Push {
  /** The user whose action caused the push. */
  user: WechatUser;
  /** The sender: the user, or the platform itself. */
  openId: string;
  /** The event, or the message type. */
  name: string;
  isMessage: boolean;
  /** Delays before the retries, in ms. */
  retryGapsMs: readonly number[];
  /** Called for the first accepting answer. */
  accepted?: (() => void) | undefined;
  /** Whether the next answer is lost on its way. */
  losesAnswer?: () => boolean;
  /** Writes the document of the n-th attempt, from 1. */
  write(format: PushFormat, attempt: number): string;
}

interface PushWorld<Console extends PushConsole> {
  console: Console;
  clock: Clock;
  log: CallLog;
  faults: Faults;
  deliver: Deliver;
}

interface SentPush {
  push: Push;
  /** Whether an answer was accepted; replies to later repetitions are ignored. */
  accepted: boolean;
}

/**
 * The delays before the retries of messages and of events about a user, in ms.
 * @see https://developers.weixin.qq.com/doc/service/guide/product/message/Passive_user_reply_message.html
 */
export const USUAL_RETRIES_MS: readonly number[] = [5_000, 5_000, 5_000];

const LOST: DeliveryResult = { status: null, body: '', error: 'the answer was lost' };

/** Sends the pushes of one app, and retries each until the app accepts it. Subclasses know the answers of their app. */
export abstract class PushSender<Console extends PushConsole = PushConsole> {
  protected readonly world: PushWorld<Console>;
  readonly #sent: SentPush[] = [];

  constructor(world: PushWorld<Console>) {
    this.world = world;
  }

  /** Repeats the newest pushes of a user, oldest first; returns the result of the newest. */
  async resend(user: WechatUser, count: number): Promise<PushResult> {
    const pushes = this.#sent.filter(({ push }) => push.user === user).slice(-count);
    const results: PushResult[] = [];
    for (const push of pushes) results.push(await this.#attempt(push, 2));
    const newest = results.at(-1);
    if (!newest) throw new ControlError(409, 'NO_PUSH', `nothing was sent for ${user.id} yet`);
    return newest;
  }

  /** Sends a push and returns the result of the first attempt. */
  protected send(push: Push): Promise<PushResult> {
    const sent = { push, accepted: false };
    this.#sent.push(sent);
    return this.#attempt(sent, 1);
  }

  /** Returns the reply in an answer; null if the user sees none. @throws Error with the reason if it is invalid */
  protected abstract readReply(elements: Elements, push: Push): Reply | null;

  /** Shows the first accepted reply to the user. */
  protected abstract show(reply: Reply, push: Push): void;

  /** Handles a push whose last attempt failed. */
  protected abstract giveUp(push: Push): void;

  async #attempt(sent: SentPush, number: number): Promise<PushResult> {
    const { console, clock, log, deliver } = this.world;
    const { callbackUrl, originalId, sealing, obstacle } = console;
    if (obstacle !== undefined) return { status: null, body: '', error: obstacle, reply: null };
    const { push } = sent;
    const { name: event, openId } = push;
    const text = push.write(sealing.format, number);
    const { query, body: sentBody } = sealPush(sealing, { text, openId, originalId });
    const url = appendQuery(callbackUrl, query);
    const about = { event, url, attempt: number, sentBody };
    const entry = log.add({ kind: 'push', method: 'POST', path: new URL(url).pathname, query, ...about });
    const startedAt = clock.now();
    const type = sealing.format === 'json' ? 'application/json' : 'text/xml';
    const headers = { 'Content-Type': type, 'User-Agent': 'Mozilla/4.0' };
    const answer = await deliver({ url, headers, body: sentBody });
    const result = push.losesAnswer?.() ? LOST : answer;
    const { reply, problem } = this.#checkAnswer(push, sealing, result);
    Object.assign(entry, result, problem && { error: problem });
    const gapMs = push.retryGapsMs[number - 1];
    if (problem === undefined) this.#accept(sent, reply);
    else if (gapMs !== undefined) {
      clock.schedule(startedAt + gapMs, async () => void (await this.#attempt(sent, number + 1)));
    } else if (!sent.accepted) {
      sent.accepted = true;
      this.giveUp(push);
    }
    return { ...result, reply };
  }

  /** Accepts `success`, an empty body or a valid answer; any other answer leads to a retry. */
  #checkAnswer(
    push: Push,
    sealing: Sealing,
    { status, body, error }: DeliveryResult,
  ): { reply: Reply | null; problem?: string } {
    if (status !== 200) return { reply: null, problem: error ?? `answered with status ${status}` };
    if (body === 'success' || body === '') return { reply: null };
    try {
      return { reply: this.readReply(openAnswer(sealing, body), push) };
    } catch (thrown) {
      return { reply: null, problem: (thrown as Error).message };
    }
  }

  #accept(sent: SentPush, reply: Reply | null): void {
    if (sent.accepted) return;
    sent.accepted = true;
    if (reply) this.show(reply, sent.push);
    sent.push.accepted?.();
  }
}

function appendQuery(url: string, query: Record<string, string>): string {
  return `${url}${url.includes('?') ? '&' : '?'}${new URLSearchParams(query)}`;
}
