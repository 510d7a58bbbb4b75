// The calls besides the upload: orders, reports, reminders, pages, carriers.
import { beforeEach, describe, expect, test } from 'vitest';
import { settings } from '../settings.ts';
import { apiCall, call, payOrder, planFault } from '../support.ts';
import { DAY_MS, parcel, useTrade } from './support.ts';

const { simulator, user, post, pushesOf, merchantOrder, orderOf, stateOf, paid, ship, shipped, seconds } = useTrade();

describe('the other calls', () => {
  let transactionId: string;
  beforeEach(async () => {
    ({ transactionId } = await paid());
  });
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

  test('answers only about the own mini-program whether it is managed', async () => {
    const name = 'is_trade_managed';
    expect(await post(name, { appid: settings.miniapp.appId })).toMatchObject({ is_trade_managed: true });
    expect(await post(name, { appid: 'wx0' })).toMatchObject({ errcode: 40013 });
    expect(await post(name, {})).toMatchObject({ errcode: 40097 });
    const completed = 'is_trade_management_confirmation_completed';
    expect(await post(completed, { appid: settings.miniapp.appId })).toMatchObject({ completed: true });
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

describe('get_order', () => {
  test('has the documented fields of a shipped order', async () => {
    const { outTradeNo, transactionId } = await shipped();
    expect(await orderOf(transactionId)).toEqual({
      transaction_id: transactionId,
      merchant_id: settings.pay.mchId,
      sub_merchant_id: '',
      merchant_trade_no: outTradeNo,
      description: '一杯咖啡',
      paid_amount: 1800,
      openid: user.openIds.miniapp,
      trade_create_time: expect.any(Number),
      pay_time: expect.any(Number),
      order_state: 2,
      in_complaint: false,
      shipping: {
        delivery_mode: 1,
        logistics_type: 1,
        finish_shipping: true,
        finish_shipping_count: 1,
        goods_desc: '一杯咖啡',
        shipping_list: [
          {
            tracking_no: 'S1',
            express_company: 'STO',
            goods_desc: parcel.item_desc,
            upload_time: expect.any(Number),
            contact: {},
          },
        ],
      },
    });
    const byNumber = { merchant_id: settings.pay.mchId, merchant_trade_no: outTradeNo };
    expect((await post('get_order', byNumber)).order).toEqual(await orderOf(transactionId));
    expect(await post('get_order', {})).toMatchObject({ errcode: 10060014 });
  });

  test('has the amount that the buyer paid, without the coupon', async () => {
    await planFault(simulator, 'pay', 'coupon');
    expect(await orderOf((await paid()).transactionId)).toMatchObject({ paid_amount: 900, shipping: {} });
  });

  test('does not find a payment in its first seconds', async () => {
    const { transactionId } = await payOrder(simulator, user);
    expect(await post('get_order', { transaction_id: transactionId })).toMatchObject({ errcode: 10060001 });
  });
});

describe('get_order_list', () => {
  const list = (query: object = {}) => post('get_order_list', query);
  const numbersOf = async (query: object) =>
    (await list(query)).order_list.map((one: { merchant_trade_no: string }) => one.merchant_trade_no);

  test('selects by state, payer and time of the payment', async () => {
    const first = await shipped();
    await simulator.advanceClock(60_000);
    const second = await paid();
    const { pay_time: paidAt } = await orderOf(second.transactionId);
    expect(await numbersOf({})).toEqual([first.outTradeNo, second.outTradeNo]);
    expect(await numbersOf({ order_state: 1 })).toEqual([second.outTradeNo]);
    expect(await numbersOf({ openid: 'oOther' })).toEqual([]);
    expect(await numbersOf({ pay_time_range: { begin_time: paidAt, end_time: paidAt } })).toEqual([second.outTradeNo]);
    expect(await numbersOf({ pay_time_range: { end_time: paidAt - 1 } })).toEqual([first.outTradeNo]);
  });

  test('continues at last_index', async () => {
    const paidNumbers = [];
    for (let count = 0; count < 3; count += 1) paidNumbers.push((await paid()).outTradeNo);
    const first = await list({ page_size: 2 });
    expect(first).toMatchObject({ errcode: 0, has_more: true, last_index: expect.any(String) });
    const second = await list({ page_size: 2, last_index: first.last_index });
    expect(second.has_more).toBe(false);
    const both = [...first.order_list, ...second.order_list];
    expect(both.map((one: { merchant_trade_no: string }) => one.merchant_trade_no)).toEqual(paidNumbers);
  });

  test.each<[number, object]>([
    [10060011, { last_index: 'x' }],
    [10060011, { last_index: 1 }],
    [10060014, { page_size: 101 }],
    [10060014, { pay_time_range: 1 }],
    [10060014, { pay_time_range: { begin_time: '1' } }],
  ])('answers %i to %j', async (errcode, query) => {
    expect(await list(query)).toMatchObject({ errcode });
  });
});

describe('opspecialorder', () => {
  const report = (id: string, more: object) => post('opspecialorder', { order_id: id, ...more });

  test('reminds of a presale at its time, by either number', async () => {
    await shipped();
    const { outTradeNo, transactionId } = await paid();
    expect(await report(transactionId, { type: 1, delay_to: seconds() + 16 * 86_400 })).toMatchObject({ errcode: 0 });
    expect(await report(outTradeNo, { type: 1, delay_to: seconds() + 20 * 86_400 })).toMatchObject({ errcode: 0 });
    await simulator.advanceClock(19 * DAY_MS);
    expect(pushesOf('trade_manage_remind_shipping')).toHaveLength(0);
    await simulator.advanceClock(DAY_MS + 60_000);
    expect(pushesOf('trade_manage_remind_shipping')).toMatchObject([{ merchant_trade_no: outTradeNo }]);
  });

  test('reminds of no test order, whose money stays frozen until its refund', async () => {
    await shipped();
    const { outTradeNo, transactionId } = await paid();
    expect(await report(transactionId, { type: 2 })).toMatchObject({ errcode: 0 });
    await simulator.advanceClock(30 * DAY_MS);
    expect(pushesOf('trade_manage_remind_shipping')).toHaveLength(0);
    expect(await stateOf(transactionId)).toBe(1);
    expect(await merchantOrder(outTradeNo)).toMatchObject({ frozenFen: 1800, shipping: { special: 'test' } });
  });

  test.each<[number, (now: number) => object]>([
    [268546000, () => ({ type: 3 })],
    [268546001, () => ({ type: 1 })],
    [268546001, (now) => ({ type: 1, delay_to: now + 14 * 86_400 })],
    [268546001, (now) => ({ type: 1, delay_to: now + 331 * 86_400 })],
    [268546002, () => ({ type: 2, order_id: '42' })],
  ])('answers %i to a wrong report', async (errcode, more) => {
    const { transactionId } = await paid();
    expect(await report(transactionId, more(seconds()))).toMatchObject({ errcode });
  });

  test('takes no report about a shipped order', async () => {
    const { transactionId } = await shipped();
    expect(await report(transactionId, { type: 2 })).toMatchObject({ errcode: 268546002 });
  });
});
