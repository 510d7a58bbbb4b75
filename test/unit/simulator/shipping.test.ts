// The order shipping management: uploads, settlement by the clock, pushes and switches.
import { beforeEach, describe, expect, test } from 'vitest';
import { useMiniappReceiver, useSimulator, useWechatUser } from './fixture.ts';
import { settings } from './settings.ts';
import { apiCall, call, jsapi, newUser, orderBody, payCall, payOrder, phoneAction, planFault } from './support.ts';

const DAY_MS = 86_400_000;

const simulator = useSimulator({ miniapp: { token: 'BBBBB', mode: 'plain' } });
const receiver = useMiniappReceiver(simulator);
const user = useWechatUser(simulator);

const post = async (name: string, body: object | string) =>
  (await apiCall(simulator, 'miniapp', `/wxa/sec/order/${name}`, { body })).json;
const pushes = () => receiver.received.map(({ body }) => JSON.parse(body));
const pushesOf = (event: string) => pushes().filter(({ Event }) => Event === event);
const merchantOrder = async (outTradeNo: string) =>
  (await call(simulator, 'GET', '/_merchant/orders')).json.find(
    (one: { outTradeNo: string }) => one.outTradeNo === outTradeNo,
  );
const stateOf = async (transactionId: string) =>
  (await post('get_order', { transaction_id: transactionId })).order.order_state;

/** Pays an order, and waits until WeChat knows the payment. */
async function paid(more: object = {}) {
  // The receiver accepts the notification of the payment, which would be repeated otherwise.
  const order = await payOrder(simulator, user, { notify_url: receiver.url, ...more });
  await simulator.advanceClock(2_000);
  return order;
}

const parcel = { tracking_no: 'S1', express_company: 'STO', item_desc: '咖啡*1' };
/** A body of the upload of one express parcel. */
const upload = (transactionId: string, more: object = {}) => ({
  order_key: { order_number_type: 2, transaction_id: transactionId },
  logistics_type: 1,
  delivery_mode: 1,
  shipping_list: [parcel],
  upload_time: new Date(simulator.now()).toISOString(),
  payer: { openid: user.openIds.miniapp },
  ...more,
});
const ship = (transactionId: string, more: object = {}) => post('upload_shipping_info', upload(transactionId, more));
const shipped = async (more: object = {}) => {
  const order = await paid();
  expect(await ship(order.transactionId, more)).toMatchObject({ errcode: 0 });
  return order;
};

