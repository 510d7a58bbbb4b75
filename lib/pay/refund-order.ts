import * as v from 'valibot';
import { AppError } from '../core/errors.ts';
import { PLAIN_TEXT } from '../core/utf8.ts';
import { isPaid } from '../store/order-states.ts';
import { readOrder, type Order } from '../store/orders.ts';
import { FUNDS_ACCOUNTS, readRefund, writeRefund, type Refund } from '../store/refunds.ts';
import { VERSION_CONFLICT, retryOnConflict } from '../core/optimistic-locking.ts';
import { MINUTE_MS } from './backoff.ts';
import { followRefund, numberInUse, sendRefund, type RefundDeps } from './follow-refund.ts';
import { orderNumber, refundNumber } from '../core/number-schemas.ts';
import { afterRefund, isFinal, MAX_REFUNDS, refundableFen } from './refund.ts';

/**
 * Maximum length of a reason (bytes).
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013071036
 */
const REASON_BYTES = 80;

const request = v.object({
  outTradeNo: orderNumber,
  outRefundNo: refundNumber,
  amountFen: v.pipe(v.number(), v.safeInteger(), v.minValue(1)),
  // WeChat Pay rejects characters of four bytes, such as emoji, and counts bytes.
  // See https://pay.weixin.qq.com/doc/v3/merchant/4012081709
  reason: v.optional(
    v.pipe(
      v.string(),
      v.nonEmpty('reason must not be empty'),
      v.regex(PLAIN_TEXT, 'reason must have no emoji and no control characters'),
      v.maxBytes(
        REASON_BYTES,
        ({ received }) => `reason must have at most ${REASON_BYTES} bytes in UTF-8; got ${received}`,
      ),
    ),
  ),
  fundsAccount: v.optional(v.picklist(FUNDS_ACCOUNTS)),
});

export type RefundOrderDeps = RefundDeps & {
  refundNotifyUrl: string;
  /** Prefix of every refund number of this stage, or an empty text. Stages can share a merchant and its refund numbers. */
  refundNoPrefix: string;
  /**
   * Rejects an order of virtual payment that was placed under other settings.
   * @throws NOT_FOUND, WECHAT_CONFIG, NOT_CONFIGURED
   */
  assertReachable(order: Order): void;
};

/** The fields of a refund that the operator sees. */
export type RefundView = Pick<Refund, 'outRefundNo' | 'outTradeNo' | 'amountFen' | 'status'> & {
  refundId: string | null;
  successAt: string | null;
};

/**
 * Refunds an order in full or in part. The amount is reserved in the ledger before the call to WeChat, so that
 * concurrent refunds never exceed the payment. A repeated request returns the current status of the same refund. It
 * queries WeChat first unless the status is final. PROCESSING is the usual status, because the money arrives later.
 * @throws PARAM_ERROR naming the invalid field
 * @throws NOT_FOUND when no order has this number
 * @throws ORDER_STATE_CONFLICT when the order is not paid, its remaining amount is too small, it has 50 refunds, or
 * `outRefundNo` belongs to another refund; the errors of the calls to WeChat Pay
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013071036
 */
export async function refundOrder(deps: RefundOrderDeps, input: unknown): Promise<{ refund: RefundView }> {
  const parsed = v.safeParse(request, input);
  if (!parsed.success) throw new AppError('PARAM_ERROR', v.summarize(parsed.issues));
  if (!parsed.output.outRefundNo.startsWith(deps.refundNoPrefix)) {
    throw new AppError('PARAM_ERROR', `outRefundNo must begin with REFUND_NO_PREFIX, which is ${deps.refundNoPrefix}`);
  }
  const reported = await readRefund(deps.table, parsed.output.outRefundNo);
  if (reported?.status === 'REPORTED') await followRefund(deps, reported.outRefundNo);
  const { order, refund, isNew } = await reserveAmount(deps, parsed.output);
  if (isNew) await sendRefund(deps, order, refund);
  else if (!isFinal(refund)) await followRefund(deps, refund.outRefundNo);
  const current = (await readRefund(deps.table, refund.outRefundNo)) ?? refund;
  if (current.numberInUse) throw numberInUse(current.outRefundNo);
  return { refund: refundView(current) };
}

