import * as fc from 'fast-check';
import { XMLParser } from 'fast-xml-parser';
import { expect, test } from 'vitest';
import { findProblem } from '../../../infra/simulator/pay/rule.ts';
import { createRules } from '../../../infra/simulator/pay/v3/fields.ts';
import { useFollower, useOfficialReceiver, useSimulator } from './fixture.ts';
import { appToken, call, phoneAction, planFault } from './support.ts';

const simulator = useSimulator({}, 'file');
const receiver = useOfficialReceiver(simulator);
const user = useFollower(simulator);

test('any text survives the XML of a push that escapes it, and is sent as it is in other pushes', async () => {
  const parser = new XMLParser({ parseTagValue: false, trimValues: false });
  // Control characters and a bare CR are no XML characters at all, whoever escapes them.
  const text = fc.string({ minLength: 1, unit: 'grapheme' }).map((value) => `<&]]>${value}]]>`);
  await fc.assert(
    fc.asyncProperty(text, async (sent) => {
      await phoneAction(simulator, user, 'message', { text: sent });
      expect(receiver.received.at(-1)?.body).toContain(`<Content><![CDATA[${sent}]]></Content>`);
      await planFault(simulator, 'official-push', 'escaped-text');
      await phoneAction(simulator, user, 'message', { text: sent });
      expect(parser.parse(receiver.received.at(-1)?.body ?? '').xml.Content).toBe(sent);
    }),
    { numRuns: 50 },
  );
});

test('no answer to a push makes the simulator fail', async () => {
  const name = fc.constantFrom('ToUserName', 'MsgType', 'Content', 'Articles', 'item', '__proto__', 'constructor');
  const element = fc.tuple(name, fc.string()).map(([tag, text]) => `<${tag}>${text}</${tag}>`);
  const body = fc.oneof(
    fc.string(),
    fc.array(element).map((elements) => `<xml>${elements.join('')}</xml>`),
  );
  await fc.assert(
    fc.asyncProperty(body, async (sent) => {
      receiver.answer = () => ({ status: 200, body: sent });
      const { status, json } = await phoneAction(simulator, user, 'message', { text: 'hi' });
      expect([status, json.push.reply]).toEqual([200, null]);
    }),
    { numRuns: 50 },
  );
  receiver.answer = () => ({ status: 200, body: '' });
});

test('no JSON body makes the platform fail with 500', async () => {
  const tokens = { miniapp: await appToken(simulator, 'miniapp'), official: await appToken(simulator, 'official') };
  const about = { touser: user.openIds.official, template_id: 'tpl_x' };
  const calls = fc.constantFrom<['miniapp' | 'official', string, object]>(
    ['miniapp', '/wxa/business/getuserphonenumber', {}],
    ['miniapp', '/wxa/getwxacodeunlimit', { scene: 'x' }],
    ['miniapp', '/cgi-bin/message/subscribe/send', { ...about, touser: user.openIds.miniapp }],
    ['official', '/cgi-bin/message/template/send', about],
    ['official', '/cgi-bin/message/custom/send', about],
    ['miniapp', '/cgi-bin/message/custom/send', { touser: user.openIds.miniapp }],
    ['miniapp', '/wxa/msg_sec_check', { version: 2, scene: 1, openid: user.openIds.miniapp }],
    ['miniapp', '/wxa/media_check_async', { version: 2, scene: 1, openid: user.openIds.miniapp }],
    ...['upload_shipping_info', 'upload_combined_shipping_info', 'get_order', 'get_order_list', 'opspecialorder'].map(
      (name) => ['miniapp' as const, `/wxa/sec/order/${name}`, {}] satisfies ['miniapp', string, object],
    ),
    ['official', '/cgi-bin/menu/create', {}],
    ['official', '/cgi-bin/menu/addconditional', { button: [{ type: 'click', name: 'x', key: 'K' }] }],
    ['official', '/cgi-bin/menu/delconditional', {}],
    ['official', '/cgi-bin/menu/trymatch', {}],
    ['official', '/cgi-bin/qrcode/create', {}],
  );
  const names = [
    'button',
    'matchrule',
    'menuid',
    'user_id',
    'type',
    'name',
    'data',
    'lang',
    'page',
    'width',
    'env_version',
    'client_msg_id',
    'msgtype',
    'text',
    'content',
    'media_url',
    'media_type',
    'order_key',
    'sub_orders',
    'shipping_list',
    'logistics_type',
    'delivery_mode',
    'pay_time_range',
    'last_index',
    'toString',
  ];
  const body = fc.dictionary(
    fc.constantFrom(...names),
    fc.oneof(fc.jsonValue(), fc.constantFrom('text', 'image', 'news', 2)),
  );
  await phoneAction(simulator, user, 'login-code');
  await fc.assert(
    fc.asyncProperty(calls, body, async ([app, path, known], more) => {
      const answer = await call(simulator, 'POST', `${path}?access_token=${tokens[app]}`, { ...more, ...known });
      expect(answer.status).toBe(200);
    }),
    { numRuns: 200 },
  );
});

test('no JSON value makes the field rules throw or pass by accident', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.constantFrom('JSAPI', 'NATIVE', 'MWEB'), (value, tradeType) => {
      expect(findProblem(createRules[tradeType], value)).toMatchObject({ issue: expect.any(String) });
    }),
  );
});

test('no JSON body makes a control call fail with 500', async () => {
  const path = fc.constantFrom(
    '/_faults',
    '/_clock',
    '/_phone/users',
    '/_phone/users/user-1/pay',
    '/_phone/users/x/scan',
    ...[
      'choose-avatar',
      'enter-service',
      'encrypted',
      'scan',
      'open',
      'message',
      'event',
      'resend',
      'allow-message',
      'login-code',
    ].map((action) => `/_phone/users/user-1/${action}`),
    '/_official',
    '/_miniapp',
    '/_open-platform',
    '/_merchant/refunds',
    '/_merchant/refunds/x',
    '/_merchant/bills',
    '/_merchant/trade',
    '/_merchant/shipping',
    '/_phone/users/user-1/receive',
  );
  await fc.assert(
    fc.asyncProperty(path, fc.json(), async (target, body) => {
      expect((await call(simulator, 'POST', target, body)).status).toBeLessThan(500);
    }),
    { numRuns: 50 },
  );
});
