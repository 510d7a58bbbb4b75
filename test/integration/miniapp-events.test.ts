import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  functionUrlEvent,
  OPEN_ID,
  pushRequest,
  pushText,
  signedQuery,
  type Fields,
  type Format,
} from '../support/miniapp-push.ts';
import { withMetrics } from '../support/metrics.ts';
import { createMiniappWorld, openAnswer, type MiniappWorld } from '../support/miniapp-world.ts';
import type { Mode } from '../support/official-world.ts';
import { ids } from '../support/world.ts';

const TEXT: Fields = { MsgType: 'text', Content: '你好，我的密码是9527', MsgId: 24_086_087_575_195_331n };
const ENTER: Fields = { MsgType: 'event', Event: 'user_enter_tempsession', SessionFrom: 'wxapp' };
const DELIVER: Fields = {
  MsgType: 'event',
  Event: 'xpay_goods_deliver_notify',
  OpenId: OPEN_ID,
  OutTradeNo: 'order-1',
  Env: 0,
  GoodsInfo: { ProductId: 'p', Quantity: 1, OrigPrice: 100, ActualPrice: 100, Attach: 'a' },
  RetryTimes: 0,
};
const APPLE: Fields = { MsgType: 'event', Event: 'xpay_subscribe_ios_refund_query_notify', pay_order_id: '1' };
const SUCCESS = { statusCode: 200, body: 'success', headers: { 'content-type': 'text/plain; charset=utf-8' } };
const UNHANDLED = {
  json: '{"ErrCode":1,"ErrMsg":"This service does not handle virtual payments"}',
  xml: '<xml><ErrCode>1</ErrCode><ErrMsg><![CDATA[This service does not handle virtual payments]]></ErrMsg></xml>',
};
const TRANSFER = {
  json: /"MsgType":"transfer_customer_service"/,
  xml: /<MsgType><!\[CDATA\[transfer_customer_service\]\]><\/MsgType>/,
};
const TYPES = { json: 'application/json; charset=utf-8', xml: 'text/xml; charset=utf-8' };

let world: MiniappWorld;

