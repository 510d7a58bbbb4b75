import { describe, expect, it } from 'vitest';
import { openMessage, readMessageKey, sealMessage, signParts } from '../../../../lib/wechat/message-cipher.ts';
import { openMiniappPush, type MiniappPush } from '../../../../lib/wechat/miniapp-push.ts';
import { renderMiniappReply, type MiniappReply } from '../../../../lib/wechat/miniapp-reply.ts';
import { parseXml } from '../../../../lib/wechat/xml.ts';
import { pushText, type Format } from '../../../support/miniapp-push.ts';
import { APP_ID, NOW_S, plainKeys, signedQuery } from './pushes.ts';

const key = readMessageKey('A'.repeat(43))!;
const deps = { randomBytes: (size: number) => Buffer.alloc(size, 7), keys: plainKeys };
const TRANSFER: MiniappReply = { type: 'transfer_customer_service' };
const RESULT: MiniappReply = { type: 'virtual-pay-result', code: 1, message: 'a "b" ]]> <c>' };

const text = (format: Format, openId = 'o_1') =>
  pushText(format, { FromUserName: openId, ToUserName: 'gh_1', CreateTime: NOW_S, MsgType: 'text', MsgId: '1' });
const readable = (push: ReturnType<typeof openMiniappPush>): MiniappPush => {
  if ('unreadable' in push) throw new Error(push.unreadable);
  return push;
};
const openPlain = (format: Format, openId?: string) =>
  readable(openMiniappPush(signedQuery(), Buffer.from(text(format, openId)), plainKeys));
const openSealed = (format: Format) => {
  const encrypted = sealMessage(text(format), { key, appId: APP_ID, random: Buffer.alloc(16) });
  const body = Buffer.from(JSON.stringify({ Encrypt: encrypted }));
  return readable(openMiniappPush(signedQuery([encrypted]), body, { ...plainKeys, mode: 'secure', aesKeys: [key] }));
};

describe('renderMiniappReply', () => {
  it('transfers a message in JSON to its sender, with a number as its time', () => {
    expect(renderMiniappReply(openPlain('json'), TRANSFER, deps)).toBe(
      `{"ToUserName":"o_1","FromUserName":"gh_1","CreateTime":${NOW_S},"MsgType":"transfer_customer_service"}`,
    );
  });

  it('transfers a message in XML to its sender', () => {
    expect(renderMiniappReply(openPlain('xml'), TRANSFER, deps)).toBe(
      '<xml><ToUserName><![CDATA[o_1]]></ToUserName><FromUserName><![CDATA[gh_1]]></FromUserName>' +
        `<CreateTime>${NOW_S}</CreateTime><MsgType><![CDATA[transfer_customer_service]]></MsgType></xml>`,
    );
  });

  it('renders the result of a push of virtual payment, whose text stays a text', () => {
    const json = renderMiniappReply(openPlain('json'), RESULT, deps);
    expect(JSON.parse(json)).toEqual({ ErrCode: 1, ErrMsg: 'a "b" ]]> <c>' });
    expect(renderMiniappReply(openPlain('xml'), RESULT, deps)).toBe(
      '<xml><ErrCode>1</ErrCode><ErrMsg><![CDATA[a "b" ]]]]><![CDATA[> <c>]]></ErrMsg></xml>',
    );
  });

  it.each([
    ['refund', 0],
    ['refuse', 1],
  ] as const)('renders the advice to Apple to %s', (advice, code) => {
    const answer: MiniappReply = { type: 'apple-refund-answer', advice, info: '已发货', evidence: '订单 <1>' };
    const json = renderMiniappReply(openPlain('json'), answer, deps);
    expect(JSON.parse(json)).toEqual({ result_code: code, result_info: '已发货', evidence: '订单 <1>' });
    expect(renderMiniappReply(openPlain('xml'), answer, deps)).toBe(
      `<xml><result_code>${code}</result_code><result_info><![CDATA[已发货]]></result_info>` +
        '<evidence><![CDATA[订单 <1>]]></evidence></xml>',
    );
  });

  it('renders a sender with markup as text', () => {
    const sender = '<a>&"{}';
    const read = { json: (body: string) => JSON.parse(body) as object, xml: parseXml };
    for (const format of ['json', 'xml'] as const) {
      const rendered = renderMiniappReply(openPlain(format, sender), TRANSFER, deps);
      expect(read[format](rendered)).toMatchObject({ ToUserName: sender, MsgType: 'transfer_customer_service' });
    }
  });

  it.each<[Format, RegExp]>([
    ['json', /^\{"Encrypt":"([^"]+)","MsgSignature":"([^"]+)","TimeStamp":(\d+),"Nonce":"(reply\d+)"\}$/],
    [
      'xml',
      /^<xml><Encrypt><!\[CDATA\[(.+)\]\]><\/Encrypt><MsgSignature><!\[CDATA\[(.+)\]\]><\/MsgSignature><TimeStamp>(\d+)<\/TimeStamp><Nonce><!\[CDATA\[(reply\d+)\]\]><\/Nonce><\/xml>$/,
    ],
  ])('encrypts the answer to an encrypted push, in %s as the push', (format, envelope) => {
    const rendered = renderMiniappReply(openSealed(format), TRANSFER, deps);
    const [, encrypted, signature, timestamp, nonce] = envelope.exec(rendered)!;
    expect(openMessage(encrypted!, { key, appId: APP_ID })).toBe(renderMiniappReply(openPlain(format), TRANSFER, deps));
    expect(signature).toBe(signParts(plainKeys.token, timestamp!, nonce!, encrypted!));
    expect(timestamp).toBe(String(NOW_S));
  });
});
