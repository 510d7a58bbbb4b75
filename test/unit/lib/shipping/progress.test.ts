import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { eventsOf } from '../../../../lib/events/from-record.ts';
import { advance, isOver, nextLookAtMs, type Progress } from '../../../../lib/shipping/progress.ts';
import { keys } from '../../../../lib/store/keys.ts';
import type { Shipment } from '../../../../lib/store/shipments.ts';
import { recordOf } from '../../../support/stream-records.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const dayOf = (day: number) => `2026-11-${day}T03:00:00.000Z`;
const [PAID_AT, SHIPPED_AT, RECEIVED_AT, SETTLED_AT, SEEN_AT] = [20, 21, 24, 25, 26].map(dayOf) as [
  string,
  string,
  string,
  string,
  string,
];
const PAID_MS = Date.parse(PAID_AT);

const toShip: Shipment = {
  outTradeNo: 'k3v9x2m7q1w8z4t601jd5m2x8r4v7c9q',
  sku: 'coffee',
  amountFen: 1_800,
  revision: 1,
  state: 'to-ship',
  delivery: 'express',
  parcels: [],
  paidAt: PAID_AT,
};
const upload = { delivery: 'express' as const, parcels: [], isFinal: true, uploadAtMs: PAID_MS };
const pending = { ...upload, claimId: 'c', claimedAtMs: PAID_MS };
const shipped: Shipment = { ...toShip, state: 'shipped', shippedAt: SHIPPED_AT };
const received: Shipment = { ...shipped, state: 'received', receivedAt: RECEIVED_AT };
const settled: Shipment = { ...received, state: 'settled', settledAt: SETTLED_AT };
const refunded: Shipment = { ...toShip, refundedAt: SEEN_AT };

const times = { shippedAt: SHIPPED_AT, receivedAt: RECEIVED_AT, settledAt: SETTLED_AT };
const report = (state: Progress['state'], more: Partial<Progress> = {}) => ({ state, seenAt: SEEN_AT, ...more });

describe('advance', () => {
  it.each<[string, Shipment, Progress, Shipment]>([
    ['a shipping with its own time', toShip, report('shipped', times), shipped],
    ['a shipping without a time', toShip, report('shipped'), { ...shipped, shippedAt: SEEN_AT }],
    ['a receipt', shipped, report('received', times), received],
    ['a settlement', received, report('settled', times), settled],
    ['a settlement after two lost reports', toShip, report('settled', times), settled],
    [
      'a settlement after two lost reports whose times are unknown',
      toShip,
      report('settled'),
      { ...settled, shippedAt: SEEN_AT, receivedAt: SEEN_AT, settledAt: SEEN_AT },
    ],
    [
      'a receipt, without replacing a known time',
      shipped,
      report('received', { ...times, shippedAt: SEEN_AT }),
      received,
    ],
    [
      'an estimate',
      shipped,
      report('shipped', { estimatedSettlementAt: RECEIVED_AT }),
      { ...shipped, estimatedSettlementAt: RECEIVED_AT },
    ],
    [
      'a later estimate',
      { ...shipped, estimatedSettlementAt: RECEIVED_AT },
      report('shipped', { estimatedSettlementAt: SETTLED_AT }),
      { ...shipped, estimatedSettlementAt: SETTLED_AT },
    ],
    [
      'the method of the receipt',
      received,
      report('received', { confirmReceiveMethod: '2' }),
      { ...received, confirmReceiveMethod: '2' },
    ],
    ['a refund before the shipping', toShip, report('refunded'), refunded],
    ['a refund before the settlement', received, report('refunded'), { ...received, refundedAt: SEEN_AT }],
    [
      'a shipping that is reported after the refund',
      refunded,
      report('shipped', times),
      { ...shipped, refundedAt: SEEN_AT },
    ],
    [
      'a settlement that is reported after the refund',
      { ...received, refundedAt: SEEN_AT },
      report('settled', times),
      settled,
    ],
    ['a refund that makes a pending upload useless', { ...toShip, pending }, report('refunded'), refunded],
    ['a settlement that makes a pending upload useless', { ...toShip, pending }, report('settled', times), settled],
    [
      'a shipping while its upload is pending',
      { ...toShip, pending },
      report('shipped', times),
      { ...shipped, pending },
    ],
  ])('applies %s', (_, shipment, progress, expected) => {
    expect(advance(shipment, progress)).toEqual(expected);
  });

  it.each<[string, Shipment, Progress]>([
    ['a repeated shipping', shipped, report('shipped', { shippedAt: SEEN_AT })],
    ['an older state', settled, report('shipped', times)],
    ['an estimate for a settled order', settled, report('shipped', { estimatedSettlementAt: SEEN_AT })],
    ['an estimate for a refunded order', refunded, report('to-ship', { estimatedSettlementAt: SEEN_AT })],
    [
      'another method of the receipt',
      { ...settled, confirmReceiveMethod: '1' },
      report('settled', { confirmReceiveMethod: '2' }),
    ],
    ['a refund after the settlement', settled, report('refunded')],
    ['a second refund', refunded, report('refunded', { seenAt: PAID_AT })],
    ['the state that the shipment has', toShip, report('to-ship')],
  ])('returns the same shipment for %s', (_, shipment, progress) => {
    expect(advance(shipment, progress)).toBe(shipment);
  });
});

