import { describe, expect, it } from 'vitest';
import { NOW_S, openPlain, openPlainXml, openSealed, pushXml } from './pushes.ts';

const event = (name: string, fields = '') => openPlain(`<MsgType>event</MsgType><Event>${name}</Event>${fields}`);
const message = (kind: string, fields = '') =>
  openPlain(`<MsgType>${kind}</MsgType><MsgId>9007199254740993</MsgId>${fields}`);

describe('openOfficialPush, events', () => {
  it.each([
    ['subscribe', '', { event: 'subscribe' }],
    ['subscribe', '<EventKey></EventKey>', { event: 'subscribe' }],
    [
      'subscribe',
      '<EventKey>qrscene_0123</EventKey><Ticket>T</Ticket>',
      { event: 'subscribe', scene: '0123', ticket: 'T' },
    ],
    ['subscribe', '<EventKey>last_trade_no_1</EventKey>', { event: 'subscribe' }],
    ['unsubscribe', '', { event: 'unsubscribe' }],
    ['SCAN', '<EventKey>qrscene_1</EventKey><Ticket>T</Ticket>', { event: 'scan', scene: 'qrscene_1', ticket: 'T' }],
    ['CLICK', '<EventKey>V1001</EventKey>', { event: 'click', key: 'V1001' }],
    [
      'VIEW',
      '<EventKey>https://a.example/</EventKey><MenuId>7</MenuId>',
      { event: 'view', url: 'https://a.example/', menuId: '7' },
    ],
    ['view_miniprogram', '<EventKey>pages/index</EventKey>', { event: 'view_miniprogram', page: 'pages/index' }],
    [
      'scancode_waitmsg',
      '<EventKey>6</EventKey><ScanCodeInfo><ScanType>qrcode</ScanType><ScanResult>2</ScanResult></ScanCodeInfo>',
      { event: 'scancode_waitmsg', key: '6', scanType: 'qrcode', scanResult: '2' },
    ],
    ['scancode_push', '<EventKey>6</EventKey>', { event: 'scancode_push', key: '6', scanType: '', scanResult: '' }],
    [
      'pic_weixin',
      '<EventKey>6</EventKey><SendPicsInfo><Count>1</Count><PicList><item><PicMd5Sum>a</PicMd5Sum></item></PicList></SendPicsInfo>',
      { event: 'pic_weixin', key: '6', pictureMd5s: ['a'] },
    ],
    [
      'pic_sysphoto',
      '<SendPicsInfo><PicList><item><PicMd5Sum>a</PicMd5Sum></item><item><PicMd5Sum>b</PicMd5Sum></item></PicList></SendPicsInfo>',
      { event: 'pic_sysphoto', key: '', pictureMd5s: ['a', 'b'] },
    ],
    [
      'location_select',
      '<EventKey>6</EventKey><SendLocationInfo><Location_X>23</Location_X><Location_Y>113</Location_Y><Scale>15</Scale><Label>L</Label><Poiname>P</Poiname></SendLocationInfo>',
      { event: 'location_select', key: '6', place: { x: '23', y: '113', scale: '15', label: 'L' }, poiName: 'P' },
    ],
    [
      'LOCATION',
      '<Latitude>23.137466</Latitude><Longitude>113.352425</Longitude><Precision>119.385040</Precision>',
      { event: 'location', latitude: '23.137466', longitude: '113.352425', precision: '119.385040' },
    ],
    [
      'TEMPLATESENDJOBFINISH',
      '<MsgID>200163836</MsgID><Status>failed:user block</Status>',
      { event: 'templatesendjobfinish', msgId: '200163836', status: 'failed:user block' },
    ],
    ['TemplateSendJobFinish', '<MsgID>1</MsgID>', { event: 'templatesendjobfinish', msgId: '1', status: '' }],
    [
      'MASSSENDJOBFINISH',
      '<MsgID>1</MsgID><Status>send success</Status><TotalCount>4</TotalCount><FilterCount>3</FilterCount><SentCount>2</SentCount><ErrorCount>1</ErrorCount>',
      {
        event: 'masssendjobfinish',
        msgId: '1',
        status: 'send success',
        counts: { total: '4', filtered: '3', sent: '2', failed: '1' },
      },
    ],
    [
      'subscribe_msg_popup_event',
      '<SubscribeMsgPopupEvent><List><TemplateId>A</TemplateId><SubscribeStatusString>accept</SubscribeStatusString><PopupScene>2</PopupScene></List></SubscribeMsgPopupEvent>',
      { event: 'subscribe_msg_popup_event', choices: [{ templateId: 'A', status: 'accept', popupScene: '2' }] },
    ],
    [
      'subscribe_msg_change_event',
      '<List><TemplateId>A</TemplateId><SubscribeStatusString>reject</SubscribeStatusString></List><List><TemplateId>B</TemplateId><SubscribeStatusString>reject</SubscribeStatusString></List>',
      {
        event: 'subscribe_msg_change_event',
        choices: [
          { templateId: 'A', status: 'reject' },
          { templateId: 'B', status: 'reject' },
        ],
      },
    ],
    [
      'subscribe_msg_sent_event',
      '<SubscribeMsgSentEvent><List><TemplateId>A</TemplateId><MsgID>1864323726461255680</MsgID><ErrorCode>0</ErrorCode><ErrorStatus>success</ErrorStatus></List></SubscribeMsgSentEvent>',
      {
        event: 'subscribe_msg_sent_event',
        results: [{ templateId: 'A', msgId: '1864323726461255680', errorCode: '0', errorStatus: 'success' }],
      },
    ],
    [
      'user_authorization_revoke',
      '<OpenID>o_2</OpenID><AppID>wx13974bf780d3dc89</AppID><UnionID>u</UnionID><RevokeInfo>301</RevokeInfo>',
      {
        event: 'user_authorization_revoke',
        subject: { openId: 'o_2', unionId: 'u', appId: 'wx13974bf780d3dc89' },
        revokeInfo: '301',
      },
    ],
    ['user_info_modified', '<OpenID>o_2</OpenID>', { event: 'user_info_modified', subject: { openId: 'o_2' } }],
    ['poi_check_notify', '<EventKey>x</EventKey>', { event: 'other', name: 'poi_check_notify' }],
  ])('reads the event %s with the fields %j', (name, fields, content) => {
    expect(event(name, fields).content).toEqual({ type: 'event', ...content });
  });

  it('does not read user_authorization_cancellation without an OpenID', () => {
    expect(() => event('user_authorization_cancellation')).toThrow('OpenID is missing');
  });
});

