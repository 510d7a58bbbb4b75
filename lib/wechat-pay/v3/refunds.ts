import * as v from 'valibot';
import { AppError } from '../../core/errors.ts';
import type { Order } from '../../store/orders.ts';
import type { Refund } from '../../store/refunds.ts';
import type { RefundFact } from '../pay-api.ts';
import { callPay, type PayDeps } from './client.ts';

const fen = v.pipe(v.number(), v.safeInteger(), v.minValue(0));
const status = v.picklist(['PROCESSING', 'SUCCESS', 'CLOSED', 'ABNORMAL']);
const common = {
  transaction_id: v.string(),
  out_trade_no: v.string(),
  refund_id: v.string(),
  out_refund_no: v.string(),
  success_time: v.optional(
    v.pipe(
      v.string(),
      v.check((text) => !Number.isNaN(Date.parse(text))),
    ),
  ),
  amount: v.object({ total: fen, refund: fen }),
};
const answered = v.object({ ...common, status });
const notified = v.object({ ...common, mchid: v.string(), refund_status: status });

/**
 * Asks for a refund (pay 2.7). A repeat with the same number is the same refund, so everything comes from what is
 * stored. An answer means that it was taken, not that the money is back.
 * @throws FORBIDDEN, ORDER_STATE_CONFLICT, WECHAT_CONFIG, INTERNAL: not taken; RATE_LIMITED, WECHAT_UNAVAILABLE,
 * WECHAT_TIMEOUT: nobody knows
 */
export async function createRefund(
  deps: PayDeps,
  order: Order,
  { outRefundNo, amountFen, reason, notifyUrl }: Refund,
): Promise<RefundFact> {
  const body = {
    transaction_id: order.transactionId,
    out_refund_no: outRefundNo,
    ...(reason !== undefined && { reason }),
    ...(notifyUrl !== undefined && { notify_url: notifyUrl }),
    amount: { refund: amountFen, total: order.amountFen, currency: order.currency },
  };
  const answer = await callPay(deps, { method: 'POST', path: '/v3/refund/domestic/refunds', body });
  return readAnswer(answer, deps, outRefundNo);
}

/** What WeChat Pay knows of a refund (pay 2.7). @throws NOT_FOUND, WECHAT_UNAVAILABLE, WECHAT_TIMEOUT */
export async function queryRefund(deps: PayDeps, { outRefundNo }: { outRefundNo: string }): Promise<RefundFact> {
  const path = `/v3/refund/domestic/refunds/${encodeURIComponent(outRefundNo)}`;
  return readAnswer(await callPay(deps, { method: 'GET', path }), deps, outRefundNo);
}

/** Reads the decrypted resource of a refund notification (pay 4.5); undefined when it is none. */
export function readRefundNotice(json: string): RefundFact | undefined {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), notified), json);
  if (!parsed.success) return undefined;
  return factOf(parsed.output, parsed.output.mchid, parsed.output.refund_status);
}

/** An answer does not name the merchant: it is the one who asked. */
function readAnswer(answer: string, { merchant }: PayDeps, outRefundNo: string): RefundFact {
  const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), answered), answer);
  if (parsed.success && parsed.output.out_refund_no === outRefundNo) {
    return factOf(parsed.output, merchant.mchId, parsed.output.status);
  }
  throw new AppError('WECHAT_UNAVAILABLE', "WeChat Pay's answer is about no such refund");
}

type Told = Omit<v.InferOutput<typeof answered>, 'status'>;

function factOf(told: Told, mchId: string, refundStatus: RefundFact['status']): RefundFact {
  return {
    mchId,
    outTradeNo: told.out_trade_no,
    transactionId: told.transaction_id,
    outRefundNo: told.out_refund_no,
    refundId: told.refund_id,
    status: refundStatus,
    amountFen: told.amount.refund,
    totalFen: told.amount.total,
    ...(told.success_time && { successAt: new Date(told.success_time).toISOString() }),
  };
}
