import { describe, expect, it } from 'vitest';
import { queryShippingOrder, uploadShipping, type ShippingInformation } from '../../../../lib/wechat/order-shipping.ts';
import { access, wechat } from './scripted-wechat.ts';

const express: ShippingInformation = {
  transactionId: '4200000001202611290000000001',
  openId: 'o_1',
  delivery: 'express',
  parcels: [{ carrier: 'YTO', trackingNo: 'YT1', description: '咖啡' }],
  isSplit: false,
  isFinal: true,
  uploadAtMs: Date.parse('2026-12-01T05:29:35.120Z'),
};
const upload = (world: ReturnType<typeof wechat>, change: Partial<ShippingInformation> = {}) =>
  uploadShipping(world.deps, { ...access, information: { ...express, ...change } });

describe('uploadShipping', () => {
  it('sends the transaction id, the payer and the time in Beijing', async () => {
    const world = wechat(0);
    await expect(upload(world)).resolves.toBe('shipped');
    expect(world.pathOf(0)).toBe('/wxa/sec/order/upload_shipping_info?access_token=T');
    expect(world.bodyOf(0)).toEqual({
      order_key: { order_number_type: 2, transaction_id: express.transactionId },
      logistics_type: 1,
      delivery_mode: 1,
      shipping_list: [{ tracking_no: 'YT1', express_company: 'YTO', item_desc: '咖啡' }],
      upload_time: '2026-12-01T13:29:35.120+08:00',
      payer: { openid: 'o_1' },
    });
  });

  it.each([
    ['express', 1],
    ['same-city', 2],
    ['virtual', 3],
    ['pickup', 4],
  ] as const)('sends the delivery %s as %i', async (delivery, number) => {
    const world = wechat(0);
    await upload(world, { delivery });
    expect(world.bodyOf(0)).toMatchObject({ logistics_type: number });
  });

  it.each([true, false])('sends whether the last part of a split order follows: %s', async (isFinal) => {
    const world = wechat(0);
    await upload(world, { isSplit: true, isFinal });
    expect(world.bodyOf(0)).toMatchObject({ delivery_mode: 2, is_all_delivered: isFinal });
  });

  it('sends no carrier and no number for a delivery without a carrier', async () => {
    const world = wechat(0);
    await upload(world, { delivery: 'pickup', parcels: [{ description: '咖啡' }] });
    expect(world.bodyOf(0)).toMatchObject({ shipping_list: [{ item_desc: '咖啡' }] });
  });

  it.each([
    [{ consignor: '+86-177****1234' }, { consignor_contact: '+86-177****1234' }],
    [{ receiver: '021-****1234' }, { receiver_contact: '021-****1234' }],
  ])('sends the contact %j', async (contact, expected) => {
    const world = wechat(0);
    await upload(world, { parcels: [{ ...express.parcels[0]!, contact }] });
    expect(world.bodyOf(0)).toMatchObject({ shipping_list: [{ contact: expected }] });
  });

  it('sends control characters and lone surrogates in a form without escapes', async () => {
    const world = wechat(0);
    await upload(world, { parcels: [{ ...express.parcels[0]!, description: '咖\u0007啡\n\uD83C' }] });
    expect(world.textOf(0)).toContain('"item_desc":"咖 啡 \uFFFD"');
    expect(world.textOf(0)).not.toContain('\\');
  });

  it.each([
    [10060001, 'unknown-payment'],
    [10060002, 'shipped-before'],
    [10060003, 'corrected-before'],
    [10060004, 'not-shippable'],
    [10060023, 'unchanged'],
  ])('returns the outcome of errcode %i: %s', async (errcode, outcome) => {
    await expect(upload(wechat(errcode))).resolves.toBe(outcome);
  });

  it.each([10060005, 10060008, 10060009, 10060014, 10060024, 10060025, 268485226, 268485216, 268485228, 47001])(
    'throws PARAM_ERROR for errcode %i, which a repetition cannot change',
    async (errcode) => {
      await expect(upload(wechat(errcode))).rejects.toMatchObject({ code: 'PARAM_ERROR' });
    },
  );

  it('throws FORBIDDEN when the payment belongs to another user', async () => {
    await expect(upload(wechat(10060031))).rejects.toMatchObject({ code: 'FORBIDDEN' });
  });

  it.each([
    [-1, 'WECHAT_UNAVAILABLE'],
    [10060012, 'WECHAT_UNAVAILABLE'],
    [10060019, 'WECHAT_UNAVAILABLE'],
    [45009, 'RATE_LIMITED'],
    [48001, 'WECHAT_CONFIG'],
  ])('throws the error of errcode %i, after which the outcome is open: %s', async (errcode, code) => {
    await expect(upload(wechat(errcode))).rejects.toMatchObject({ code });
  });

  it('repeats a call that WeChat answered with "system busy" once', async () => {
    const world = wechat(-1, 0);
    await expect(upload(world)).resolves.toBe('shipped');
    expect(world.textOf(0)).toBe(world.textOf(1));
  });
});

