// Uploads of shipping information.
import { describe, expect, test } from 'vitest';
import { settings } from '../settings.ts';
import { call, payOrder, phoneAction, planFault } from '../support.ts';
import { parcel, useTrade } from './support.ts';

const { simulator, user, post, paid, upload, ship, shipped, stateOf } = useTrade();

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

  test('accepts a backslash before a u, which is no escape', async () => {
    const { transactionId } = await paid();
    const list = [{ ...parcel, item_desc: '\\u4e2d*1' }];
    expect(await ship(transactionId, { shipping_list: list })).toMatchObject({ errcode: 0 });
  });

  // The forms of the documentation.
  test.each(['189****1234', '021-****1234', '****1234', '0**2-***1234', '0**2-******23-10', '****123-8008'])(
    'accepts the masked contact %s of a parcel of SF',
    async (number) => {
      const { transactionId } = await paid();
      const contacts = [{ consignor_contact: number }, { receiver_contact: number }];
      const list = contacts.map((contact) => ({ ...parcel, express_company: 'SF', contact }));
      const more = { delivery_mode: 2, is_all_delivered: true, shipping_list: list };
      expect(await ship(transactionId, more)).toMatchObject({ errcode: 0 });
    },
  );

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

  test.each([
    ['the mode', { delivery_mode: 1 }],
    ['the kind', { delivery_mode: 1, logistics_type: 4 }],
  ])('counts a change of %s as the one correction, also before the last part', async (_, other) => {
    const { transactionId } = await shipped({ delivery_mode: 2, is_all_delivered: false });
    await simulator.advanceClock(1_000);
    expect(await ship(transactionId, other)).toMatchObject({ errcode: 0 });
    await simulator.advanceClock(1_000);
    const another = { ...other, shipping_list: [{ ...parcel, item_desc: '咖啡*2' }] };
    expect(await ship(transactionId, another)).toMatchObject({ errcode: 10060003 });
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

describe('upload_combined_shipping_info', () => {
  const byNumber = (outTradeNo: string) => ({
    order_number_type: 1,
    mchid: settings.pay.mchId,
    out_trade_no: outTradeNo,
  });
  const order = (outTradeNo: string, more: object = {}) => {
    const { order_key: _key, upload_time: _time, payer: _payer, ...shipping } = upload('');
    return { order_key: byNumber(outTradeNo), ...shipping, ...more };
  };
  const shipAll = (orders: unknown, more: object = {}) => {
    const { upload_time, payer } = upload('');
    const body = { order_key: byNumber('combined'), sub_orders: orders, upload_time, payer, ...more };
    return post('upload_combined_shipping_info', body);
  };

  test('ships every sub-order', async () => {
    const [first, second] = [await paid(), await paid()];
    const parts = {
      delivery_mode: 2,
      is_all_delivered: true,
      shipping_list: [parcel, { ...parcel, tracking_no: 'S2' }],
    };
    const orders = [order(first.outTradeNo, parts), order(second.outTradeNo)];
    expect(await shipAll(orders)).toMatchObject({ errcode: 0, errmsg: 'ok' });
    expect(await stateOf(first.transactionId)).toBe(2);
    expect(await stateOf(second.transactionId)).toBe(2);
  });

  test('ships no sub-order if one of them fails', async () => {
    const [first, second] = [await paid(), await paid()];
    const byOther = { payer: { openid: 'oOther' } };
    const unknown = [order(first.outTradeNo), order('T42')];
    expect(await shipAll(unknown)).toMatchObject({ errcode: 10060001 });
    expect(await shipAll([order(first.outTradeNo), order(second.outTradeNo)], byOther)).toMatchObject({
      errcode: 10060031,
    });
    const twice = [order(first.outTradeNo), order(first.outTradeNo)];
    expect(await shipAll(twice)).toMatchObject({ errcode: 10060013 });
    const ofOtherType = { order_key: { order_number_type: 2, transaction_id: second.transactionId } };
    expect(await shipAll([order(first.outTradeNo), order('', ofOtherType)])).toMatchObject({ errcode: 268485253 });
    expect(await shipAll({})).toMatchObject({ errcode: 47001 });
    expect(await shipAll([])).toMatchObject({ errcode: 10060014 });
    expect(await shipAll([order(first.outTradeNo)], { order_key: {} })).toMatchObject({ errcode: 268485194 });
    expect(await stateOf(first.transactionId)).toBe(1);
  });
});
