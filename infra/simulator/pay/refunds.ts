import { isDeepStrictEqual } from 'node:util';
import { beijingDigits } from '../beijing-time.ts';
import type { Clock } from '../clock.ts';
import type { DeliveryResult } from '../deliver.ts';
import type { Faults } from '../faults.ts';
import { digits } from '../random.ts';
import { PayError } from './error.ts';
import type { FinalStatus, PayOrder, Refund, RefundStatus, RefundTerms } from './ledger.ts';

interface RefundWorld {
  clock: Clock;
  faults: Faults;
  settlesMs: number;
  /** Follows each accepted and each finished refund. */
  followRefund: (refund: Refund) => void;
  /** Notifies the merchant of the final status of a refund. */
  notifyRefund: (refund: Refund) => Promise<DeliveryResult | null>;
}

const mostRefunds = 50;
const minuteMs = 60_000;
const yearMs = 365 * 86_400_000;

/**
 * The refunds of all orders.
 * @see https://pay.weixin.qq.com/doc/v3/merchant/4013071036
 */
export class Refunds {
  readonly #world: RefundWorld;
  readonly #refunds = new Map<string, Refund>();

  constructor(world: RefundWorld) {
    this.#world = world;
  }

  /** Accepts a refund, or returns the existing one of the same number; the outcome follows later. */
  create(order: PayOrder, terms: RefundTerms): Refund {
    const { faults } = this.#world;
    const known = this.#refunds.get(terms.outRefundNo);
    if (!known && faults.takeVariant('refund', 'foreign-number')) this.#addForeign(terms);
    else if (!known) return this.#accept(order, terms);
    else if (isDeepStrictEqual(known.terms, terms)) return known;
    const code = faults.takeVariant('refund', 'fee-mismatch') ? 'REFUND_FEE_MISMATCH' : 'INVALID_REQUEST';
    throw new PayError(400, code, '订单金额或退款金额与之前请求不一致，请核实后再试');
  }

  /** Adds a finished refund under this number, of an order that another system of the merchant created. */
  #addForeign({ outRefundNo }: RefundTerms): void {
    const now = this.#world.clock.now();
    const outTradeNo = `other${digits(15)}`;
    const terms = {
      tradeType: 'NATIVE' as const,
      appId: 'wx0000000000000000',
      outTradeNo,
      description: '其他系统的订单',
    };
    const order: PayOrder = {
      terms: { ...terms, totalFen: 6_600, notifyUrl: '', sent: {} },
      createdAt: now,
      payableUntil: now,
      closed: false,
      payment: { transactionId: `4200${digits(24)}`, paidAt: now, openId: '', couponFen: 0 },
      refunds: [],
    };
    const sent = { outRefundNo, refundFen: 6_600, totalFen: 6_600, source: 'API' as const, sent: {} };
    const history = [{ status: 'SUCCESS' as const, at: now }];
    this.#refunds.set(outRefundNo, { order, terms: sent, refundId: newRefundId(now), createdAt: now, history });
  }

  find(outRefundNo: string): Refund {
    const refund = this.#refunds.get(outRefundNo);
    if (!refund) throw new PayError(404, 'RESOURCE_NOT_EXISTS', '退款单不存在');
    return refund;
  }

  findById(refundId: string): Refund {
    const refund = [...this.#refunds.values()].find((one) => one.refundId === refundId);
    if (!refund) throw new PayError(404, 'RESOURCE_NOT_EXISTS', '退款单不存在');
    return refund;
  }

  /** Ends a refund and notifies the merchant. */
  settle(refund: Refund, status: FinalStatus): Promise<DeliveryResult | null> {
    refund.history.push({ status, at: this.#world.clock.now() });
    this.#world.followRefund(refund);
    return this.#world.notifyRefund(refund);
  }

  /** Sends the money of an abnormal refund another way; the refund succeeds later. */
  restart(refund: Refund): void {
    const { clock, settlesMs } = this.#world;
    refund.history.push({ status: 'PROCESSING', at: clock.now() });
    clock.schedule(clock.now() + settlesMs, async () => {
      if (refundStatusOf(refund) === 'PROCESSING') await this.settle(refund, 'SUCCESS');
    });
  }

  #accept(order: PayOrder, terms: RefundTerms): Refund {
    const { clock, faults, settlesMs } = this.#world;
    const now = clock.now();
    assertRefundable(order, terms, now);
    const fault = faults.forRefund();
    if (fault === 'refund-not-enough') throw new PayError(403, 'NOT_ENOUGH', '基本账户余额不足，请充值后重新发起');
    if (terms.fundsAccount !== 'AVAILABLE' && faults.takeVariant('refund', 'unsettled-not-enough')) {
      throw new PayError(403, 'NOT_ENOUGH', '交易未结算资金不足，请使用可用余额退款');
    }
    if (refundedLately(order, now) && faults.takeVariant('refund', 'too-frequent')) {
      throw new PayError(429, 'FREQUENCY_LIMITED', '单笔订单请求频率过高，请于1分钟后重试');
    }
    const refundId = newRefundId(now);
    const refund: Refund = { order, terms, refundId, createdAt: now, history: [{ status: 'PROCESSING', at: now }] };
    order.refunds.push(refund);
    this.#refunds.set(terms.outRefundNo, refund);
    this.#world.followRefund(refund);
    const outcome = fault === 'refund-abnormal' ? 'ABNORMAL' : fault === 'refund-closed' ? 'CLOSED' : 'SUCCESS';
    clock.schedule(now + settlesMs, async () => {
      // The merchant platform may have ended the refund already.
      if (refundStatusOf(refund) === 'PROCESSING') await this.settle(refund, outcome);
    });
    return refund;
  }
}

function newRefundId(now: number): string {
  return `5030${digits(7)}${beijingDigits(now).slice(0, 8)}${digits(10)}`;
}

function refundedLately({ refunds }: PayOrder, now: number): boolean {
  return refunds.some(({ createdAt }) => now - createdAt < minuteMs);
}

/** The current status of a refund. */
export function refundStatusOf({ history }: Refund): RefundStatus {
  return history.at(-1)?.status ?? 'PROCESSING';
}

/** The time of a successful refund; undefined for any other status. */
export function refundedAt({ history }: Refund): number | undefined {
  const last = history.at(-1);
  return last?.status === 'SUCCESS' ? last.at : undefined;
}

/** The sum of an order's refunds, without closed ones. */
export function refundSum({ refunds }: PayOrder): number {
  const open = refunds.filter((refund) => refundStatusOf(refund) !== 'CLOSED');
  return open.reduce((sum, { terms }) => sum + terms.refundFen, 0);
}

function assertRefundable(order: PayOrder, { refundFen, totalFen }: RefundTerms, now: number): void {
  if (!order.payment) throw new PayError(400, 'INVALID_REQUEST', '订单未支付，不能退款');
  if (now > order.payment.paidAt + yearMs) throw new PayError(403, 'TRADE_OVERDUE', '订单已经超过可退款的最大期限');
  if (totalFen !== order.terms.totalFen) throw new PayError(400, 'INVALID_REQUEST', '订单金额不一致');
  if (order.refunds.length >= mostRefunds) throw new PayError(400, 'INVALID_REQUEST', '退款次数超过50次');
  const leftFen = totalFen - refundSum(order);
  if (leftFen === 0) throw new PayError(400, 'INVALID_REQUEST', '订单已全额退款');
  if (refundFen > leftFen) throw new PayError(400, 'INVALID_REQUEST', '申请退款金额大于订单剩余可退金额');
}