describe('queryShippingOrder', () => {
  const order = {
    transaction_id: express.transactionId,
    merchant_id: '1900000001',
    merchant_trade_no: 'k3v9',
    description: '咖啡',
    paid_amount: 1800,
    openid: 'o_1',
    pay_time: 1_795_143_600,
    order_state: 2,
    in_complaint: false,
    shipping: {
      delivery_mode: 2,
      logistics_type: 1,
      finish_shipping: true,
      finish_shipping_count: 2,
      goods_desc: '咖啡',
      shipping_list: [
        { tracking_no: 'YT1', express_company: 'YTO', goods_desc: '咖啡', upload_time: 1_795_200_000, contact: {} },
        { tracking_no: 'YT2', express_company: 'YTO', goods_desc: '咖啡', upload_time: 1_795_203_600 },
      ],
    },
  };
  const query = (world: ReturnType<typeof wechat>) =>
    queryShippingOrder(world.deps, { ...access, transactionId: express.transactionId });

  it('asks for the transaction, and returns the order with its parcels', async () => {
    const world = wechat({ errcode: 0, order });
    await expect(query(world)).resolves.toEqual({
      transactionId: express.transactionId,
      outTradeNo: 'k3v9',
      openId: 'o_1',
      state: 'shipped',
      inComplaint: false,
      shipping: {
        delivery: 'express',
        isFinished: true,
        finishedCount: 2,
        parcels: [
          { carrier: 'YTO', trackingNo: 'YT1', description: '咖啡' },
          { carrier: 'YTO', trackingNo: 'YT2', description: '咖啡' },
        ],
        shippedAtMs: 1_795_203_600_000,
      },
    });
    expect(world.pathOf(0)).toBe('/wxa/sec/order/get_order?access_token=T');
    expect(world.bodyOf(0)).toEqual({ transaction_id: express.transactionId });
  });

  it.each([
    [1, 'to-ship'],
    [2, 'shipped'],
    [3, 'received'],
    [4, 'complete'],
    [5, 'refunded'],
    [6, 'settling'],
    [7, 'other'],
  ])('reads the state %i as %s', async (order_state, state) => {
    await expect(query(wechat({ errcode: 0, order: { ...order, order_state } }))).resolves.toMatchObject({ state });
  });

  it.each([[{}], [undefined]])('returns no shipping for %j, the form before the first upload', async (shipping) => {
    const answer = await query(wechat({ errcode: 0, order: { ...order, shipping } }));
    expect(answer).not.toHaveProperty('shipping');
  });

  it('leaves out a time of shipping that WeChat does not send', async () => {
    const shipping = { ...order.shipping, logistics_type: 4, shipping_list: [{ goods_desc: '咖啡' }] };
    const answer = await query(wechat({ errcode: 0, order: { ...order, shipping } }));
    expect(answer?.shipping).toEqual({ delivery: 'pickup', isFinished: true, finishedCount: 2, parcels: [] });
  });

  it.each<[unknown, number | undefined]>([
    ['1795203600', 1_795_203_600_000],
    [1_795_203_600_123, 1_795_203_600_000],
    [0, undefined],
    [-1, undefined],
    ['soon', undefined],
    [1e20, undefined],
  ])('reads the time of shipping %j as %s', async (upload_time, shippedAtMs) => {
    const shipping = { ...order.shipping, shipping_list: [{ ...order.shipping.shipping_list[0], upload_time }] };
    const answer = await query(wechat({ errcode: 0, order: { ...order, shipping } }));
    expect(answer?.shipping?.shippedAtMs).toBe(shippedAtMs);
  });

  it('returns undefined for a payment that WeChat does not have', async () => {
    await expect(query(wechat(10060001))).resolves.toBeUndefined();
  });

  it('throws WECHAT_UNAVAILABLE for the order of another transaction', async () => {
    const other = { ...order, transaction_id: '4200000001202611290000000002' };
    await expect(query(wechat({ errcode: 0, order: other }))).rejects.toMatchObject({ code: 'WECHAT_UNAVAILABLE' });
  });
});
