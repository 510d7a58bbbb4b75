import { expectTypeOf, test } from 'vitest';
import type { Budgeted } from '../../lib/core/deadline.ts';
import type { CheckDeps } from '../../lib/pay/check-order.ts';
import type { RefundDeps } from '../../lib/pay/follow-refund.ts';
import { merge } from '../../lib/wiring/merge.ts';
import type { loadOwnOrders, loadPayNotify, loadPayNotifyV2 } from '../../lib/wiring/pay.ts';

test('the dependencies of requests with a deadline reach WeChat Pay only through within', () => {
  expectTypeOf<Awaited<ReturnType<typeof loadOwnOrders>>>().not.toExtend<CheckDeps>();
  expectTypeOf<Awaited<ReturnType<typeof loadPayNotify>>>().not.toExtend<RefundDeps>();
  expectTypeOf<Awaited<ReturnType<typeof loadPayNotifyV2>>>().not.toExtend<RefundDeps>();
  expectTypeOf<Budgeted<CheckDeps>>().toHaveProperty('within').parameter(0).toBeNumber();
});

test('merge rejects results that share a key of another type', () => {
  expectTypeOf(merge({ table: 'a', log: 1 }, { table: 'a', send: 2 })).toEqualTypeOf<
    { table: string; log: number } & { table: string; send: number }
  >();
  // @ts-expect-error: `table` is text in one and a number in the other
  merge({ table: 'a' }, { table: 1 });
});
