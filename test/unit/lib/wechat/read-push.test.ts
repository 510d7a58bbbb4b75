import { describe, expect, it } from 'vitest';
import { NOW_S, openPlain, openPlainXml } from './pushes.ts';

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

  it('rejects user_authorization_cancellation without an OpenID', () => {
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

describe('openOfficialPush, dedupeKey', () => {
  it('is the id of a message with all its digits', () => {
    expect(message('text').dedupeKey).toBe('9007199254740993');
  });

  it('is user, time, event and key of a push without a message id', () => {
    expect(event('CLICK', '<EventKey>K</EventKey>').dedupeKey).toBe(`o_1#${NOW_S}#CLICK#K`);
    expect(event('LOCATION').dedupeKey).toBe(`o_1#${NOW_S}#LOCATION`);
    expect(openPlain('<MsgType>text</MsgType><Content>no id</Content>').dedupeKey).toBe(`o_1#${NOW_S}#text`);
  });

  it('differs for two reports to the same user in the same second', () => {
    expect(event('TEMPLATESENDJOBFINISH', '<MsgID>1</MsgID>').dedupeKey).not.toBe(
      event('TEMPLATESENDJOBFINISH', '<MsgID>2</MsgID>').dedupeKey,
    );
    const sent = (id: string) => event('subscribe_msg_sent_event', `<List><MsgID>${id}</MsgID></List>`).dedupeKey;
    expect(sent('1')).not.toBe(sent('2'));
  });

  it('stays below 100 characters for an address of any length', () => {
    const view = (end: string) => event('VIEW', `<EventKey>https://a.example/${'x'.repeat(5_000)}${end}</EventKey>`);
    expect(view('1').dedupeKey).not.toBe(view('2').dedupeKey);
    expect(view('1').dedupeKey.length).toBeLessThan(100);
  });

  it.each(['1e3', '-1', '10000000000', '1790000000000', 'now'])('rejects the CreateTime %s', (time) => {
    const xml = `<xml><FromUserName>o</FromUserName><ToUserName>gh</ToUserName><CreateTime>${time}</CreateTime><MsgType>text</MsgType><MsgId>2</MsgId></xml>`;
    expect(() => openPlainXml(xml)).toThrow('CreateTime must be a number of seconds');
  });

  it.each(['FromUserName', 'ToUserName', 'MsgId', 'CreateTime', 'MsgType'])('rejects a %s of 65 bytes', (name) => {
    const fields = { FromUserName: 'o', ToUserName: 'gh', CreateTime: '1', MsgType: 'text', MsgId: '2' };
    const xml = (values: object) =>
      `<xml>${Object.entries(values)
        .map(([key, value]) => `<${key}>${value}</${key}>`)
        .join('')}</xml>`;
    expect(openPlainXml(xml(fields)).dedupeKey).toBe('2');
    expect(() => openPlainXml(xml({ ...fields, [name]: '1'.repeat(65) }))).toThrow(`${name} is too long`);
  });
});
