import { expect, test } from 'vitest';
import { readMessageData } from '../../../infra/simulator/platform/message-values.ts';
import { startFurtherSimulator, useSimulator, useWechatUser } from './fixture.ts';
import { settings } from './settings.ts';
import { apiCall, newUser, phoneAction, showUser } from './support.ts';

const simulator = useSimulator();
const user = useWechatUser(simulator);

const data = { thing1: { value: '一杯咖啡' }, amount2: { value: '¥18.00' } };
const subscribe = async (changes: object = {}) => {
  const body = { touser: user.openIds.miniapp, template_id: 'tpl_paid', data, ...changes };
  return (await apiCall(simulator, 'miniapp', '/cgi-bin/message/subscribe/send', { body })).json;
};
const template = async (changes: object = {}) => {
  const body = { touser: user.openIds.official, template_id: 'tpl_paid', data, ...changes };
  return (await apiCall(simulator, 'official', '/cgi-bin/message/template/send', { body })).json;
};
const allow = (body: object) => phoneAction(simulator, user, 'allow-message', body);
const follow = () => phoneAction(simulator, user, 'event', { event: 'subscribe' });
const received = async () => (await showUser(simulator, user)).received;

test('one grant is one subscribe message', async () => {
  expect((await subscribe()).errcode).toBe(43101);
  expect((await allow({ templateId: 'tpl_paid' })).json).toEqual({ templateId: 'tpl_paid', left: 1 });
  expect((await subscribe({ template_id: 'tpl_other' })).errcode).toBe(43101);
  const { errcode, msgid } = await subscribe({ page: 'pages/order/index?id=1' });
  expect([errcode, typeof msgid]).toEqual([0, 'number']);
  expect((await subscribe()).errcode).toBe(43101);
  expect(await received()).toEqual([
    { kind: 'subscribe', msgId: msgid, templateId: 'tpl_paid', page: 'pages/order/index?id=1', data },
  ]);
  await allow({ templateId: 'tpl_paid', times: 2 });
  expect((await allow({ templateId: 'tpl_paid' })).json.left).toBe(3);
});

test.each([
  [40003, { touser: undefined }],
  [40037, { template_id: 'unknown' }],
  [40037, { template_id: undefined }],
  [40097, { miniprogram_state: 'release' }],
  [40097, { lang: 'de' }],
  [40097, { page: 1 }],
  [47003, { data: undefined }],
  [47003, { data: {} }],
  [47003, { data: { thing1: { value: 'x'.repeat(21) } } }],
])('rejects a subscribe message with %i for %j without using a grant', async (errcode, changes) => {
  await allow({ templateId: 'tpl_paid' });
  expect((await subscribe(changes)).errcode).toBe(errcode);
  expect((await subscribe()).errcode).toBe(0);
});

test('each kind of message accepts openids and tokens of its own app only', async () => {
  await follow();
  expect((await subscribe({ touser: user.openIds.official })).errcode).toBe(40003);
  expect((await template({ touser: user.openIds.miniapp })).errcode).toBe(40003);
  const body = { touser: user.openIds.official, template_id: 'tpl_paid', data };
  const wrong = await apiCall(simulator, 'miniapp', '/cgi-bin/message/template/send', { body });
  expect(wrong.json.errcode).toBe(40001);
});

test('a template message reaches followers only', async () => {
  expect((await template()).errcode).toBe(43004);
  await follow();
  const miniprogram = { appid: settings.miniapp.appId, pagepath: 'index?a=1' };
  const { errcode, msgid } = await template({ url: 'https://example.com/', miniprogram });
  expect(errcode).toBe(0);
  expect(await received()).toEqual([
    {
      kind: 'template',
      msgId: msgid,
      templateId: 'tpl_paid',
      url: 'https://example.com/',
      miniprogram,
      data,
    },
  ]);
});

