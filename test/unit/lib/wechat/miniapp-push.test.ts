// The content of a push of the mini-program is the same in JSON and in XML.
import { describe, expect, it } from 'vitest';
import { openMiniappPush, type MiniappPush } from '../../../../lib/wechat/miniapp-push.ts';
import { pushText, type Fields, type Format } from '../../../support/miniapp-push.ts';
import { EVENTS, MESSAGES } from './miniapp-push-contents.ts';
import { readMessageKey, sealMessage } from '../../../../lib/wechat/message-cipher.ts';
import { APP_ID, NOW_S, plainKeys, signedQuery } from './pushes.ts';

const openText = (text: string) => openMiniappPush(signedQuery(), Buffer.from(text), plainKeys);
/** @throws with the reason when the push cannot be read */
const open = (format: Format, fields: Fields): MiniappPush => {
  const push = openText(pushText(format, { CreateTime: NOW_S, ...fields }));
  if ('unreadable' in push) throw new Error(push.unreadable);
  return push;
};

describe('openMiniappPush', () => {
  const pushes = [
    ...MESSAGES,
    ...EVENTS.map(
      ([fields, content]) =>
        [
          { MsgType: 'event', ...fields },
          { type: 'event', ...content },
        ] as const,
    ),
  ];

  it.each(pushes)('reads %j alike in JSON and in XML', (fields, content) => {
    const [json, xml] = [open('json', fields), open('xml', fields)];
    expect(xml.content).toEqual(content);
    expect(json).toEqual({ ...xml, format: 'json' });
    expect([json.format, xml.format]).toEqual(['json', 'xml']);
  });

  it.each<Format>(['json', 'xml'])('keeps every digit of a 64-bit MsgId in %s', (format) => {
    for (const MsgId of [24_086_087_575_195_331_234n, '24086087575195331234']) {
      expect(open(format, { MsgType: 'text', MsgId }).content).toMatchObject({ msgId: '24086087575195331234' });
    }
  });

  it('reads JSON with line breaks, which WeChat sends, in the envelope and in the message', () => {
    const message = `{\n"ToUserName": "gh_1",\n"FromUserName": "o_1",\n"CreateTime": ${NOW_S},\n"MsgType": "text",\n"MsgId": 22824453888015489\n}\n`;
    const key = readMessageKey('A'.repeat(43))!;
    const encrypted = sealMessage(message, { key, appId: APP_ID, random: Buffer.alloc(16) });
    const envelope = Buffer.from(`{\n"ToUserName": "gh_1",\n"Encrypt": "${encrypted.replaceAll('/', '\\/')}"\n}\n`);
    const keys = { ...plainKeys, mode: 'secure' as const, aesKeys: [key] };
    const push = openMiniappPush(signedQuery([encrypted]), envelope, keys);
    expect(push).toMatchObject({ format: 'json', openId: 'o_1', content: { msgId: '22824453888015489' } });
  });

  it('gives two messages of one text and with neighbouring MsgIds different ids', () => {
    const idOf = (MsgId: bigint) => open('json', { MsgType: 'text', Content: 'x', MsgId }).pushId;
    expect(idOf(24_086_087_575_195_331n)).not.toBe(idOf(24_086_087_575_195_333n));
  });

  it.each([
    ['a number', NOW_S],
    ['a text', String(NOW_S)],
  ])('reads a CreateTime that is %s', (_, CreateTime) => {
    expect(open('json', { MsgType: 'event', Event: 'x', CreateTime }).createTimeS).toBe(NOW_S);
  });

  const HEAD = `"ToUserName":"gh_1","FromUserName":"o_1","CreateTime":${NOW_S}`;
  it.each([
    ['no JSON and no XML', 'MsgType=text'],
    ['incomplete JSON', `{${HEAD},"MsgType":"text"`],
    ['a list', `[{${HEAD},"MsgType":"text"}]`],
    ['the word null', 'null'],
    ['an empty body', ''],
    ['a MsgType in __proto__', `{${HEAD},"__proto__":{"MsgType":"text"}}`],
    ['a sender in __proto__', `{"__proto__":{${HEAD}},"MsgType":"text"}`],
    ['a sender that is an object', `{${HEAD},"FromUserName":{"a":"b"},"MsgType":"text"}`],
    ['a sender that is a list', `{${HEAD},"FromUserName":["a"],"MsgType":"text"}`],
    ['an exponent as its time', `{"ToUserName":"gh_1","FromUserName":"o_1","CreateTime":1e9,"MsgType":"text"}`],
    ['a DOCTYPE', '<!DOCTYPE xml [<!ENTITY a "b">]><xml><MsgType>&a;</MsgType></xml>'],
  ])('does not read %s', (_, text) => {
    expect(openText(text)).toEqual({
      unreadable: expect.stringMatching(/XML|JSON|<xml>|is missing|must be/) as string,
    });
    expect({}).not.toHaveProperty('MsgType');
  });

  // A body has at most 32 KiB.
  it.each([
    ['objects', '{"a":', '}', 5_400],
    ['lists', '[', ']', 16_000],
    ['objects in lists', '[{"a":', '}]', 4_000],
  ])('reads or reports thousands of nested %s without a crash', (_, begin, end, most) => {
    for (const depth of [100, most]) {
      const text = `{${HEAD},"MsgType":"text","a":${begin.repeat(depth)}1${end.repeat(depth)}}`;
      expect(Object.keys(openText(text)).filter((key) => /^(content|unreadable)$/.test(key))).toHaveLength(1);
    }
  });

  it('replaces half of a character, which the table cannot store', () => {
    const text = `{${HEAD},"MsgType":"text","Content":"a\\ud83d"}`;
    expect(openText(text)).toMatchObject({ content: { text: 'a\uFFFD' } });
  });

  it('uses the last value of a repeated key, as every parser of JSON does', () => {
    const text = `{${HEAD},"MsgType":"text","Content":"a","Content":"b"}`;
    expect(openText(text)).toMatchObject({ content: { text: 'b' } });
  });
});
