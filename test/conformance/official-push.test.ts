// Official samples of the message push (token AAAAA) and a sample of an SDK: the address check and plain mode.
import { describe, expect, it } from 'vitest';
import { openOfficialEcho, openOfficialPush } from '../../lib/wechat/official-push.ts';
import { readable } from '../unit/lib/wechat/pushes.ts';

const at = (timestamp: string) => ({
  mode: 'plain' as const,
  token: 'AAAAA',
  appId: 'wxba5fad812f8e6fb9',
  aesKeys: [],
  nowMs: Number(timestamp) * 1_000,
});
const query = (fields: Record<string, string>) => new URLSearchParams(fields);
const echoQuery = {
  signature: 'f464b24fc39322e44b38aa78f5edd27bd1441696',
  timestamp: '1714036504',
  nonce: '1514711492',
  echostr: '4375120948345356249',
};
const pushQuery = {
  signature: '899cf89e464efb63f54ddac96b0a0a235f53aa78',
  timestamp: '1714037059',
  nonce: '486452656',
};
const event = (fields: string) =>
  Buffer.from(
    '<xml><ToUserName><![CDATA[gh_7f083739789a]]></ToUserName>' +
      '<FromUserName><![CDATA[oia2TjjewbmiOUlr6X-1crbLOvLw]]></FromUserName><CreateTime>123456789</CreateTime>' +
      `<MsgType><![CDATA[event]]></MsgType>${fields}</xml>`,
  );
const open = (body: Buffer) => readable(openOfficialPush(query(pushQuery), body, at(pushQuery.timestamp)));

describe('openOfficialEcho', () => {
  it('returns the echostr of the official sample unchanged', () => {
    expect(openOfficialEcho(query(echoQuery), at(echoQuery.timestamp))).toBe('4375120948345356249');
  });

  it('accepts the SDK sample with the token test', () => {
    const sample = { signature: 'f21891de399b4e33a1a93c9a7b8a8fffb5a443ff', timestamp: '1410685589', nonce: 'test' };
    const keys = { token: 'test', nowMs: 1_410_685_589_000 };
    expect(openOfficialEcho(query({ ...sample, echostr: 'x' }), keys)).toBe('x');
  });

  it.each([
    ['no signature', { signature: '' }],
    ['a wrong signature', { signature: '0'.repeat(40) }],
    ['a truncated signature', { signature: echoQuery.signature.slice(0, 20) }],
    ['another timestamp', { timestamp: '1714036505' }],
  ])('rejects an address check with %s', (_, change) => {
    const forged = query({ ...echoQuery, ...change });
    expect(() => openOfficialEcho(forged, at(echoQuery.timestamp))).toThrow(
      expect.objectContaining({ code: 'FORBIDDEN' }),
    );
  });

  it('rejects a signature that is more than five minutes old or ahead', () => {
    for (const skewS of [301, -301]) {
      const keys = { token: 'AAAAA', nowMs: (Number(echoQuery.timestamp) + skewS) * 1_000 };
      expect(() => openOfficialEcho(query(echoQuery), keys)).toThrow(expect.objectContaining({ code: 'FORBIDDEN' }));
    }
  });
});

describe('openOfficialPush in plain mode', () => {
  it('strips the prefix from the scene of subscribe, and reads the scene of SCAN unchanged', () => {
    const subscribe = open(
      event(
        '<Event><![CDATA[subscribe]]></Event><EventKey><![CDATA[qrscene_123123]]></EventKey><Ticket><![CDATA[TICKET]]></Ticket>',
      ),
    );
    expect(subscribe.content).toEqual({ type: 'event', event: 'subscribe', scene: '123123', ticket: 'TICKET' });
    const scan = open(event('<Event><![CDATA[SCAN]]></Event><EventKey><![CDATA[0123]]></EventKey>'));
    expect(scan.content).toEqual({ type: 'event', event: 'scan', scene: '0123' });
    expect(scan).toMatchObject({ openId: 'oia2TjjewbmiOUlr6X-1crbLOvLw', originalId: 'gh_7f083739789a' });
  });

  it('keeps every digit of a 64-bit MsgId', () => {
    const text =
      '<xml><ToUserName>gh_x</ToUserName><FromUserName>o_x</FromUserName><CreateTime>1348831860</CreateTime>' +
      '<MsgType><![CDATA[text]]></MsgType><Content><![CDATA[1 & 2 < 3]]></Content><MsgId>24086087575195331234</MsgId></xml>';
    expect(open(Buffer.from(text)).content).toMatchObject({ msgId: '24086087575195331234', text: '1 & 2 < 3' });
  });

  it.each([
    ['a DOCTYPE', '<!DOCTYPE xml [<!ENTITY a "b">]><xml><MsgType>&a;</MsgType></xml>'],
    ['an external entity', '<?xml version="1.0"?><!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]><xml>&e;</xml>'],
    ['a body that is not XML', '{"a":1}'],
    ['incomplete XML', '<xml><MsgType>event'],
    ['another root element', '<html></html>'],
    ['an empty body', ''],
    ['missing fields', '<xml><MsgType>event</MsgType></xml>'],
    ['a repeated sender', '<xml><FromUserName>a</FromUserName><FromUserName>b</FromUserName></xml>'],
    ['an element named __proto__', '<xml><__proto__><MsgType>event</MsgType></__proto__></xml>'],
  ])('does not read %s', (_, body) => {
    expect(openOfficialPush(query(pushQuery), Buffer.from(body), at(pushQuery.timestamp))).toEqual({
      unreadable: expect.stringMatching(/XML|<xml>|is missing/),
    });
  });
});
