import { createHash, timingSafeEqual } from 'node:crypto';
import { AppError } from '../errors.ts';
import { parseXml, type XmlElement } from './xml.ts';

declare const opened: unique symbol;

/** A push of the official account whose signature was checked; only openOfficialPush makes one. */
export type OfficialPush = { readonly [opened]: true } & PushContent;

interface PushContent {
  /** Who sent it. */
  openId: string;
  /** The account's original id (`gh_…`), which answers must come from. */
  originalId: string;
  createTimeS: number;
  content: OfficialEvent | OfficialMessage;
}

/** `key` is EventKey as sent: with `qrscene_` on a subscribe by scanning, without it on a SCAN. */
export interface OfficialEvent {
  type: 'event';
  name: string;
  key: string;
}

export interface OfficialMessage {
  type: 'message';
  kind: string;
  msgId: string;
  text: string;
}

interface PushKeys {
  token: string;
  nowMs: number;
}

const TOLERANCE_S = 300;

/**
 * The answer to WeChat's address check (platform 3.2): the signature comes first, or anybody could make us echo.
 * @throws FORBIDDEN, PARAM_ERROR
 */
export function openOfficialEcho(query: URLSearchParams, keys: PushKeys): string {
  checkSignature(query, keys);
  const echo = query.get('echostr');
  if (!echo) throw new AppError('PARAM_ERROR', 'echostr is missing');
  return echo;
}

/**
 * Raw request to typed push, in plain mode (platform 3.3, 3.5, 3.6): signature, clock, then the body.
 * The signature of a plain push does not cover its body: whoever has seen one may send any body for five minutes. An
 * encrypted push belongs to another mode and is refused here.
 * @throws FORBIDDEN for a wrong signature or clock, PARAM_ERROR for a body that is no push
 */
export function openOfficialPush(query: URLSearchParams, body: Buffer, keys: PushKeys): OfficialPush {
  checkSignature(query, keys);
  if (query.get('encrypt_type') === 'aes') throw new AppError('FORBIDDEN', 'An encrypted push in plain mode');
  return readPush(parseXml(body.toString('utf8'))) as OfficialPush;
}

function checkSignature(query: URLSearchParams, { token, nowMs }: PushKeys): void {
  const [signature, timestamp, nonce] = ['signature', 'timestamp', 'nonce'].map((name) => query.get(name) ?? '');
  // Code-unit order, as WeChat sorts; localeCompare would differ.
  const expected = createHash('sha1').update([token, timestamp, nonce].toSorted().join('')).digest();
  const given = Buffer.from(signature!, 'hex');
  if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
    throw new AppError('FORBIDDEN', 'The signature is not WeChat’s');
  }
  const ageS = nowMs / 1_000 - Number(timestamp);
  if (!(Math.abs(ageS) <= TOLERANCE_S)) throw new AppError('FORBIDDEN', 'The request is too old or from the future');
}

function readPush(xml: XmlElement): PushContent {
  const createTimeS = Number(required(xml, 'CreateTime'));
  if (!Number.isSafeInteger(createTimeS)) throw new AppError('PARAM_ERROR', 'CreateTime is not a time');
  const push = { openId: required(xml, 'FromUserName'), originalId: required(xml, 'ToUserName'), createTimeS };
  const kind = required(xml, 'MsgType');
  if (kind === 'event') {
    return { ...push, content: { type: 'event', name: required(xml, 'Event'), key: optional(xml, 'EventKey') } };
  }
  const msgId = required(xml, 'MsgId');
  return { ...push, content: { type: 'message', kind, msgId, text: optional(xml, 'Content') } };
}

function required(xml: XmlElement, name: string): string {
  const value = optional(xml, name);
  if (value) return value;
  throw new AppError('PARAM_ERROR', `${name} is missing`);
}

function optional(xml: XmlElement, name: string): string {
  const value = Object.hasOwn(xml, name) ? xml[name] : '';
  return typeof value === 'string' ? value : '';
}
