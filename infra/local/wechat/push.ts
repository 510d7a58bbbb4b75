import { createHash } from 'node:crypto';
import type { CallLog } from './call-log.ts';
import type { Clock } from './clock.ts';
import type { Deliver, DeliveryResult } from './deliver.ts';
import { alphanumeric } from './random.ts';
import type { OfficialSettings } from './settings.ts';

type Fields = [name: string, value: string | number | bigint][];

export interface OfficialPush {
  /** What the account's own, scene-less QR code says. */
  readonly accountQrUrl: string;
  /** Sends an event (platform 3.5) and answers what the receiver said to the first attempt. */
  event(openId: string, event: string, more?: Fields): Promise<DeliveryResult>;
  /** Sends a text message (platform 3.6). */
  text(openId: string, content: string): Promise<DeliveryResult>;
  setCallbackUrl(url: string): void;
}

interface PushWorld {
  official: OfficialSettings;
  clock: Clock;
  log: CallLog;
  deliver: Deliver;
}

const retries = 3;
const retryGapMs = 5_000;

/** The official account's pushes in plain mode: signed query, XML body, three retries (platform 3.3 to 3.7). */
export function createOfficialPush({ official, clock, log, deliver }: PushWorld): OfficialPush {
  const originalId = official.originalId ?? deriveOriginalId(official.appId);
  let callbackUrl = official.callbackUrl;
  // Above 2^53 like real ids, so that a receiver which reads them as numbers is found out.
  let messageId = 24_086_087_575_195_331n;

  const attempt = async (openId: string, name: string, sentBody: string, number: number): Promise<DeliveryResult> => {
    if (!callbackUrl) return { status: null, body: '', error: 'no callback URL is configured' };
    const query = { ...signedQuery(official.token), openid: openId };
    const url = withQuery(callbackUrl, query);
    const path = new URL(url).pathname;
    const entry = log.add({ kind: 'push', method: 'POST', path, query, event: name, url, attempt: number, sentBody });
    const startedAt = clock.now();
    const result = await deliver({
      url,
      headers: { 'Content-Type': 'text/xml', 'User-Agent': 'Mozilla/4.0' },
      body: sentBody,
    });
    Object.assign(entry, result);
    if (!isAccepted(result) && number <= retries) {
      clock.schedule(startedAt + retryGapMs, async () => void (await attempt(openId, name, sentBody, number + 1)));
    }
    return result;
  };

  const send = (openId: string, name: string, fields: Fields): Promise<DeliveryResult> =>
    attempt(
      openId,
      name,
      toXml([['ToUserName', originalId], ['FromUserName', openId], ['CreateTime', realSeconds()], ...fields]),
      1,
    );

  return {
    accountQrUrl: `http://weixin.qq.com/r/${originalId}`,
    event: (openId, event, more = []) => send(openId, event, [['MsgType', 'event'], ['Event', event], ...more]),
    text: (openId, content) => {
      messageId += 1n;
      return send(openId, 'text', [
        ['MsgType', 'text'],
        ['Content', content],
        ['MsgId', messageId],
      ]);
    },
    setCallbackUrl: (url) => {
      callbackUrl = url;
    },
  };
}

/** Signature of plain pushes (platform 3.2): sha1 over the sorted token, timestamp and nonce, hex. */
export function pushSignature(token: string, timestamp: string, nonce: string): string {
  const text = [token, timestamp, nonce].toSorted().join('');
  return createHash('sha1').update(text).digest('hex');
}

function signedQuery(token: string): { signature: string; timestamp: string; nonce: string } {
  const timestamp = String(realSeconds());
  const nonce = alphanumeric(10);
  return { signature: pushSignature(token, timestamp, nonce), timestamp, nonce };
}

// Real time even after the virtual clock was moved: receivers compare it with their own clock.
function realSeconds(): number {
  return Math.floor(Date.now() / 1000);
}

function toXml(fields: Fields): string {
  const elements = fields.map(([name, value]) => {
    const text = typeof value === 'string' ? `<![CDATA[${value.replaceAll(']]>', ']]]]><![CDATA[>')}]]>` : value;
    return `<${name}>${text}</${name}>`;
  });
  return `<xml>${elements.join('\n')}\n</xml>`;
}

function withQuery(url: string, query: Record<string, string>): string {
  return `${url}${url.includes('?') ? '&' : '?'}${new URLSearchParams(query)}`;
}

/** `success`, nothing, or a passive reply; anything else shows the person "service unavailable" and is sent again. */
function isAccepted({ status, body }: DeliveryResult): boolean {
  const text = body.trim();
  return status === 200 && (body === 'success' || body === '' || (text.startsWith('<xml>') && text.endsWith('</xml>')));
}

function deriveOriginalId(appId: string): string {
  return `gh_${createHash('sha256').update(appId).digest('hex').slice(0, 12)}`;
}
