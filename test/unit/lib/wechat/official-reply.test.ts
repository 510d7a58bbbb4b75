import * as fc from 'fast-check';
import { XMLParser } from 'fast-xml-parser';
import { describe, expect, it } from 'vitest';
import { openMessage, signParts } from '../../../../lib/wechat/message-cipher.ts';
import { renderReply, type Reply } from '../../../../lib/wechat/official-reply.ts';
import { parseXml, type XmlElement } from '../../../../lib/wechat/xml.ts';
import { APP_ID, NOW_S, openPlain, openSealed, plainKeys } from './pushes.ts';

const event = '<MsgType>event</MsgType><Event>CLICK</Event><EventKey>K</EventKey>';
const message = '<MsgType>text</MsgType><Content>hi</Content><MsgId>1</MsgId>';
const deps = { randomBytes: (size: number) => Buffer.alloc(size, 7), keys: plainKeys };
const article = { title: 't', description: 'd', pictureUrl: 'https://a.example/p', url: 'https://a.example/' };
const news = (count: number): Reply => ({ type: 'news', articles: Array.from({ length: count }, () => article) });
const read = (reply: Reply, push = openPlain(event)) => parseXml(renderReply(push, reply, deps)!);

describe('renderReply', () => {
  it('addresses the sender of the push, from the receiving account, with the current time', () => {
    expect(read('你好')).toEqual({
      ToUserName: 'o_1',
      FromUserName: 'gh_1',
      CreateTime: String(NOW_S),
      MsgType: 'text',
      Content: '你好',
    });
  });

  it('renders an image', () => {
    expect(read({ type: 'image', mediaId: 'm' })).toMatchObject({ MsgType: 'image', Image: { MediaId: 'm' } });
  });

  it('renders one article for a message, and at most eight for an event', () => {
    const item = { Title: 't', Description: 'd', PicUrl: article.pictureUrl, Url: article.url };
    expect(read(news(9), openPlain(message))).toMatchObject({ MsgType: 'news', ArticleCount: '1', Articles: { item } });
    const { ArticleCount, Articles } = read(news(9));
    expect(ArticleCount).toBe('8');
    expect((Articles as XmlElement)['item']).toHaveLength(8);
  });

  it('cuts a text after the last character that fits into 2,047 bytes', () => {
    const { Content } = read(`${'汉'.repeat(681)}😀汉字`) as { Content: string };
    expect(Content).toBe(`${'汉'.repeat(681)}😀`.slice(0, Content.length));
    expect(Buffer.byteLength(Content)).toBe(2_047);
    expect(read(`a${'汉'.repeat(682)}`)).toMatchObject({ Content: `a${'汉'.repeat(682)}` });
    expect(read(`ab${'汉'.repeat(682)}`)).toMatchObject({ Content: `ab${'汉'.repeat(681)}` });
  });

  it('transfers a message to the customer service, or to one account of it', () => {
    const transfer = (account?: string): Reply => ({ type: 'transfer_customer_service', ...(account && { account }) });
    expect(read(transfer(), openPlain(message))).toEqual({
      ToUserName: 'o_1',
      FromUserName: 'gh_1',
      CreateTime: String(NOW_S),
      MsgType: 'transfer_customer_service',
    });
    expect(read(transfer('anna@shop'), openPlain(message))).toMatchObject({ TransInfo: { KfAccount: 'anna@shop' } });
    expect(renderReply(openPlain(event), transfer(), deps)).toBeUndefined();
  });

  it.each([undefined, '', news(0)])('returns undefined for the empty reply %j', (reply) => {
    expect(renderReply(openPlain(event), reply, deps)).toBeUndefined();
    expect(renderReply(openSealed(event), reply, deps)).toBeUndefined();
  });

  it('keeps any text inside the Content element', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.constant('a]]></Content><MsgType>x</MsgType>')),
        (text) => {
          const rendered = renderReply(openPlain(event), `x${text}`, deps)!;
          // Not parseXml, which reads markup in Content as text.
          const { xml } = new XMLParser().parse(rendered, true) as { xml: object };
          expect(Object.keys(xml)).toEqual(['ToUserName', 'FromUserName', 'CreateTime', 'MsgType', 'Content']);
        },
      ),
    );
  });
});

describe('renderReply for an encrypted push', () => {
  it.each(['A', 'B'])(
    'encrypts with the key that opened the push (%s), and signs with its own time and nonce',
    (letter) => {
      const push = openSealed(message, letter.repeat(43));
      const { Encrypt, MsgSignature, TimeStamp, Nonce, ...rest } = read('好', push) as Record<string, string>;
      expect(rest).toEqual({});
      expect(TimeStamp).toBe(String(NOW_S));
      expect(MsgSignature).toBe(signParts(plainKeys.token, TimeStamp!, Nonce!, Encrypt!));
      const opened = openMessage(Encrypt!, { key: push.openedWith!, appId: APP_ID });
      expect(parseXml(opened!)).toMatchObject({ ToUserName: 'o_1', MsgType: 'text', Content: '好' });
    },
  );
});