describe('upload_shipping_info', () => {
  test('accepts the example of the documentation, with the merchant number of the order too', async () => {
    const first = await paid();
    const contact = { consignor_contact: '+86-177****1234' };
    const list = [{ ...parcel, item_desc: '微信气泡狗集线器*1', contact }];
    const time = new Date(simulator.now() + 8 * 3_600_000).toISOString().replace('Z', '+08:00');
    const more = { shipping_list: list, upload_time: time };
    expect(await ship(first.transactionId, more)).toMatchObject({ errcode: 0, errmsg: 'ok' });
    const second = await paid();
    const key = { order_number_type: 1, mchid: settings.pay.mchId, out_trade_no: second.outTradeNo };
    expect(await ship('', { order_key: key })).toMatchObject({ errcode: 0 });
  });

  test.each<[number, object]>([
    [268485194, { order_key: {} }],
    [268485195, { order_key: { order_number_type: 2 } }],
    [268485196, { order_key: { order_number_type: 1 } }],
    [268485197, { order_key: { order_number_type: 1, mchid: settings.pay.mchId } }],
    [10060001, { order_key: { order_number_type: 2, transaction_id: '42' } }],
    [10060005, { logistics_type: 5 }],
    [268485224, { delivery_mode: 3 }],
    [10060006, { logistics_type: 3, delivery_mode: 2, is_all_delivered: true }],
    [10060007, { delivery_mode: 2 }],
    [47001, { shipping_list: parcel }],
    [10060014, { shipping_list: [] }],
    [10060024, { delivery_mode: 2, is_all_delivered: true, shipping_list: Array.from({ length: 16 }, () => parcel) }],
    [268485228, { shipping_list: [parcel, parcel] }],
    [10060008, { shipping_list: [{ ...parcel, item_desc: '' }] }],
    [10060009, { shipping_list: [{ ...parcel, item_desc: '咖'.repeat(121) }] }],
    [268485226, { shipping_list: [{ ...parcel, tracking_no: '' }] }],
    [268485227, { shipping_list: [{ ...parcel, express_company: '' }] }],
    [10060014, { shipping_list: [{ ...parcel, express_company: 'NONE' }] }],
    [10060014, { shipping_list: [{ ...parcel, express_company: 'SF' }] }],
    [10060014, { shipping_list: [{ ...parcel, contact: { consignor_contact: '+86-17712341234' } }] }],
    [268485216, { upload_time: '2026-12-01 10:00:00' }],
    [268485216, { upload_time: '2026-12-01T10:00:00+08:00' }],
    [10060014, { payer: {} }],
    [10060031, { payer: { openid: 'oOther' } }],
  ])('answers %i to %j', async (errcode, more) => {
    const { transactionId } = await paid();
    expect(await ship(transactionId, more)).toMatchObject({ errcode });
    expect(await stateOf(transactionId)).toBe(1);
  });

  test('answers 47001 to escapes of characters beyond ASCII', async () => {
    const { transactionId } = await paid();
    const json = JSON.stringify(upload(transactionId));
    const escaped = json.replaceAll(/[^\0-\x7f]/g, (one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`);
    expect(JSON.parse(escaped)).toEqual(JSON.parse(json));
    expect(await post('upload_shipping_info', escaped)).toMatchObject({ errcode: 47001 });
    expect(await post('upload_shipping_info', json)).toMatchObject({ errcode: 0 });
  });

  test('does not find a payment in its first seconds', async () => {
    const { transactionId } = await payOrder(simulator, user);
    expect(await ship(transactionId)).toMatchObject({ errcode: 10060001 });
    await simulator.advanceClock(2_000);
    expect(await ship(transactionId)).toMatchObject({ errcode: 0 });
  });

  test('accepts one correction, with a later time only', async () => {
    const { transactionId } = await shipped();
    const other = { shipping_list: [{ ...parcel, tracking_no: 'S2' }] };
    expect(await ship(transactionId)).toMatchObject({ errcode: 10060023 });
    const early = { ...other, upload_time: '2026-01-01T00:00:00.000Z' };
    expect(await ship(transactionId, early)).toMatchObject({ errcode: 10060014 });
    await simulator.advanceClock(1_000);
    expect(await ship(transactionId, other)).toMatchObject({ errcode: 0 });
    await simulator.advanceClock(1_000);
    expect(await ship(transactionId)).toMatchObject({ errcode: 10060003 });
    const { shipping } = (await post('get_order', { transaction_id: transactionId })).order;
    expect(shipping).toMatchObject({ finish_shipping: true, finish_shipping_count: 2 });
    expect(shipping.shipping_list).toMatchObject([{ tracking_no: 'S2', express_company: 'STO' }]);
  });

  test('finishes a split shipment with its last part, and rejects parts after it', async () => {
    const { transactionId } = await shipped({ delivery_mode: 2, is_all_delivered: false });
    expect(await stateOf(transactionId)).toBe(1);
    await simulator.advanceClock(1_000);
    const both = { delivery_mode: 2, shipping_list: [parcel, { ...parcel, tracking_no: 'S2' }] };
    expect(await ship(transactionId, { ...both, is_all_delivered: true })).toMatchObject({ errcode: 0 });
    expect(await stateOf(transactionId)).toBe(2);
    await simulator.advanceClock(1_000);
    expect(await ship(transactionId, { ...both, is_all_delivered: false })).toMatchObject({ errcode: 10060002 });
  });

  test('answers 10060004 after a full refund and after the receipt', async () => {
    const refunded = await paid();
    await call(simulator, 'POST', '/_merchant/refunds', { outTradeNo: refunded.outTradeNo, amountFen: 1800 });
    await simulator.advanceClock(2_000);
    expect(await ship(refunded.transactionId)).toMatchObject({ errcode: 10060004 });
    expect(await stateOf(refunded.transactionId)).toBe(5);
    const received = await shipped();
    await phoneAction(simulator, user, 'receive', { outTradeNo: received.outTradeNo });
    expect(await ship(received.transactionId, { logistics_type: 3 })).toMatchObject({ errcode: 10060004 });
  });

  test('appends the parcels of a split shipment as a variant', async () => {
    const split = { delivery_mode: 2, is_all_delivered: false };
    const { transactionId } = await shipped(split);
    await planFault(simulator, 'upload-shipping', 'split-appends');
    await simulator.advanceClock(1_000);
    await ship(transactionId, { ...split, shipping_list: [{ ...parcel, tracking_no: 'S2' }] });
    const { shipping } = (await post('get_order', { transaction_id: transactionId })).order;
    expect(shipping.shipping_list).toMatchObject([{ tracking_no: 'S1' }, { tracking_no: 'S2' }]);
  });
});

describe('settlement', () => {
  test.each([
    ['express', 1, 10],
    ['same-city', 2, 2],
    ['virtual', 3, 2],
    ['pickup', 4, 2],
  ])('confirms the receipt of %s by itself (type %i), %i days after the upload', async (_, type, days) => {
    const { transactionId, outTradeNo } = await shipped({ logistics_type: type });
    expect(await merchantOrder(outTradeNo)).toMatchObject({ frozenFen: 1800, settledFen: 0 });
    const [about] = pushesOf('trade_manage_order_settlement');
    expect(about).toMatchObject({ transaction_id: transactionId, merchant_trade_no: outTradeNo });
    expect(about.estimated_settlement_time - about.shipped_time).toBe((days * DAY_MS) / 1_000);
    await simulator.advanceClock(days * DAY_MS - 60_000);
    expect(await stateOf(transactionId)).toBe(2);
    await simulator.advanceClock(60_000);
    expect(await stateOf(transactionId)).toBe(4);
    expect(await merchantOrder(outTradeNo)).toMatchObject({ frozenFen: 0, settledFen: 1800 });
    expect(pushesOf('trade_manage_order_settlement')).toMatchObject([
      {},
      { transaction_id: transactionId, confirm_receive_method: 1, settlement_time: expect.any(Number) },
    ]);
  });

  test('settles at once when the buyer confirms the receipt of the shipped order, once', async () => {
    const { outTradeNo, transactionId } = await paid();
    const receive = (by = user) => phoneAction(simulator, by, 'receive', { outTradeNo });
    expect(await receive()).toMatchObject({ status: 409 });
    await ship(transactionId);
    expect(await receive(await newUser(simulator))).toMatchObject({ status: 404 });
    expect(await receive()).toMatchObject({ status: 200, json: { push: { status: 200 } } });
    expect(pushes().at(-1)).toMatchObject({ confirm_receive_method: 2, merchant_trade_no: outTradeNo });
    expect(await receive()).toMatchObject({ status: 409 });
    expect(await merchantOrder(outTradeNo)).toMatchObject({ settledFen: 1800 });
  });

  test('holds the money of an order in complaint until the complaint is closed', async () => {
    const { outTradeNo, transactionId } = await shipped();
    const { json } = await phoneAction(simulator, user, 'complain', { outTradeNo, text: '没有收到' });
    await phoneAction(simulator, user, 'receive', { outTradeNo });
    const { order } = await post('get_order', { transaction_id: transactionId });
    expect(order).toMatchObject({ order_state: 6, in_complaint: true });
    await call(simulator, 'POST', `/_merchant/complaints/${json.complaintId}`, { action: 'user-cancels' });
    await simulator.advanceClock(DAY_MS);
    expect(await stateOf(transactionId)).toBe(4);
  });

  test('does not hold the money of other payments', async () => {
    const official = { appid: settings.official.appId, payer: { openid: user.openIds.official } };
    const order = await paid(official);
    expect(await merchantOrder(order.outTradeNo)).toMatchObject({ frozenFen: 0, settledFen: 1800, shipping: null });
    expect(await ship(order.transactionId)).toMatchObject({ errcode: 10060001 });
    await call(simulator, 'POST', '/_merchant/trade', { managed: false });
    const free = await paid();
    expect(await merchantOrder(free.outTradeNo)).toMatchObject({ frozenFen: 0, settledFen: 1800, shipping: null });
    expect(await post('is_trade_managed', { appid: settings.miniapp.appId })).toMatchObject({
      is_trade_managed: false,
    });
  });
});

describe('pushes', () => {
  test('reminds of an order that is not shipped after 48 hours, and daily while nothing was ever shipped', async () => {
    const { outTradeNo, transactionId } = await paid();
    expect(pushesOf('trade_manage_remind_access_api')).toHaveLength(1);
    await simulator.advanceClock(2 * DAY_MS);
    expect(pushesOf('trade_manage_remind_shipping')).toMatchObject([
      { transaction_id: transactionId, merchant_trade_no: outTradeNo, merchant_id: settings.pay.mchId },
    ]);
    expect(pushesOf('trade_manage_remind_access_api').length).toBeGreaterThan(2);
    await ship(transactionId);
    const count = pushes().length;
    await simulator.advanceClock(3 * DAY_MS);
    expect(pushes()).toHaveLength(count);
  });

  test.each([
    ['no-push', 0],
    ['duplicate', 2],
    ['late', 0],
  ])('loses, repeats or delays the push about an order: %s', async (action, count) => {
    await planFault(simulator, 'trade-push', action);
    await shipped();
    expect(pushesOf('trade_manage_order_settlement')).toHaveLength(count);
    await simulator.advanceClock(DAY_MS);
    expect(pushesOf('trade_manage_order_settlement')).toHaveLength(action === 'late' ? 1 : count);
  });

  test('limits payments in the mini-program by a switch', async () => {
    const { json } = await payCall(simulator, { path: jsapi, body: orderBody(user) });
    await call(simulator, 'POST', '/_merchant/trade', { limited: true });
    expect(pushesOf('wxa_trade_controlled')).toMatchObject([{ msg: expect.stringContaining('支付') }]);
    const pay = () => phoneAction(simulator, user, 'pay', { prepayId: json.prepay_id });
    expect(await pay()).toMatchObject({ status: 403, json: { message: expect.stringContaining('errno 102') } });
    await call(simulator, 'POST', '/_merchant/trade', { limited: false });
    expect(await pay()).toMatchObject({ status: 200 });
  });
});

describe('the other calls', () => {
  let transactionId: string;
  beforeEach(async () => {
    ({ transactionId } = await paid());
  });
  const seconds = () => Math.floor(simulator.now() / 1_000);
  const remind = (receivedTime = seconds()) =>
    post('notify_confirm_receive', { transaction_id: transactionId, received_time: receivedTime });

  test('reminds the buyer of a shipped express order once', async () => {
    expect(await remind()).toMatchObject({ errcode: 10060028 });
    await ship(transactionId);
    expect(await remind(seconds() - 3_600)).toMatchObject({ errcode: 10060029 });
    expect(await remind()).toMatchObject({ errcode: 0 });
    expect(await remind()).toMatchObject({ errcode: 10060030 });
  });

  test('reminds no buyer of a delivery without a parcel', async () => {
    await ship(transactionId, { logistics_type: 4 });
    expect(await remind()).toMatchObject({ errcode: 10060032 });
  });

  test('keeps the pages behind the shipping message and the order list', async () => {
    expect(await post('set_msg_jump_path', { path: 'pages/order/detail' })).toMatchObject({ errcode: 0 });
    expect(await post('update_order_detail_path', { path: 'pages/order/detail' })).toMatchObject({ errcode: 10060014 });
    const path = 'pages/order/detail?no=${商品订单号}';
    expect(await post('update_order_detail_path', { path })).toMatchObject({ errcode: 0 });
    expect(await post('get_order_detail_path', {})).toMatchObject({ path });
    const { json } = await call(simulator, 'GET', '/_merchant/trade');
    expect(json).toMatchObject({ messagePath: 'pages/order/detail', orderDetailPath: path });
  });

  test('lists carriers with code and name', async () => {
    const path = '/cgi-bin/express/delivery/open_msg/get_delivery_list';
    const { json } = await apiCall(simulator, 'miniapp', path, { body: {} });
    expect(json.delivery_list).toContainEqual({ delivery_id: 'YTO', delivery_name: '圆通速递' });
    expect(json.count).toBe(json.delivery_list.length);
  });

  test('ships an order by hand', async () => {
    const { outTradeNo } = await paid();
    const byHand = { outTradeNo, delivery: 'express', carrier: 'YTO', trackingNo: 'Y1' };
    expect(await call(simulator, 'POST', '/_merchant/shipping', byHand)).toMatchObject({ status: 200 });
    expect(await merchantOrder(outTradeNo)).toMatchObject({
      shipping: { orderState: 2, delivery: 'express', parcels: [{ carrier: 'YTO', trackingNo: 'Y1' }] },
    });
  });
});
