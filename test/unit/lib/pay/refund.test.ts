import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { afterRefund, nextStatus, refundableFen } from '../../../../lib/pay/refund.ts';
import type { Order } from '../../../../lib/store/orders.ts';
import type { RefundStatus } from '../../../../lib/store/refunds.ts';

const AMOUNT = 1800;
const paid = { amountFen: AMOUNT, state: 'PAID', refundedFen: 0, refundingFen: 0, refundCount: 0 } as Order;

describe('afterRefund', () => {
  it.each<[RefundStatus | undefined, RefundStatus, number, Partial<Order>]>([
    [undefined, 'REQUESTED', 800, { state: 'REFUNDING', refundedFen: 0, refundingFen: 800, refundCount: 1 }],
    ['REQUESTED', 'PROCESSING', 800, { state: 'REFUNDING', refundingFen: 800, refundCount: 1 }],
    ['REQUESTED', 'REFUSED', 800, { state: 'PAID', refundedFen: 0, refundingFen: 0, refundCount: 0 }],
    ['REFUSED', 'REQUESTED', 800, { state: 'REFUNDING', refundingFen: 800, refundCount: 1 }],
    ['PROCESSING', 'SUCCESS', 800, { state: 'PAID', refundedFen: 800, refundingFen: 0, refundCount: 1 }],
    ['PROCESSING', 'SUCCESS', AMOUNT, { state: 'REFUNDED', refundedFen: AMOUNT, refundingFen: 0 }],
    ['PROCESSING', 'ABNORMAL', 800, { state: 'REFUNDING', refundingFen: 800, refundCount: 1 }],
    ['ABNORMAL', 'SUCCESS', 800, { state: 'PAID', refundedFen: 800, refundingFen: 0 }],
    ['PROCESSING', 'CLOSED', 800, { state: 'PAID', refundedFen: 0, refundingFen: 0, refundCount: 0 }],
    [undefined, 'SUCCESS', 800, { state: 'PAID', refundedFen: 800, refundingFen: 0, refundCount: 1 }],
    ['REPORTED', 'SUCCESS', AMOUNT, { state: 'REFUNDED', refundedFen: AMOUNT, refundCount: 1 }],
  ])('for a refund from %s to %s of %i fen returns %j', (from, to, amountFen, money) => {
    const before =
      from === undefined ? paid : { ...paid, ...afterRefund(paid, { from: undefined, to: from, amountFen }) };
    expect(afterRefund(before, { from, to, amountFen })).toMatchObject(money);
  });

  it('returns REFUNDING while any refund is in progress, after other refunds succeeded', () => {
    const first = { ...paid, ...afterRefund(paid, { from: undefined, to: 'SUCCESS', amountFen: 1000 }) };
    const second = afterRefund(first, { from: undefined, to: 'REQUESTED', amountFen: 800 });
    expect(second).toEqual({ state: 'REFUNDING', refundedFen: 1000, refundingFen: 800, refundCount: 2 });
  });
});

describe('nextStatus', () => {
  it.each<[RefundStatus | undefined, RefundStatus, RefundStatus | undefined]>([
    [undefined, 'SUCCESS', 'SUCCESS'],
    ['REQUESTED', 'PROCESSING', 'PROCESSING'],
    ['PROCESSING', 'PROCESSING', undefined],
    ['SUCCESS', 'PROCESSING', undefined],
    ['SUCCESS', 'ABNORMAL', undefined],
    ['CLOSED', 'SUCCESS', undefined],
    ['PROCESSING', 'REQUESTED', undefined],
    ['ABNORMAL', 'SUCCESS', 'SUCCESS'],
    ['ABNORMAL', 'PROCESSING', 'PROCESSING'],
    ['REFUSED', 'REQUESTED', 'REQUESTED'],
    ['REFUSED', 'SUCCESS', 'SUCCESS'],
  ])('after %s with the report %s returns %s', (status, reported, next) => {
    expect(nextStatus(status, reported)).toBe(next);
  });

  /** The statuses of one refund at WeChat. Reports of them may arrive in any order, repeatedly, or not at all. */
  const life = fc.constantFrom<RefundStatus[]>(
    ['PROCESSING', 'SUCCESS'],
    ['PROCESSING', 'CLOSED'],
    ['PROCESSING', 'ABNORMAL', 'SUCCESS'],
    ['PROCESSING', 'ABNORMAL', 'CLOSED'],
    ['SUCCESS'],
  );
  const refunds = fc
    .array(fc.record({ life, share: fc.integer({ min: 1, max: 4 }), viaApi: fc.boolean() }), {
      minLength: 1,
      maxLength: 4,
    })
    .map((list) => {
      const unit = Math.floor(AMOUNT / list.reduce((sum, { share }) => sum + share, 0));
      return list.map(({ share, ...refund }) => ({ ...refund, amountFen: share * unit }));
    });

  it('ends with the status at WeChat, and the sums of an order stay constant for any order of reports', () => {
    const histories = refunds.chain((list) => {
      const reports = list.flatMap(({ life: reported }, index) => reported.map((status) => ({ index, status })));
      const received = fc.array(fc.constantFrom(...reports), { maxLength: 3 * reports.length });
      return fc.record({ list: fc.constant(list), received });
    });
    fc.assert(
      fc.property(histories, ({ list, received }) => {
        let order = paid;
        const statuses: (RefundStatus | undefined)[] = list.map(() => undefined);
        const apply = (index: number, reported: RefundStatus) => {
          const { amountFen } = list[index]!;
          const to = nextStatus(statuses[index], reported);
          if (to === undefined) return;
          order = { ...order, ...afterRefund(order, { from: statuses[index], to, amountFen }) };
          statuses[index] = to;
          expect(order.refundedFen + order.refundingFen + refundableFen(order)).toBe(AMOUNT);
          for (const fen of [order.refundedFen, order.refundingFen, refundableFen(order)]) {
            expect(fen).toBeGreaterThanOrEqual(0);
          }
        };
        list.forEach(({ viaApi }, index) => viaApi && apply(index, 'REQUESTED'));
        for (const { index, status } of received) apply(index, status);
        // At the end, the sweep queries each refund.
        list.forEach(({ life: reported }, index) => apply(index, reported.at(-1)!));
        const back = list.reduce(
          (sum, { life: reported, amountFen }) => sum + (reported.at(-1) === 'SUCCESS' ? amountFen : 0),
          0,
        );
        expect(order).toMatchObject({
          refundedFen: back,
          refundingFen: 0,
          state: back === AMOUNT ? 'REFUNDED' : 'PAID',
        });
      }),
      { numRuns: 500 },
    );
  });
});
