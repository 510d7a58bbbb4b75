import { describe, expect, it } from 'vitest';
import { nextUpload } from '../../../../lib/shipping/next-upload.ts';
import { readShipRequest } from '../../../../lib/shipping/ship-request.ts';
import type { Parcel, Shipment } from '../../../../lib/store/shipments.ts';

const outTradeNo = 'k3v9x2m7q1w8z4t601jd5m2x8r4v7c9q';
const [PAID_AT, SHIPPED_AT] = ['2026-12-01T01:00:00.000Z', '2026-12-01T02:00:00.000Z'];
const [SHIPPED_MS, NOW_MS] = [Date.parse(SHIPPED_AT), Date.parse('2026-12-01T03:00:00.000Z')];
const [A, B, C] = ['A', 'B', 'C'].map((trackingNo): Parcel => ({ carrier: 'YTO', trackingNo })) as [
  Parcel,
  Parcel,
  Parcel,
];

const toShip: Shipment = {
  outTradeNo,
  sku: 'coffee',
  amountFen: 1_800,
  revision: 1,
  state: 'to-ship',
  delivery: 'express',
  parcels: [],
  paidAt: PAID_AT,
};
const partly: Shipment = { ...toShip, parcels: [A], uploadAtMs: SHIPPED_MS };
const shipped: Shipment = { ...partly, state: 'shipped', shippedAt: SHIPPED_AT };
const request = (input: object) => readShipRequest({ outTradeNo, ...input });
const plan = (shipment: Shipment, input: object) => nextUpload(shipment, request(input), NOW_MS);

describe('nextUpload, before the whole order is shipped', () => {
  it('ships the whole order with its parcels', () => {
    const { fingerprint } = request({ parcels: [A] });
    expect(plan(toShip, { parcels: [A] })).toEqual({
      delivery: 'express',
      parcels: [A],
      isFinal: true,
      uploadAtMs: NOW_MS,
      requestFingerprint: fingerprint,
    });
  });

  it.each(['same-city', 'pickup', 'virtual'])('ships a %s order without a parcel', (delivery) => {
    expect(plan(toShip, { delivery })).toMatchObject({ delivery, parcels: [], isFinal: true });
  });

  it('takes the delivery of the order by default', () => {
    expect(plan({ ...toShip, delivery: 'pickup' }, {})).toMatchObject({ delivery: 'pickup', parcels: [] });
  });

  it('adds new parcels to the earlier ones', () => {
    expect(plan(partly, { parcels: [B], final: false })).toMatchObject({ parcels: [A, B], isFinal: false });
    expect(plan(partly, { parcels: [A, B] })).toMatchObject({ parcels: [A, B], isFinal: true });
  });

  it('completes a split order without a further parcel', () => {
    expect(plan(partly, {})).toMatchObject({ parcels: [A], isFinal: true });
  });

  it('replaces the description of an earlier parcel', () => {
    const described = { ...A, description: '咖啡' };
    expect(plan(partly, { parcels: [described], final: false })).toMatchObject({ parcels: [described] });
  });

  it('sends nothing for parcels that WeChat has', () => {
    expect(plan(partly, { parcels: [A], final: false })).toBeUndefined();
  });

  it.each([
    ['an express order without a parcel', {}, 'at least one, with carrier and trackingNo'],
    ['a parcel of another delivery', { delivery: 'pickup', parcels: [A] }, 'a pickup order has none'],
    ['a part of another delivery', { delivery: 'virtual', final: false }, 'only an express order'],
  ])('rejects %s', (_, input, message) => {
    expect(() => plan(toShip, input)).toThrow(message);
  });

  it('rejects more parcels than WeChat accepts, the earlier ones included', () => {
    const parcels = Array.from({ length: 15 }, (_, index) => ({ carrier: 'YTO', trackingNo: `N${index}` }));
    expect(() => plan(partly, { parcels })).toThrow('WeChat accepts 15 per order');
    expect(plan(toShip, { parcels })?.parcels).toHaveLength(15);
  });

  it('counts another delivery after a part as the correction', () => {
    expect(plan(partly, { delivery: 'pickup' })).toMatchObject({ isCorrection: true, parcels: [], delivery: 'pickup' });
  });
});