describe('openOfficialPush, messages', () => {
  it.each([
    ['text', '<Content>0123</Content>', { kind: 'text', text: '0123' }],
    ['text', '<Content></Content>', { kind: 'text', text: '' }],
    ['text', '<Content>1</Content><bizmsgmenuid>07</bizmsgmenuid>', { kind: 'text', text: '1', menuId: '07' }],
    ['image', '<PicUrl>p</PicUrl><MediaId>m</MediaId>', { kind: 'image', picUrl: 'p', mediaId: 'm' }],
    [
      'voice',
      '<MediaId>m</MediaId><Format>amr</Format><MediaId16K>n</MediaId16K>',
      { kind: 'voice', mediaId: 'm', format: 'amr', mediaId16K: 'n' },
    ],
    ['video', '<MediaId>m</MediaId><ThumbMediaId>t</ThumbMediaId>', { kind: 'video', mediaId: 'm', thumbMediaId: 't' }],
    ['shortvideo', '<MediaId>m</MediaId>', { kind: 'shortvideo', mediaId: 'm', thumbMediaId: '' }],
    [
      'location',
      '<Location_X>23.1</Location_X><Location_Y>113.3</Location_Y><Scale>20</Scale><Label>L</Label>',
      { kind: 'location', place: { x: '23.1', y: '113.3', scale: '20', label: 'L' } },
    ],
    [
      'link',
      '<Title>t</Title><Description>d</Description><Url>u</Url>',
      { kind: 'link', title: 't', description: 'd', url: 'u' },
    ],
    ['device_text', '', { kind: 'other', name: 'device_text' }],
  ])('reads a %s message with the fields %j', (kind, fields, content) => {
    expect(message(kind, fields).content).toEqual({ type: 'message', msgId: '9007199254740993', ...content });
  });
});

describe('openOfficialPush, letter case', () => {
  it.each([
    ['event', 'SCAN', 'scan'],
    ['event', 'scan', 'scan'],
    ['EVENT', 'Scan', 'scan'],
    ['Event', 'Subscribe', 'subscribe'],
    ['event', 'UNSUBSCRIBE', 'unsubscribe'],
    ['event', 'click', 'click'],
    ['event', 'View', 'view'],
    ['event', 'VIEW_MINIPROGRAM', 'view_miniprogram'],
    ['event', 'location', 'location'],
    ['event', 'MassSendJobFinish', 'masssendjobfinish'],
    ['event', 'TemplateSendJobFinish', 'templatesendjobfinish'],
  ])('reads MsgType %s and Event %s as the event %s', (msgType, name, read) => {
    const { content } = openPlain(`<MsgType>${msgType}</MsgType><Event>${name}</Event><EventKey>Login:aB</EventKey>`);
    expect(content).toMatchObject({ type: 'event', event: read });
  });

  it('keeps the case of keys and scenes', () => {
    expect(event('Click', '<EventKey>Key:aB</EventKey>').content).toMatchObject({ event: 'click', key: 'Key:aB' });
    expect(event('scan', '<EventKey>Login:aB</EventKey>').content).toMatchObject({ event: 'scan', scene: 'Login:aB' });
  });

  it.each(['TEXT', 'Text', 'text'])('reads MsgType %s as a text, whose letters keep their case', (msgType) => {
    expect(message(msgType, '<Content>Hello</Content>').content).toMatchObject({ kind: 'text', text: 'Hello' });
  });
});

