import { describe, expect, it } from 'vitest';
import { shippingView } from '../../../../lib/shipping/shipping-view.ts';
import type { Shipment } from '../../../../lib/store/shipments.ts';

const shipped: Shipment = {
  outTradeNo: '0123456789abcdef0123456789abcdef',
  sku: 'coffee',
  amountFen: 1_800,
  revision: 3,
  state: 'shipped',
  delivery: 'express',
  parcels: [{ carrier: 'SF', trackingNo: 'SF1', description: '咖啡', contact: { receiver: '+86-138****6666' } }],
  paidAt: '2026-12-01T08:00:00.000Z',
  shippedAt: '2026-12-01T09:00:00.000Z',
  uploadAtMs: 1,
};

describe('shippingView', () => {
  it('shows state, delivery and parcels without descriptions and contacts', () => {
    expect(shippingView(shipped)).toEqual({
      state: 'shipped',
      delivery: 'express',
      parcels: [{ carrier: 'SF', trackingNo: 'SF1' }],
    });
  });

  it('shows the times of the settlement', () => {
    const times = { estimatedSettlementAt: '2026-12-11T09:00:00.000Z', settledAt: '2026-12-10T09:00:00.000Z' };
    expect(shippingView({ ...shipped, ...times })).toMatchObject(times);
  });

  it('returns null for an order without a shipment', () => {
    expect(shippingView(undefined)).toBeNull();
  });

  it('returns null for an order that was refunded before it was shipped', () => {
    expect(shippingView({ ...shipped, state: 'to-ship', refundedAt: '2026-12-01T09:00:00.000Z' })).toBeNull();
  });

  it('shows the shipping of an order that was refunded after it was shipped', () => {
    expect(shippingView({ ...shipped, refundedAt: '2026-12-02T09:00:00.000Z' })).toMatchObject({ state: 'shipped' });
  });
});
