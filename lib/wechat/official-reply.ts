import type { OfficialPush } from './official-push.ts';
import { cdata } from './xml.ts';

/** A passive text reply (platform 3.9): sender and receiver of the push change places. */
export function buildTextReply(push: OfficialPush, text: string, nowMs: number): string {
  return (
    `<xml><ToUserName>${cdata(push.openId)}</ToUserName><FromUserName>${cdata(push.originalId)}</FromUserName>` +
    `<CreateTime>${Math.floor(nowMs / 1_000)}</CreateTime><MsgType>${cdata('text')}</MsgType>` +
    `<Content>${cdata(text)}</Content></xml>`
  );
}
