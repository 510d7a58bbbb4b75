import { parsePlatformTree } from './json.ts';
import { openEcho, openPush, type EchoKeys, type Opened, type PushKeys, type UnreadablePush } from './open-push.ts';
import { isRepeatedForHours, readMiniappPush, type MiniappPushFacts } from './read-miniapp-push.ts';
import { parseXml } from './xml.ts';

declare const opened: unique symbol;

/** A verified push of the mini-program; only openMiniappPush creates this type. */
export type MiniappPush = { readonly [opened]: true } & Opened<MiniappPushFacts>;

/**
 * Returns the echo for WeChat's check of the address of the mini-program.
 * @throws FORBIDDEN, PARAM_ERROR
 * @see https://developers.weixin.qq.com/miniprogram/dev/framework/server-ability/message-push.html
 */
export function openMiniappEcho(query: URLSearchParams, keys: EchoKeys): string {
  return openEcho(query, keys, 'MINIAPP');
}

/**
 * Verifies and reads a push of the mini-program, in JSON or XML.
 * @returns the push, or the reason why an authentic push cannot be read
 * @throws FORBIDDEN when the push is forged, stale or for another app
 * @see https://developers.weixin.qq.com/miniprogram/dev/framework/server-ability/message-push.html
 */
export function openMiniappPush(query: URLSearchParams, body: Buffer, keys: PushKeys): MiniappPush | UnreadablePush {
  return openPush({ query, body }, keys, {
    settings: 'MINIAPP',
    parsers: { json: parsePlatformTree, xml: parseXml },
    read: readMiniappPush,
    isRepeatedForHours,
  }) as MiniappPush | UnreadablePush;
}
