import { beijingDigits } from '../beijing-time.ts';
import type { Clock } from '../clock.ts';
import { ControlError } from '../control-error.ts';
import type { Faults } from '../faults.ts';
import { PlatformError } from '../platform/error.ts';
import { digits } from '../random.ts';
import { isPaidByApple, leftFen } from './ledger.ts';
import type { VirtualOrder, VirtualRefund } from './ledger.ts';
import type { Notice } from './pushes.ts';

interface RefundWorld {
  clock: Clock;
  faults: Faults;
  settlesMs: number;
  notifyRefund: (refund: VirtualRefund) => Promise<Notice | null>;
}

export interface RefundRequest {
  refundOrderId: string;
  /** The refundable rest (fen) by the ledger of the merchant. */
  leftFen: number;
  amountFen: number;
}

const YEAR_MS = 365 * 86_400_000;

/**
 * The refunds of virtual payment.
 * @see https://developers.weixin.qq.com/miniprogram/dev/server/API/VirtualPayment/api_refund_order
 */
export class VirtualRefunds {
  readonly #world: RefundWorld;

  constructor(world: RefundWorld) {
    this.#world = world;
  }

  /** Begins a refund of the merchant, or returns the refund of the same number. @throws PlatformError */
  begin(order: VirtualOrder, request: RefundRequest): VirtualRefund {
    const known = order.refunds.find(({ refundOrderId }) => refundOrderId === request.refundOrderId);
    if (known) return known;
    const { clock, settlesMs, faults } = this.#world;
    this.#assertRefundable(order, request);
    const refund = this.#add(order, request);
    const state = faults.forRefund() ? 'failed' : 'done';
    clock.schedule(clock.now() + settlesMs, async () => {
      // The test may have ended the refund already.
      if (refund.state === 'running') await this.end(refund, state);
    });
    return refund;
  }

  /** Refunds in the console of virtual payment, or by Apple: without a number of the merchant. */
  refundByHand(order: VirtualOrder, amountFen: number): Promise<Notice | null> {
    if (!order.payment || amountFen < 1 || amountFen > leftFen(order))
      throw new ControlError(409, 'NOT_REFUNDABLE', `only ${leftFen(order)} fen can be refunded`);
    return this.end(this.#add(order, { amountFen }), 'done');
  }

  /** Ends a refund and notifies the merchant. @throws ControlError if the refund has ended */
  end(refund: VirtualRefund, state: 'done' | 'failed'): Promise<Notice | null> {
    if (refund.state !== 'running') throw new ControlError(409, 'REFUND_SETTLED', `the refund is ${refund.state}`);
    Object.assign(refund, { state, endedAt: this.#world.clock.now() });
    return this.#world.notifyRefund(refund);
  }

  #assertRefundable(order: VirtualOrder, { leftFen: expected, amountFen }: RefundRequest): void {
    const { payment, refunds } = order;
    if (isPaidByApple(order)) throw new PlatformError(268490013, 'Apple支付订单不支持开发者发起退款');
    const left = leftFen(order);
    if (!payment || this.#world.clock.now() > payment.paidAt + YEAR_MS) throw new PlatformError(268490013);
    if (refunds.some(({ state }) => state === 'running')) throw new PlatformError(268490014);
    if (left === 0) throw new PlatformError(268490013);
    if (expected !== left) throw new PlatformError(268490016);
    if (amountFen < 1 || amountFen > left) throw new PlatformError(268490002);
  }

  #add(order: VirtualOrder, about: { amountFen: number; refundOrderId?: string }): VirtualRefund {
    const createdAt = this.#world.clock.now();
    const { amountFen, refundOrderId } = about;
    const day = beijingDigits(createdAt).slice(0, 8);
    const refund: VirtualRefund = {
      order,
      amountFen,
      ...(refundOrderId !== undefined && { refundOrderId }),
      wxRefundId: `VPR${beijingDigits(createdAt).slice(2)}${digits(9)}`,
      wxpayRefundId: isPaidByApple(order) ? '' : `5030${digits(7)}${day}${digits(10)}`,
      createdAt,
      state: 'running',
    };
    order.refunds.push(refund);
    return refund;
  }
}