describe.each<Mode>(['plain', 'compatible', 'secure'])('miniapp-events in %s mode', (mode) => {
  const isSealed = mode !== 'plain';
  beforeAll(async () => {
    // Virtual payment is not set up. See virtual-deliveries.test.ts.
    world = await createMiniappWorld(mode, { VIRTUAL_PAY_OFFER_ID: '' });
  });
  afterAll(() => world.close());

  it('returns the echostr as plain text, and only for a signed address check', async () => {
    const check = (rawQueryString: string) => world.send(functionUrlEvent({ rawQueryString, body: '' }, 'GET'));
    expect(await check(`${signedQuery([])}&echostr=%3Cb%3E1`)).toMatchObject({ ...SUCCESS, body: '<b>1' });
    for (const query of ['', signedQuery([], { signedWith: ids.official.token }), signedQuery([], { skewS: -301 })]) {
      const refused = await check(`${query}&echostr=abc`);
      expect(refused.statusCode).toBe(403);
      expect(refused.body).not.toContain('abc');
    }
  });

  describe.each<Format>(['json', 'xml'])('with pushes in %s', (format) => {
    it('transfers a message to the customer service, and passes it on once however often it arrives', async () => {
      const [before, push] = [world.passedOn('text'), world.request({ ...TEXT, Content: format }, format)];
      for (let i = 0; i < 3; i += 1) {
        const { body = '' } = await world.send(push);
        const answer = isSealed ? openAnswer(body, format) : body;
        expect(answer).toMatch(TRANSFER[format]);
        expect(answer).toContain(OPEN_ID);
      }
      expect(world.passedOn('text') - before).toBe(1);
    });

    it('passes on two messages whose MsgIds differ beyond 2^53', async () => {
      const before = world.passedOn('text');
      for (const MsgId of [24_086_087_575_195_331n, 24_086_087_575_195_333n]) {
        expect(Number(MsgId)).toBe(24_086_087_575_195_332);
        expect(await world.push({ ...TEXT, Content: `id ${format}`, MsgId }, format)).toMatchObject({
          statusCode: 200,
        });
      }
      expect(world.passedOn('text') - before).toBe(2);
    });

    it('passes on an entry into the chat, an event of shipping and a choice about messages', async () => {
      const names = ['user_enter_tempsession', 'trade_manage_remind_shipping', 'subscribe_msg_change_event'];
      for (const Event of names) {
        const before = world.passedOn(Event);
        const List = { TemplateId: format, SubscribeStatusString: 'reject' };
        expect(await world.push({ ...ENTER, Event, List, SessionFrom: format }, format)).toMatchObject(SUCCESS);
        expect(world.passedOn(Event) - before).toBe(1);
      }
    });

    it('answers an error to a push of virtual payment, so that WeChat repeats it, and stores nothing', async () => {
      const before = await world.everything();
      for (const push of [DELIVER, { ...DELIVER, RetryTimes: 1 }, { ...DELIVER, Event: 'XPAY_new_notify' }]) {
        const [answer, metrics] = await withMetrics(() => world.push(push, format));
        expect(metrics).toEqual(['mini-program UnhandledPushes']);
        expect(answer).toMatchObject({ statusCode: 200, headers: { 'content-type': TYPES[format] } });
        expect(isSealed ? openAnswer(answer.body!, format) : answer.body).toBe(UNHANDLED[format]);
      }
      expect(await world.everything()).toEqual(before);
    });

    it('answers no invented decision to the question of Apple about a refund, and counts it', async () => {
      const [answer, metrics] = await withMetrics(() => world.push(APPLE, format));
      expect(answer).toMatchObject(SUCCESS);
      expect(metrics).toEqual(['mini-program UnhandledPushes']);
    });

    it('answers success to a push of an unknown type, and counts and passes it on once', async () => {
      const unknown: Fields[] = [
        { ...ENTER, Event: 'new_event' },
        { MsgType: 'voice', MsgId: '1' },
      ];
      for (const push of unknown) {
        const [before, request] = [world.passedOn('other'), world.request({ ...push, SessionFrom: format }, format)];
        const [answers, metrics] = await withMetrics(async () => [
          await world.send(request),
          await world.send(request),
        ]);
        expect(answers).toMatchObject([SUCCESS, SUCCESS]);
        expect(metrics).toEqual(['mini-program UnknownPushes']);
        expect(world.passedOn('other') - before).toBe(1);
      }
    });

    it.each<[string, Fields]>([
      ['without a sender', { ...ENTER, FromUserName: '' }],
      ['without a time', { ...ENTER, CreateTime: 'now' }],
      ['without an event', { MsgType: 'event' }],
      ['with a MsgId of 65 digits', { ...TEXT, MsgId: '1'.repeat(65) }],
      ['about a check without a trace', { MsgType: 'event', Event: 'wxa_media_check' }],
    ])('answers success to an unreadable push %s, counts it, and stores nothing', async (_, fields) => {
      const before = await world.everything();
      const [answer, metrics] = await withMetrics(() => world.push(fields, format));
      expect(answer).toMatchObject(SUCCESS);
      expect(metrics).toEqual(['mini-program UnreadablePushes']);
      expect(await world.everything()).toEqual(before);
    });
  });

  it('accepts 32 KiB and answers 413 to a larger body, whatever its signature', async () => {
    const push = world.request(ENTER);
    const body = Buffer.from(push.body!, push.isBase64Encoded ? 'base64' : 'utf8').toString();
    const ofSize = (bytes: number, rawQueryString = push.rawQueryString) =>
      functionUrlEvent({ rawQueryString, body: body.padEnd(bytes) });
    expect((await world.send(ofSize(32 * 1_024))).statusCode).toBe(200);
    for (const query of [push.rawQueryString, '']) {
      expect(await world.expectRefused(ofSize(32 * 1_024 + 1, query))).toMatchObject({ statusCode: 413 });
    }
  });

  it('rejects a push without a signature, with a foreign one, and of another mode', async () => {
    const other = pushRequest(pushText('json', ENTER), { mode: mode === 'plain' ? 'secure' : 'plain' });
    const push = world.request(ENTER);
    for (const event of [
      functionUrlEvent(other),
      { ...push, rawQueryString: '' },
      { ...push, rawQueryString: push.rawQueryString.replace('nonce=', 'nonce=1') },
      { ...push, rawQueryString: `${push.rawQueryString}&timestamp=1` },
    ]) {
      const body = 'This is not a push of WeChat for this account';
      expect(await world.expectRefused(event)).toMatchObject({ statusCode: 403, body });
    }
  });

  it('logs no openid, no key, no signature and no message text', async () => {
    await world.push(TEXT);
    const text = world.output.join('\n');
    expect(text).toContain('mini-program.push-received');
    for (const secret of [OPEN_ID, ids.miniapp.token, ids.miniapp.aesKey, '9527']) expect(text).not.toContain(secret);
    expect(text).not.toMatch(/\b[0-9a-f]{40}\b/);
  });
});
