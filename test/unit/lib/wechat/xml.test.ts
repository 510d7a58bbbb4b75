import { describe, expect, it } from 'vitest';
import { openPlain } from './pushes.ts';

const event = (name: string, fields = '') => openPlain(`<MsgType>event</MsgType><Event>${name}</Event>${fields}`);
const message = (kind: string, fields = '') =>
  openPlain(`<MsgType>${kind}</MsgType><MsgId>9007199254740993</MsgId>${fields}`);

describe('openOfficialPush, the text of a user', () => {
  const textOf = (raw: string, xml = message('text', `<Content><![CDATA[${raw}]]></Content>`)) => xml.content;

  it.each([
    ['a CDATA section', 'a<![CDATA[x]]>b'],
    ['the end of a CDATA section', 'a]]>b'],
    ['an ill-formed element', '<status>1</stat>us>'],
    ['a DOCTYPE after its section', ']]><!DOCTYPE x [<!ENTITY e "v">]>&e;<![CDATA['],
    ['the end of the message', ']]></Content></xml><xml><Content><![CDATA['],
  ])('is read as sent when it contains %s', (_, raw) => {
    expect(textOf(raw)).toEqual({ type: 'message', kind: 'text', msgId: '9007199254740993', text: raw });
  });

  it('adds no element to the push', () => {
    const elements = '<FromUserName>o_victim</FromUserName><bizmsgmenuid>login-confirm_x</bizmsgmenuid>';
    const raw = `a]]></Content>${elements}<Content><![CDATA[b`;
    const push = message('text', `<Content><![CDATA[${raw}]]></Content>`);
    expect(push).toMatchObject({ openId: 'o_1', content: { text: raw } });
    expect(push.content).toHaveProperty('menuId', undefined);
  });

  it('is the same text when WeChat escapes the end of a section', () => {
    expect(textOf('a]]]]><![CDATA[>b')).toEqual(textOf('a]]>b'));
  });

  it('loses the control characters that XML forbids', () => {
    expect(textOf('a\u0002b\u0010c')).toMatchObject({ text: 'abc' });
  });

  it.each([
    ['location', '<Label><![CDATA[a]]>b]]></Label>', { place: { label: 'a]]>b' } }],
    ['link', '<Title><![CDATA[a]]></Title><Title><![CDATA[b]]></Title><Url>u</Url>', { title: '', url: 'u' }],
  ])('in a %s message does no more harm than to itself', (kind, fields, content) => {
    expect(message(kind, fields).content).toMatchObject(content);
  });

  it.each([
    [
      'scancode_push',
      '<ScanCodeInfo><ScanResult><![CDATA[a]]>b]]></ScanResult></ScanCodeInfo>',
      { scanResult: 'a]]>b' },
    ],
    [
      'location_select',
      '<SendLocationInfo><Poiname><![CDATA[a]]>b]]></Poiname></SendLocationInfo>',
      { poiName: 'a]]>b' },
    ],
  ])('is also read as sent in the event %s', (name, fields, content) => {
    expect(event(name, fields).content).toMatchObject(content);
  });

  describe('two texts of one place', () => {
    const select = (label: string, poiName: string) =>
      event(
        'location_select',
        '<EventKey><![CDATA[PLACE]]></EventKey><SendLocationInfo><Location_X><![CDATA[1]]></Location_X>' +
          `<Label><![CDATA[${label}]]></Label><Poiname><![CDATA[${poiName}]]></Poiname></SendLocationInfo>`,
      ).content;

    it('are read as sent when each ends its section', () => {
      const [label, poiName] = [']]></Label><EventKey>x</EventKey>', '<Content><![CDATA[x]]></Content>]]>'];
      expect(select(label, poiName)).toMatchObject({ key: 'PLACE', place: { x: '1', label }, poiName });
    });

    it.each([
      ['the first contains the start of the second', '<Poiname><![CDATA[', 'b'],
      ['the second contains the end of the first', 'a', ']]></Label><EventKey>x</EventKey><Poiname><![CDATA['],
      [
        'both contain the bounds of a third',
        ']]></Label></SendLocationInfo><EventKey>x</EventKey><SendLocationInfo><Poiname><![CDATA[<Content><![CDATA[',
        ']]></Content>',
      ],
    ])('are unreadable when %s', (_, label, poiName) => {
      expect(() => select(label, poiName)).toThrow('Two texts of users overlap');
    });
  });
});