test('the same client_msg_id is sent once within ten minutes', async () => {
  await follow();
  const first = await template({ client_msg_id: 'order-1' });
  expect(await template({ client_msg_id: 'order-1' })).toEqual(first);
  expect(await received()).toHaveLength(1);
  expect((await template({ client_msg_id: 'order-2' })).msgid).not.toBe(first.msgid);
  expect((await template()).msgid).not.toBe((await template()).msgid);
  await simulator.advanceClock(10 * 60_000);
  expect((await template({ client_msg_id: 'order-1' })).msgid).not.toBe(first.msgid);
  expect(await received()).toHaveLength(5);
});

test('rejects a template message with a wrong template, mini-program or value', async () => {
  await follow();
  expect((await template({ template_id: 'TM0001' })).errcode).toBe(40037);
  expect((await template({ miniprogram: { appid: 'wx1' } })).errcode).toBe(40013);
  const { errcode, errmsg } = await template({ data: { phrase4: { value: 'paid' } } });
  expect(errcode).toBe(47003);
  expect(errmsg).toMatch(/^argument invalid! data\.phrase4\.value invalid, rid: /);
});

test('templates named in the settings are the only ones', async () => {
  const other = await startFurtherSimulator({ miniapp: { templateIds: ['BEwX0BO'] } });
  const otherUser = await newUser(other);
  const send = async (id: string) => {
    const body = { touser: otherUser.openIds.miniapp, template_id: id, data };
    return (await apiCall(other, 'miniapp', '/cgi-bin/message/subscribe/send', { body })).json.errcode;
  };
  expect([await send('tpl_paid'), await send('BEwX0BO')]).toEqual([40037, 43101]);
});

test.each([
  ['thing1', '二十个字以内，可有emoji🎉和数字12'],
  ['number2', '12345678901234567890.5'],
  ['letter1', 'ABCabc'],
  ['symbol1', '+-*/!'],
  ['character_string3', 'A-1 b_2#'],
  ['time4', '15:01'],
  ['time4', '2019年10月1日 15:01'],
  ['time4', '2019年10月1日 15:01~2019年10月2日 15:01'],
  ['date2', '2019-12-25 09:42'],
  ['date2', '2019年10月1日'],
  ['amount1', '100元'],
  ['amount1', '￥18.00'],
  ['phone_number1', '+86-0766-66888866'],
  ['car_number1', '粤A8Z888挂'],
  ['name1', '张三'],
  ['name1', 'Bartholomew Smith'],
  ['phrase1', '已支付'],
  ['enum1', 'LISTED'],
])('%s may be %j', (name, value) => {
  expect(readMessageData({ [name]: { value } })).toEqual({ [name]: { value } });
});

test.each([
  ['thing1', ''],
  ['thing1', '一'.repeat(21)],
  ['thing1', 'two\nlines'],
  ['number2', '1,000'],
  ['number2', '1'.repeat(33)],
  ['letter1', 'a1'],
  ['symbol1', '++++++'],
  ['symbol1', 'a'],
  ['character_string3', '订单1'],
  ['character_string3', 'x'.repeat(33)],
  ['time4', 'tomorrow'],
  ['date2', '2019/13'],
  ['amount1', '¥12345678901'],
  ['amount1', '¥¥1'],
  ['phone_number1', '123456789012345678'],
  ['car_number1', '粤A8Z888888'],
  ['name1', '一二三四五六七八九十一'],
  ['name1', 'User 1'],
  ['phrase1', '已支付啦啦啦'],
  ['phrase1', 'paid'],
  ['enum1', ''],
  ['first', 'x'],
  ['constructor1', 'x'],
  ['thing', 'x'],
])('%s may not be %j', (name, value) => {
  expect(() => readMessageData({ [name]: { value } })).toThrow(`data.${name}.value invalid`);
});

test.each([[1], [null], [undefined], ['x'], [{ value: 1 }]])('a field may not be %j', (field) => {
  expect(() => readMessageData({ thing1: field })).toThrow('data.thing1.value invalid');
});

test.each([{}, { templateId: '' }, { templateId: 'tpl_x', times: 0 }, { templateId: 'tpl_x', times: '2' }])(
  'rejects the action with %j',
  async (body) => {
    expect((await allow(body)).status).toBe(400);
  },
);