/** Stores a new refund and reserves its amount, or returns the stored refund of this number. */
function reserveAmount(deps: RefundOrderDeps, input: v.InferOutput<typeof request>) {
  const { outTradeNo, outRefundNo, amountFen, reason, fundsAccount } = input;
  return retryOnConflict(deps, async () => {
    const [order, stored] = await Promise.all([readOrder(deps.table, outTradeNo), readRefund(deps.table, outRefundNo)]);
    if (!order) throw new AppError('NOT_FOUND', 'No order has this outTradeNo');
    // refundOrder has already queried a REPORTED refund. If the status is still REPORTED, WeChat has no such refund, or
    // the order is unpaid.
    if (stored?.numberInUse) throw numberInUse(outRefundNo);
    if (stored && stored.status !== 'REPORTED') {
      if (stored.outTradeNo !== outTradeNo || stored.amountFen !== amountFen) {
        throw new AppError('ORDER_STATE_CONFLICT', 'This outRefundNo belongs to another refund; use a new number');
      }
      if (stored.status !== 'REFUSED') return { order, refund: stored, isNew: false };
    }
    if (order.api === 'virtual') {
      assertVirtualRefund(order, input);
      deps.assertReachable(order);
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
      ...(fundsAccount !== undefined && { fundsAccount }),
    };
    const money = afterRefund(order, { from: stored?.status, to: 'REQUESTED', amountFen });
    const change = { refund, money, followUpAtMs: deps.now() + MINUTE_MS };
    return (await writeRefund(deps.table, { order, refund: stored }, change))
      ? { order, refund, isNew: true }
      : VERSION_CONFLICT;
  });
}

/** The numbers of refunds that virtual payment permits. */
const VIRTUAL_REFUND_NO = /^[A-Za-z0-9_-]{8,32}$/;

/**
 * Rejects a refund that virtual payment would reject.
 * @throws PARAM_ERROR, FORBIDDEN
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/VirtualPayment/api_refund_order
 */
function assertVirtualRefund(
  { paidBy, openId }: Order,
  { outRefundNo, fundsAccount }: v.InferOutput<typeof request>,
): void {
  if (!VIRTUAL_REFUND_NO.test(outRefundNo)) {
    throw new AppError('PARAM_ERROR', 'outRefundNo of a virtual payment must have 8 to 32 of A-Z a-z 0-9 _ -');
  }
  if (fundsAccount !== undefined) {
    throw new AppError('PARAM_ERROR', 'fundsAccount: virtual payment has one account; leave the field out');
  }
  if (paidBy === 'apple') {
    throw new AppError(
      'FORBIDDEN',
      'Apple received this payment, so only Apple can refund it: the buyer asks at reportaproblem.apple.com',
    );
  }
  if (openId === undefined) {
    throw new AppError(
      'FORBIDDEN',
      'The user closed the account, and WeChat needs the openid; refund in the console of virtual payment',
    );
  }
}

function assertRefundable(order: Order, amountFen: number): void {
  const { state, refundCount } = order;
  if (!isPaid(order))
    throw new AppError('ORDER_STATE_CONFLICT', 'Only a paid order can be refunded', { detail: { state } });
  const leftFen = refundableFen(order);
  if (amountFen > leftFen) {
    const message = 'The amount exceeds detail.leftFen, the refundable rest of the payment';
    throw new AppError('ORDER_STATE_CONFLICT', message, { detail: { leftFen } });
  }
  if (refundCount >= MAX_REFUNDS) {
    throw new AppError('ORDER_STATE_CONFLICT', `WeChat Pay allows at most ${MAX_REFUNDS} refunds of one order`);
  }
}

/** Selects the fields of a refund that the operator sees. */
export function refundView({ outRefundNo, outTradeNo, amountFen, status, refundId, successAt }: Refund): RefundView {
  return { outRefundNo, outTradeNo, amountFen, status, refundId: refundId ?? null, successAt: successAt ?? null };
}