describe('any sequence of reports', () => {
  const time = fc.option(fc.constantFrom(SHIPPED_AT, RECEIVED_AT, SETTLED_AT), { nil: undefined });
  const progress: fc.Arbitrary<Progress> = fc.record({
    state: fc.constantFrom<Progress['state']>('to-ship', 'shipped', 'received', 'settled', 'refunded'),
    seenAt: fc.constantFrom(SEEN_AT, dayOf(27)),
    shippedAt: time,
    receivedAt: time,
    settledAt: time,
    estimatedSettlementAt: time,
    confirmReceiveMethod: fc.constantFrom(undefined, '1', '2'),
  });
  const reports = fc.array(progress, { maxLength: 12 });
  const start = fc.constantFrom(toShip, { ...toShip, pending });
  const RANKS = ['to-ship', 'shipped', 'received', 'settled'];

  it('never moves a shipment backward, and never changes the time of a reached state', () => {
    fc.assert(
      fc.property(start, reports, (first, sequence) => {
        let before: Shipment = first;
        for (const next of sequence) {
          const after = advance(before, next);
          expect(RANKS.indexOf(after.state)).toBeGreaterThanOrEqual(RANKS.indexOf(before.state));
          for (const name of ['shippedAt', 'receivedAt', 'settledAt'] as const)
            expect(before[name] ?? after[name]).toBe(after[name]);
          expect(isOver(after) || !isOver(before)).toBe(true);
          before = after;
        }
      }),
    );
  });

  it('has no further effect when each report is repeated', () => {
    fc.assert(
      fc.property(start, reports, (first, sequence) => {
        let shipment: Shipment = first;
        for (const next of sequence) {
          shipment = advance(shipment, next);
          expect(advance(shipment, next)).toBe(shipment);
        }
      }),
    );
  });

  it('gives the same state and the same end in any order', () => {
    const shuffled = reports.chain((sequence) =>
      fc.tuple(fc.constant(sequence), fc.shuffledSubarray(sequence, { minLength: sequence.length })),
    );
    const endOf = (sequence: Progress[]) => {
      const { state, refundedAt } = sequence.reduce(advance, toShip);
      return { state, isRefunded: refundedAt !== undefined };
    };
    fc.assert(
      fc.property(shuffled, ([one, other]) => {
        expect(endOf(other)).toEqual(endOf(one));
      }),
    );
  });

  it('has a time for exactly the reached states', () => {
    fc.assert(
      fc.property(reports, (sequence) => {
        const shipment = sequence.reduce(advance, toShip);
        const reached = [shipment.shippedAt, shipment.receivedAt, shipment.settledAt].map((at) => at !== undefined);
        expect(reached).toEqual([1, 2, 3].map((rank) => RANKS.indexOf(shipment.state) >= rank));
        expect(shipment.state === 'settled' && shipment.refundedAt !== undefined).toBe(false);
      }),
    );
  });

  it('publishes the event of each reached state exactly once, also when records are delivered twice', () => {
    fc.assert(
      fc.property(start, reports, (first, sequence) => {
        let before: Shipment = first;
        const records = [recordOf(keys.shipment(first.outTradeNo), undefined, first)];
        for (const next of sequence) {
          const after = { ...advance(before, next), revision: before.revision + 1 };
          records.push(recordOf(keys.shipment(first.outTradeNo), before, after));
          before = after;
        }
        const events = records.flatMap(eventsOf);
        const reached = ['shipped', 'received', 'settled'].slice(0, RANKS.indexOf(before.state));
        expect(events.map(({ name }) => name)).toEqual(reached.map((state) => `order.${state}`));
        for (const record of records)
          for (const event of eventsOf(record)) expect(events.map(({ id }) => id)).toContain(event.id);
      }),
    );
  });
});

describe('nextLookAtMs', () => {
  it.each<[string, Shipment, number, number | undefined]>([
    ['an unshipped order after a day', toShip, PAID_MS, PAID_MS + DAY_MS],
    ['an unshipped order after 40 hours', toShip, PAID_MS + DAY_MS, PAID_MS + 40 * HOUR_MS],
    ['an order that is overdue once a day', toShip, PAID_MS + 41 * HOUR_MS, PAID_MS + 65 * HOUR_MS],
    [
      'an express order 15 days after the shipping',
      shipped,
      Date.parse(SHIPPED_AT),
      Date.parse(SHIPPED_AT) + 15 * DAY_MS,
    ],
    [
      'another order four days after the shipping',
      { ...shipped, delivery: 'virtual' },
      Date.parse(SHIPPED_AT),
      Date.parse(SHIPPED_AT) + 4 * DAY_MS,
    ],
    ['a received order like a shipped one', received, Date.parse(SHIPPED_AT), Date.parse(SHIPPED_AT) + 15 * DAY_MS],
    ['a settled order never', settled, PAID_MS, undefined],
    ['a refunded order never', { ...received, refundedAt: SEEN_AT }, PAID_MS, undefined],
    ['an upload that another caller sends, after the claim', { ...toShip, pending }, PAID_MS + 1_000, PAID_MS + 60_000],
    ['a new upload at once', { ...toShip, pending: upload }, PAID_MS, PAID_MS],
    ['an upload after a tenth of its age', { ...toShip, pending: upload }, PAID_MS + 60_000, PAID_MS + 66_000],
    ['an upload whose claim is over', { ...toShip, pending }, PAID_MS + 60_000, PAID_MS + 66_000],
    ['an old upload once an hour', { ...toShip, pending: upload }, PAID_MS + DAY_MS, PAID_MS + 25 * HOUR_MS],
    ['an upload of the future at once', { ...toShip, pending: upload }, PAID_MS - 1_000, PAID_MS - 1_000],
  ])('schedules %s', (_, shipment, nowMs, expected) => {
    expect(nextLookAtMs(shipment, nowMs)).toBe(expected);
  });
});
