import * as v from 'valibot';
import { AppError } from '../core/errors.ts';
import { readOrder, type Order } from '../store/orders.ts';
import { readRefund, writeRefund, type Refund } from '../store/refunds.ts';
import { VERSION_CONFLICT, retryOnConflict } from '../core/optimistic-locking.ts';
import { MINUTE_MS } from './backoff.ts';
import { followRefund, sendRefund, type RefundDeps } from './follow-refund.ts';
import { isPaid } from './order.ts';
import { afterRefund, isFinal, MAX_REFUNDS, refundableFen } from './refund.ts';

const request = v.object({
  outTradeNo: v.string(),
  outRefundNo: v.pipe(v.string(), v.regex(/^[0-9A-Za-z_\-|*@]{1,64}$/, '1 to 64 of 0-9 A-Z a-z _ - | * @')),
  amountFen: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  // WeChat refuses characters of four bytes (pay 1.2).
  reason: v.optional(
    v.pipe(v.string(), v.regex(/^[^\u{10000}-\u{10FFFF}\p{Cc}]{1,80}$/u, '1 to 80 characters, no emoji')),
  ),
});

export type RefundOrderDeps = RefundDeps & { refundNotifyUrl: string };

/** A refund as operators see it. */
export type RefundView = Pick<Refund, 'outRefundNo' | 'outTradeNo' | 'amountFen' | 'status'> & {
  refundId: string | null;
  successAt: string | null;
};

/**
 * Refunds an order in full or in part. The amount is reserved in the ledger before the call to WeChat, so that concurrent
 * refunds never exceed the payment. A repeated request is the same refund: it returns the current status, and queries
 * WeChat while the outcome is unknown. PROCESSING is the usual answer, because the money arrives later.
 * @throws PARAM_ERROR; NOT_FOUND; ORDER_STATE_CONFLICT when the order is not paid, less than the amount is left, or the
 * number belongs to another refund; the errors of a call to WeChat Pay
 */
export async function refundOrder(deps: RefundOrderDeps, input: unknown): Promise<{ refund: RefundView }> {
  const parsed = v.safeParse(request, input);
  if (!parsed.success) throw new AppError('PARAM_ERROR', v.summarize(parsed.issues));
  const reported = await readRefund(deps.table, parsed.output.outRefundNo);
  if (reported?.status === 'REPORTED') await followRefund(deps, reported.outRefundNo);
  const { order, refund, isNew } = await reserveAmount(deps, parsed.output);
  if (isNew) await sendRefund(deps, order, refund);
  else if (!isFinal(refund)) await followRefund(deps, refund.outRefundNo);
  return { refund: refundView((await readRefund(deps.table, refund.outRefundNo)) ?? refund) };
}

/** Stores a new refund with its amount reserved, or returns the stored refund of this number. */
function reserveAmount(deps: RefundOrderDeps, wanted: v.InferOutput<typeof request>) {
  const { outTradeNo, outRefundNo, amountFen, reason } = wanted;
  return retryOnConflict(deps, async () => {
    const [order, known] = await Promise.all([readOrder(deps.table, outTradeNo), readRefund(deps.table, outRefundNo)]);
    if (!order) throw new AppError('NOT_FOUND', 'No such order');
    // A merely reported refund, which WeChat does not have, blocks nothing.
    if (known && known.status !== 'REPORTED') {
      if (known.outTradeNo !== outTradeNo || known.amountFen !== amountFen) {
        throw new AppError('ORDER_STATE_CONFLICT', 'This outRefundNo belongs to another refund');
      }
      if (known.status !== 'REFUSED') return { order, refund: known, isNew: false };
    }
    assertRefundable(order, amountFen);
    const createdAt = new Date(deps.now()).toISOString();
    const refund: Refund = {
      outRefundNo,
      outTradeNo,
      amountFen,
      status: 'REQUESTED',
      source: 'API',
      createdAt,
      changedAt: createdAt,
      notifyUrl: deps.refundNotifyUrl,
      ...(reason !== undefined && { reason }),
    };
    const money = afterRefund(order, { from: known?.status, to: 'REQUESTED', amountFen });
    const change = { refund, money, followUpAtMs: deps.now() + MINUTE_MS };
    return (await writeRefund(deps.table, { order, refund: known }, change))
      ? { order, refund, isNew: true }
      : VERSION_CONFLICT;
  });
}

function assertRefundable(order: Order, amountFen: number): void {
  const { state, refundCount } = order;
  if (!isPaid(order)) throw new AppError('ORDER_STATE_CONFLICT', 'The order is not paid', { detail: { state } });
  const leftFen = refundableFen(order);
  if (amountFen > leftFen) {
    throw new AppError('ORDER_STATE_CONFLICT', 'The amount exceeds what is left of the payment', {
      detail: { leftFen },
    });
  }
  if (refundCount >= MAX_REFUNDS) {
    throw new AppError('ORDER_STATE_CONFLICT', `WeChat Pay makes at most ${MAX_REFUNDS} refunds of one order`);
  }
}

function refundView({ outRefundNo, outTradeNo, amountFen, status, refundId, successAt }: Refund): RefundView {
  return { outRefundNo, outTradeNo, amountFen, status, refundId: refundId ?? null, successAt: successAt ?? null };
}
