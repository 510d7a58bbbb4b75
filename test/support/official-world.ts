// The official account in one of its modes, and forged or replayed pushes.
import { createHash } from 'node:crypto';
import * as wecom from '@wecom/crypto';
import type { LambdaFunctionURLEvent } from 'aws-lambda';
import { createOfficialQrLogin } from '../../lib/scan-login/create.ts';
import { pollQrLogin } from '../../lib/scan-login/poll.ts';
import type { Asker } from '../../lib/store/tickets.ts';
import { ASKER } from './scan-login.ts';
import { createWebhookWorld } from './webhooks.ts';
import { ids, type ChatPush, type Person } from './world.ts';

export type Mode = 'plain' | 'compatible' | 'secure';
export type Change = (event: LambdaFunctionURLEvent) => void;
type Push = { kind: string; push: ChatPush };
export type OfficialWorld = Awaited<ReturnType<typeof createModeWorld>>;

export const CURRENT_KEY = ids.official.aesKey;
export const PREVIOUS_KEY = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789abcdefg';
export const UNKNOWN_KEY = 'x'.repeat(43);
export const ORIGINAL_ID = 'gh_1';
const { appId, token } = ids.official;

/** Creates a world whose console and function use the given mode. */
export async function createModeWorld(mode: Mode, settings: Record<string, string> = {}) {
  const encrypted = { OFFICIAL_AES_KEY: CURRENT_KEY, OFFICIAL_AES_KEY_PREVIOUS: PREVIOUS_KEY };
  const world = await createWebhookWorld('official-events', {
    OFFICIAL_MODE: mode,
    ...(mode === 'plain' ? { OFFICIAL_AES_KEY: '' } : encrypted),
    ...settings,
  });
  const console = async (change: object) => {
    await fetch(`${world.simulator.url}/_official`, { method: 'POST', body: JSON.stringify(change) });
  };
  await console({ mode, aesKey: CURRENT_KEY });
  const scan = async (person: Person, asker: Asker = ASKER) => {
    const qr = await createOfficialQrLogin(world.official, asker);
    const answer = (await world.phone.act(person, 'scan', { content: qr.content })) as Push;
    return { qr, answer };
  };
  return {
    ...world,
    console,
    scan,
    poll: (qr: { ticket: string; pollToken: string }) => pollQrLogin(world.sessions, qr),
    act: async (person: Person, action: string, body: object) =>
      ((await world.phone.act(person, action, body)) as Push).push,
    /** Creates a code, scans it and confirms the login. */
    logIn: async (person: Person) => {
      const { qr, answer } = await scan(person);
      const push = await world.phone.tap(person, linksIn(answer.push)['确认登录']!);
      return { qr, push };
    },
    /** Counts the pushes of a type that the function processed; repeated deliveries do not count. */
    taken: (type: string) =>
      world.output.filter((line) => line.includes('official-account.push') && line.includes(`"type":"${type}"`)).length,
    claims: async () =>
      (await world.everything()).map((item) => (item as { pk: string }).pk).filter((pk) => pk.startsWith('CLAIM#')),
    /** Creates a user who follows the account and has scanned a QR code. */
    follower: async () => {
      const person = await world.phone.newPerson();
      await scan(person);
      return person;
    },
  };
}

/** Returns the ids of the links in a reply, by their labels. */
export function linksIn({ reply }: ChatPush): Record<string, string> {
  const links = (reply?.content ?? '').matchAll(/<a href="weixin:\/\/bizmsgmenu\?([^"]+)">([^<]+)<\/a>/g);
  return Object.fromEntries(
    [...links].map(([, query, label]) => [label!, new URLSearchParams(query).get('msgmenuid')!]),
  );
}

export const nowS = () => Math.floor(Date.now() / 1_000);

/** Returns a copy of a fresh push, which a test can change. */
export async function lastEvent(world: OfficialWorld): Promise<LambdaFunctionURLEvent> {
  await world.scan(await world.phone.newPerson());
  return structuredClone(world.address.events.at(-1)!);
}

/** Returns an encrypted push of a message, built by an independent implementation of the cipher. */
export async function sealedEvent(
  world: OfficialWorld,
  xml: string,
  { app = appId, key = CURRENT_KEY, skewS = 0, exchangedAfterS = 0 } = {},
) {
  const encrypted = wecom.encrypt(key, xml, app);
  const body = `<xml><ToUserName>${ORIGINAL_ID}</ToUserName><Encrypt>${encrypted}</Encrypt></xml>`;
  const rawQueryString = exchangedAfterS
    ? exchangedQuery({ ageS: exchangedAfterS, encrypted })
    : signedQuery({ skewS, encrypted });
  return { ...(await lastEvent(world)), rawQueryString, body };
}

/** Returns a SCAN event that would log `openId` in on the page with this code. */
export function scanXml({ ticket }: { ticket: string }, { openId = 'o_attacker', ageS = 0 } = {}): string {
  return (
    `<xml><ToUserName>${ORIGINAL_ID}</ToUserName><FromUserName>${openId}</FromUserName>` +
    `<CreateTime>${nowS() - ageS}</CreateTime><MsgType>event</MsgType><Event>SCAN</Event>` +
    `<EventKey>login:${ticket}</EventKey></xml>`
  );
}

export function signedQuery({ by = token, skewS = 0, encrypted = '', nonce = 'n' } = {}): string {
  const timestamp = String(nowS() + skewS);
  const query = `signature=${sha1(by, timestamp, nonce)}&timestamp=${timestamp}&nonce=${nonce}&openid=o`;
  if (!encrypted) return query;
  return `${query}&encrypt_type=aes&msg_signature=${wecom.getSignature(by, timestamp, nonce, encrypted)}`;
}

/**
 * Returns the query that an attacker captured `ageS` ago, with timestamp and nonce exchanged. The captured nonce is the
 * current time. Both signatures stay valid, because they cover the sorted values.
 */
export function exchangedQuery({ ageS, encrypted = '' }: { ageS: number; encrypted?: string }): string {
  const captured = new URLSearchParams(signedQuery({ skewS: -ageS, encrypted, nonce: String(nowS()) }));
  const { timestamp, nonce, ...rest } = Object.fromEntries(captured);
  return String(new URLSearchParams({ ...rest, timestamp: nonce!, nonce: timestamp! }));
}

/** Signs a push with another token or another time. */
export function resign(event: LambdaFunctionURLEvent, { by = token, skewS = 0 }): void {
  const encrypted = /<Encrypt>(?:<!\[CDATA\[)?([^\]<]+)/.exec(event.body!)?.[1] ?? '';
  event.rawQueryString = signedQuery({ by, skewS, encrypted });
}

/** Returns the query of a push that a console in the other mode would sign. */
export function otherMode(event: LambdaFunctionURLEvent, mode: Mode): string {
  return mode === 'plain' ? `${event.rawQueryString}&encrypt_type=aes&msg_signature=0` : signedQuery();
}

function sha1(...parts: string[]): string {
  return createHash('sha1').update(parts.toSorted().join('')).digest('hex');
}