describe('openOfficialPush, pushId', () => {
  const idOf = (fields: string, { openId = 'o_1', createTimeS = NOW_S } = {}) =>
    openPlainXml(pushXml(fields, createTimeS).replace('o_1', openId)).pushId;
  const expectDifferent = (ids: string[]) => expect(new Set(ids).size).toBe(ids.length);

  it('is equal for all deliveries of a push, in plain and in secure mode', () => {
    const fields = '<MsgType>text</MsgType><Content>hi</Content><MsgId>1</MsgId>';
    const ids = [openPlain(fields), openPlain(fields), openSealed(fields), openSealed(fields, 'B'.repeat(43))];
    expect(new Set(ids.map(({ pushId }) => pushId)).size).toBe(1);
  });

  it('does not depend on the order of the elements, or on the space between them', () => {
    expect(idOf('<MsgType>text</MsgType>\n<Content>hi</Content>')).toBe(
      idOf('<Content>hi</Content><MsgType>text</MsgType>'),
    );
  });

  it('differs for messages with one MsgId of different users, seconds and texts', () => {
    const text = (content: string) => `<MsgType>text</MsgType><Content>${content}</Content><MsgId>1</MsgId>`;
    expectDifferent([
      idOf(text('a')),
      idOf(text('b')),
      idOf(text('a'), { openId: 'o_2' }),
      idOf(text('a'), { createTimeS: NOW_S + 1 }),
    ]);
  });

  it('differs for events of one user within one second that differ in a nested element only', () => {
    const coupon = (code: string) =>
      idOf(`<MsgType>event</MsgType><Event>user_get_card</Event><UserCardCode>${code}</UserCardCode>`);
    const published = (id: string) =>
      idOf(
        '<MsgType>event</MsgType><Event>PUBLISHJOBFINISH</Event>' +
          `<PublishEventInfo><publish_id>${id}</publish_id><article_detail><item><idx>1</idx></item></article_detail></PublishEventInfo>`,
      );
    const sent = (id: string) =>
      idOf(`<MsgType>event</MsgType><Event>subscribe_msg_sent_event</Event><List><MsgID>${id}</MsgID></List>`);
    expectDifferent([coupon('1'), coupon('2'), published('1'), published('2'), sent('1'), sent('2')]);
  });

  it('has 43 characters, however long the push is', () => {
    const view = (end: string) =>
      idOf(
        `<MsgType>event</MsgType><Event>VIEW</Event><EventKey>https://a.example/${'x'.repeat(5_000)}${end}</EventKey>`,
      );
    expectDifferent([view('1'), view('2')]);
    expect(view('1')).toMatch(/^[\w-]{43}$/);
  });
});

describe('openOfficialPush, unreadable pushes', () => {
  it.each(['1e3', '-1', '10000000000', '1790000000000', 'now'])(
    'does not read a push with the CreateTime %s',
    (time) => {
      const xml = `<xml><FromUserName>o</FromUserName><ToUserName>gh</ToUserName><CreateTime>${time}</CreateTime><MsgType>text</MsgType><MsgId>2</MsgId></xml>`;
      expect(() => openPlainXml(xml)).toThrow('CreateTime must be a number of seconds');
    },
  );

  it.each(['FromUserName', 'ToUserName', 'MsgId', 'CreateTime', 'MsgType'])(
    'does not read a push with a %s of 65 bytes',
    (name) => {
      const fields = { FromUserName: 'o', ToUserName: 'gh', CreateTime: '1', MsgType: 'text', MsgId: '2' };
      const xml = (values: object) =>
        `<xml>${Object.entries(values)
          .map(([key, value]) => `<${key}>${value}</${key}>`)
          .join('')}</xml>`;
      expect(openPlainXml(xml(fields)).content).toMatchObject({ msgId: '2' });
      expect(() => openPlainXml(xml({ ...fields, [name]: '1'.repeat(65) }))).toThrow(`${name} is too long`);
    },
  );
});
