// The checks of the property test of money (test/integration/money-property.test.ts).
import { expect } from 'vitest';
import { isPaid } from '../../lib/store/order-states.ts';
import { isFinal } from '../../lib/pay/refund.ts';
import { sweep } from '../../lib/pay/sweep.ts';
import type { Order } from '../../lib/store/orders.ts';
import { readRefund } from '../../lib/store/refunds.ts';
import { AMOUNT, type Life, type MoneyWorld } from './money-world.ts';

/** Statuses of a refund that WeChat Pay has accepted and not closed. */
const AT_WECHAT = ['PROCESSING', 'ABNORMAL', 'SUCCESS'];

const NUMBERS = [1, 2, 3, 4, 5];

/** Returns the number of a refund that this service requests. Numbers from 1 to 5. Virtual payment permits 32 characters. */
export const refundNo = ({ outTradeNo }: Pick<Order, 'outTradeNo'>, number: number) =>
  `R${number}x${outTradeNo.slice(-29)}`;

/** Checks what holds at every moment. `past` holds the order and the refunds of the last check. */
export async function expectSound(world: MoneyWorld, { stored, past }: Life): Promise<void> {
  const order = await stored();
  if (!order) return;
  const { refundedFen, refundingFen, state, transactionId } = order;
  expect(refundingFen).toBeGreaterThanOrEqual(0);
  // The money of a request whose outcome is unknown stays reserved, also while a refund by hand has taken it.
  expect(refundedFen).toBeLessThanOrEqual(AMOUNT);
  expect(refundedFen, 'money that came back stays back').toBeGreaterThanOrEqual(past.order?.refundedFen ?? 0);
  expect(transactionId !== undefined).toBe(isPaid(order));
  if (past.order && isPaid(past.order)) expect(isPaid(order), `${state} was paid`).toBe(true);
  const atWechat = await world.merchantOrder(order);
  if (isPaid(order)) expect(atWechat?.transactionId).toBe(transactionId);
  for (const { outRefundNo, status } of atWechat?.refunds ?? []) {
    const refund = await readRefund(world.table, outRefundNo);
    const isOurs = NUMBERS.some((number) => outRefundNo === refundNo(order, number));
    if (isOurs && status !== 'CLOSED') expect(['REQUESTED', ...AT_WECHAT]).toContain(refund?.status);
    const before = past.refunds.get(outRefundNo);
    if (before && isFinal(before)) expect(refund?.status).toBe(before.status);
    if (refund) past.refunds.set(outRefundNo, refund);
  }
  past.order = order;
}

/** Checks that the ledger records whether the buyer paid, after a query or a close succeeded. */
export async function expectResolved(world: MoneyWorld, { stored }: Life, order: Order): Promise<void> {
  const { transactionId } = (await world.merchantOrder(order)) ?? {};
  expect((await stored())?.transactionId).toBe(transactionId);
}

/** Checks that the ledger agrees with the merchant platform, and that nothing is left to do. */
export async function expectAgreement(world: MoneyWorld, { deps, stored }: Life): Promise<void> {
  const order = await stored();
  if (!order) return;
  const { outTradeNo } = order;
  const { transactionId, isProvided = true, refunds = [] } = (await world.merchantOrder(order)) ?? {};
  const backFen = refunds.reduce((sum, { status, amountFen: fen }) => sum + (status === 'SUCCESS' ? fen : 0), 0);
  // WeChat waits for no delivery of an order that was refunded.
  if (backFen === 0) expect(isProvided, 'WeChat has the report of the delivery').toBe(true);
  const paidState = backFen === AMOUNT ? 'REFUNDED' : 'PAID';
  expect(order).toMatchObject({
    state: transactionId === undefined ? 'CLOSED' : paidState,
    refundedFen: backFen,
    refundingFen: 0,
    ...(transactionId !== undefined && { transactionId }),
  });
  for (const { outRefundNo, status } of refunds) {
    expect(await readRefund(world.table, outRefundNo)).toMatchObject({ outTradeNo, status });
  }
  for (const number of NUMBERS) {
    const refund = await readRefund(world.table, refundNo(order, number));
    if (refund) expect(['SUCCESS', 'CLOSED', 'REFUSED']).toContain(refund.status);
  }
  const lines = (event: string) =>
    world.lines.filter((line) => line.includes(`"${event}"`) && line.includes(outTradeNo));
  expect(lines('order.paid')).toHaveLength(transactionId === undefined ? 0 : 1);
  expect(lines('payment.mismatched')).toEqual([]);
  expect(await sweep(deps)).toMatchObject({ failed: 0, more: false });
}
