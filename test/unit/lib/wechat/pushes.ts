// Builds signed pushes of the official account and opens them with openOfficialPush.
import { openOfficialPush, type OfficialPush } from '../../../../lib/wechat/official-push.ts';
import type { UnreadablePush } from '../../../../lib/wechat/open-push.ts';
import { readMessageKey, sealMessage, signParts } from '../../../../lib/wechat/message-cipher.ts';

export const NOW_S = 1_800_000_000;
export const APP_ID = 'wx2222222222222222';
const TOKEN = 'AAAAA';

export const plainKeys = {
  mode: 'plain' as const,
  token: TOKEN,
  appId: APP_ID,
  aesKeys: [],
  nowMs: NOW_S * 1_000,
};

/** Returns a signed query. `more` are the additional parts that msg_signature covers. */
export function signedQuery(
  more: string[] = [],
  { timestamp = String(NOW_S), nonce = 'n', token = TOKEN } = {},
): URLSearchParams {
  const parts = [token, timestamp, nonce];
  return new URLSearchParams({
    signature: signParts(...parts),
    msg_signature: signParts(...parts, ...more),
    timestamp,
    nonce,
  });
}

/** Returns the XML of a push with the given fields. */
export function pushXml(fields: string, createTimeS = NOW_S): string {
  return (
    '<xml><ToUserName>gh_1</ToUserName><FromUserName>o_1</FromUserName>' +
    `<CreateTime>${createTimeS}</CreateTime>${fields}</xml>`
  );
}

export function openPlain(fields: string): OfficialPush {
  return openPlainXml(pushXml(fields));
}

export function openPlainXml(xml: string): OfficialPush {
  return readable(openOfficialPush(signedQuery(), Buffer.from(xml), plainKeys));
}

/** Returns a push that could be read. @throws with the reason for any other push */
export function readable(push: OfficialPush | UnreadablePush): OfficialPush {
  if ('unreadable' in push) throw new Error(push.unreadable);
  return push;
}

/** Encrypts a push with `aesKey` and opens it in secure mode. */
export function openSealed(fields: string, aesKey = 'A'.repeat(43)): OfficialPush {
  const key = readMessageKey(aesKey)!;
  const encrypted = sealMessage(pushXml(fields), { key, appId: APP_ID, random: Buffer.alloc(16) });
  const body = Buffer.from(`<xml><Encrypt>${encrypted}</Encrypt></xml>`);
  return readable(openOfficialPush(signedQuery([encrypted]), body, { ...plainKeys, mode: 'secure', aesKeys: [key] }));
}