describe('nextUpload, after the whole order was shipped', () => {
  it('sends nothing for the same parcels', () => {
    expect(plan(shipped, { parcels: [A] })).toBeUndefined();
  });

  it('sends nothing for a repeated request that added its parcels to others', () => {
    const { fingerprint } = request({ parcels: [B] });
    const both = { ...shipped, parcels: [A, B], requestFingerprint: fingerprint };
    expect(plan(both, { parcels: [B] })).toBeUndefined();
    expect(plan(both, { parcels: [A], final: false })).toBeUndefined();
  });

  it('replaces all parcels by the one correction', () => {
    expect(plan({ ...shipped, parcels: [A, B] }, { parcels: [C] })).toMatchObject({ parcels: [C], isCorrection: true });
    expect(plan({ ...shipped, parcels: [A, B] }, { parcels: [B] })).toMatchObject({ parcels: [B], isCorrection: true });
  });

  it('gives a correction a later time than the shipping, also if the clock is behind', () => {
    const ahead = { ...shipped, uploadAtMs: NOW_MS + 5_000 };
    expect(plan(ahead, { parcels: [B] })).toMatchObject({ uploadAtMs: NOW_MS + 6_000 });
    const { uploadAtMs: _, ...inConsole } = shipped;
    const late = { ...inConsole, shippedAt: new Date(NOW_MS + 5_000).toISOString() };
    expect(plan(late, { parcels: [B] })).toMatchObject({ uploadAtMs: NOW_MS + 6_000 });
  });

  it.each([
    ['a second correction', { ...shipped, isCorrected: true as const }, { parcels: [B] }, 'which is used up'],
    ['a correction after the receipt', { ...shipped, state: 'received' as const }, { parcels: [B] }, 'receipt'],
    ['a correction after the settlement', { ...shipped, state: 'settled' as const }, { parcels: [B] }, 'receipt'],
    ['a further part', shipped, { parcels: [B], final: false }, 'contains all parcels'],
    ['an order that WeChat refunded', { ...shipped, refundedAt: SHIPPED_AT }, { parcels: [B] }, 'refunded'],
  ])('rejects %s', (_, shipment, input, message) => {
    expect(() => plan(shipment, input)).toThrow(
      expect.objectContaining({ code: 'ORDER_STATE_CONFLICT', message: expect.stringContaining(message) as string }),
    );
  });
});

describe('readShipRequest', () => {
  it('masks phone numbers', () => {
    const parcel = { ...A, carrier: 'SF', consignorPhone: '13800006666', receiverPhone: '021-12345678' };
    expect(request({ parcels: [parcel] }).parcels).toEqual([
      { carrier: 'SF', trackingNo: 'A', contact: { consignor: '+86-138****6666', receiver: '021-****5678' } },
    ]);
  });

  it.each([
    ['no number', {}, 'outTradeNo'],
    ['an unknown field', { outTradeNo, trackingNo: 'A' }, 'trackingNo'],
    ['an unknown delivery', { outTradeNo, delivery: 'drone' }, 'must be one of express'],
    ['a parcel without a number', { outTradeNo, parcels: [{ carrier: 'YTO' }] }, 'parcels.0.trackingNo'],
    ['a number with spaces', { outTradeNo, parcels: [{ carrier: 'YTO', trackingNo: 'A B' }] }, 'no spaces'],
    ['a long description', { outTradeNo, parcels: [{ ...A, description: '字'.repeat(121) }] }, '120 characters'],
    ['sixteen parcels', { outTradeNo, parcels: Array.from({ length: 16 }, () => A) }, 'more than 15'],
  ])('rejects %s and names the problem', (_, input, message) => {
    expect(() => readShipRequest(input)).toThrow(
      expect.objectContaining({ code: 'PARAM_ERROR', message: expect.stringContaining(message) as string }),
    );
  });

  it.each(['13800006666x', 13_800_006_666])('rejects the phone %j without repeating it', (consignorPhone) => {
    const read = () => request({ parcels: [{ ...A, consignorPhone }] });
    expect(read).toThrow('must be a phone number');
    expect(read).not.toThrow('6666');
  });
});
