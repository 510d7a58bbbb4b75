import { describe, expect, it } from 'vitest';
import { passes } from '../../../../infra/service/stream-filter.ts';
import { eventsOf } from '../../../../lib/events/from-record.ts';
import { SCHEMAS } from '../../../../lib/events/schemas.ts';
import { CONTENT_EVENTS } from '../../../support/content-records.ts';
import { WRITTEN_AT } from '../../../support/stream-records.ts';
import {
  USER,
  OTHER,
  PAID_AT,
  order,
  paid,
  ofOrder,
  ofRefund,
  ofIdentity,
  ofAccount,
  subscribedAt,
  EVENTS,
  SILENT,
  filter,
} from './changes.ts';
import { SETTLED_AT_ONCE, SHIPPING_EVENTS } from './shipping-changes.ts';

describe('eventsOf', () => {
  it.each(EVENTS)('returns one event for %s', (_change, record, id, data) => {
    const [event, ...more] = eventsOf(record);
    expect(event).toMatchObject({ name: id.split(':')[0], id, at: WRITTEN_AT, data });
    expect(more).toEqual([]);
  });

  it('returns every event of SCHEMAS for some change', () => {
    expect(new Set(EVENTS.map(([, , id]) => id.split(':')[0]))).toEqual(new Set(Object.keys(SCHEMAS)));
  });

  it.each(SILENT)('returns no event for %s', (_change, record) => {
    expect(eventsOf(record)).toEqual([]);
  });

  it('returns two events for a registration of a new follower', () => {
    const record = ofIdentity(undefined, { accountId: USER, registeredAt: PAID_AT, subscribed: true, ...subscribedAt });
    expect(eventsOf(record).map(({ name }) => name)).toEqual(['user.registered', 'official-account.subscribed']);
  });

  it('returns the events of all states that a change of a shipment reaches, in their order', () => {
    const names = eventsOf(SETTLED_AT_ONCE).map(({ name }) => name);
    expect(names).toEqual(['order.shipped', 'order.received', 'order.settled']);
  });

  it('receives each record with an event through the stream filter, and fewer than half of the others', () => {
    expect(filter).toHaveLength(5);
    expect(EVENTS.filter(([, record]) => !passes(filter, record)).map(([change]) => change)).toEqual([]);
    expect(SILENT.filter(([, record]) => passes(filter, record)).length).toBeLessThan(SILENT.length / 2);
  });

  it('returns different ids for two phone numbers, and for two declines of a refund', () => {
    const phone = (before: object, after: string, revision: number) =>
      eventsOf(ofAccount(before, { phone: after, revision }))[0]?.id;
    const first = phone({}, '+8613800006666', 3);
    expect(phone({ phone: '+8613800006666' }, '+8613900007777', 4)).not.toBe(first);
    expect(first).not.toContain('138');
    const declines = ['2026-11-20T03:00:00.000Z', '2026-11-20T04:00:00.000Z'].map(
      (changedAt) => eventsOf(ofRefund('REQUESTED', 'REFUSED', { changedAt }))[0]?.id,
    );
    expect(new Set(declines).size).toBe(2);
  });

  it('returns different ids for two registrations of the same identity', () => {
    const [first] = eventsOf(ofIdentity(undefined, { accountId: USER, registeredAt: PAID_AT }));
    const [second] = eventsOf(ofIdentity(undefined, { accountId: OTHER, registeredAt: WRITTEN_AT }));
    expect(first?.id).not.toBe(second?.id);
  });

  it('returns no personal data except the openid', () => {
    const phone = '+8613800006666';
    const record = ofAccount({}, { phone, username: '13800006666', nickname: 'Li', revision: 3 });
    expect(JSON.stringify(eventsOf(record))).not.toMatch(/138|Li/);
    expect(JSON.stringify(SHIPPING_EVENTS.map(([, change]) => eventsOf(change)))).not.toMatch(/177|咖啡/);
    expect(JSON.stringify(CONTENT_EVENTS.map(([, change]) => eventsOf(change)))).not.toMatch(/x\.png|oABC/);
  });

  it('throws for an invalid record with a message that does not quote its values', () => {
    const broken = () => eventsOf(ofOrder(order, { ...paid, paidAt: 'yesterday-secret' }));
    expect(broken).toThrow('paidAt');
    expect(broken).not.toThrow('secret');
    const undated = { ...ofOrder(order, paid), dynamodb: { ...ofOrder(order, paid).dynamodb } };
    delete undated.dynamodb.ApproximateCreationDateTime;
    expect(() => eventsOf(undated)).toThrow('Invalid time');
  });
});
