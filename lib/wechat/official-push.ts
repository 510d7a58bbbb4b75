import { openEcho, openPush, type EchoKeys, type Opened, type PushKeys, type UnreadablePush } from './open-push.ts';
import { readPush, type PushFacts } from './read-push.ts';
import { parseXml } from './xml.ts';

declare const opened: unique symbol;

/** A verified push of the official account; only openOfficialPush creates this type. */
export type OfficialPush = { readonly [opened]: true } & Opened<PushFacts>;

/**
 * Returns the echo for WeChat's check of the address of the official account.
 * @throws FORBIDDEN, PARAM_ERROR
 * @see https://developers.weixin.qq.com/doc/service/guide/dev/push/
 */
export function openOfficialEcho(query: URLSearchParams, keys: EchoKeys): string {
  return openEcho(query, keys, 'OFFICIAL');
}

/**
 * Verifies and reads a push of the official account.
 * @returns the push, or the reason why an authentic push cannot be read
 * @throws FORBIDDEN when the push is forged, stale or for another account
 * @see https://developers.weixin.qq.com/doc/service/guide/dev/push/encryption.html
 */
export function openOfficialPush(query: URLSearchParams, body: Buffer, keys: PushKeys): OfficialPush | UnreadablePush {
  return openPush({ query, body }, keys, {
    settings: 'OFFICIAL',
    parsers: { xml: parseXml },
    read: readPush,
    isRepeatedForHours: () => false,
  }) as OfficialPush | UnreadablePush;
}
