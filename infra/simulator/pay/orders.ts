import { isDeepStrictEqual } from 'node:util';
import { beijingDigits } from '../beijing-time.ts';
import type { Clock } from '../clock.ts';
import { ControlError } from '../control-error.ts';
import type { Faults } from '../faults.ts';
import { alphanumeric, digits } from '../random.ts';
import type { WechatUsers, WechatUser } from '../wechat-users.ts';
import { PayError } from './error.ts';
import type { OrderTerms, PayOrder, TradeState, TradeType } from './ledger.ts';

interface PaymentHandle {
  order: PayOrder;
  expiresAt: number;
}

const minuteMs = 60_000;
const dayMs = 86_400_000;
const paymentHandleLifetimeMs: Record<TradeType, number> = {
  JSAPI: 120 * minuteMs,
  NATIVE: 120 * minuteMs,
  MWEB: 5 * minuteMs,
};
const latestExpiryMs: Record<TradeType, number> = { JSAPI: 15 * dayMs, NATIVE: 7 * dayMs, MWEB: 15 * dayMs };

/** The merchant's orders of both protocols, and the payment handles (prepay_id, code_url) that a phone pays by. */
export class PayOrders {
  readonly #clock: Clock;
  readonly #users: WechatUsers;
  readonly #faults: Faults;
  readonly #orders = new Map<string, PayOrder>();
  readonly #paymentHandles = new Map<string, PaymentHandle>();

  constructor(clock: Clock, users: WechatUsers, faults: Faults) {
    this.#clock = clock;
    this.#users = users;
    this.#faults = faults;
  }

  /**
   * Creates an order, or repeats one with the same terms. Returns a new payment handle: the prepay_id for JSAPI and H5,
   * the code_url for Native.
   * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791856
   */
  create(terms: OrderTerms): string {
    this.#assertPermitted();
    const known = this.#orders.get(terms.outTradeNo);
    if (known) this.#assertSame(known, terms);
    else if (this.#faults.takeVariant('create', 'expiry-declined')) assertExpiry(terms);
    const order = known ?? this.#newOrder(terms);
    this.#orders.set(terms.outTradeNo, order);
    return this.#newPaymentHandle(order);
  }

  all(): PayOrder[] {
    return [...this.#orders.values()];
  }

  find(outTradeNo: string): PayOrder {
    const order = this.#orders.get(outTradeNo);
    if (!order) throw new PayError(404, 'ORDER_NOT_EXIST', '订单不存在');
    return order;
  }

  findByTransaction(transactionId: string): PayOrder {
    if (!/^\d{28}$/.test(transactionId)) throw new PayError(500, 'INVALID_TRANSACTIONID', '订单号非法');
    const order = this.all().find(({ payment }) => payment?.transactionId === transactionId);
    if (!order) throw new PayError(404, 'ORDER_NOT_EXIST', '订单不存在');
    return order;
  }

  /**
   * Closes an unpaid order; idempotent. The close of an unknown order succeeds too.
   * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791860
   */
  close(outTradeNo: string): void {
    const order = this.#orders.get(outTradeNo);
    if (!order) {
      if (this.#faults.takeVariant('close', 'unknown-order-not-exist')) this.find(outTradeNo);
      if (this.#faults.takeVariant('close', 'unknown-order-closed'))
        throw new PayError(400, 'ORDER_CLOSED', '订单已关闭');
      return;
    }
    if (order.payment) throw new PayError(400, 'ORDERPAID', '该订单已支付');
    order.closed = true;
  }

  /** Opens the payment sheet: returns the order that the user can pay. @throws ControlError with the reason otherwise */
  openPaymentSheet(tradeType: TradeType, key: string, user: WechatUser): PayOrder {
    const paymentHandle = this.#paymentHandles.get(key);
    if (paymentHandle?.order.terms.tradeType !== tradeType) {
      throw new ControlError(
        404,
        'PREPAY_UNKNOWN',
        `no ${tradeType} payment ${key}; a repeated create voids its old code`,
      );
    }
    const { order } = paymentHandle;
    if (order.payment) throw new ControlError(409, 'ORDER_PAID', '该订单已支付: the order is paid already');
    if (this.stateOf(order) === 'CLOSED')
      throw new ControlError(409, 'ORDER_CLOSED', '订单已关闭: the order is closed');
    if (paymentHandle.expiresAt <= this.#clock.now())
      throw new ControlError(410, 'PREPAY_EXPIRED', 'create again for a new one');
    if (order.payableUntil <= this.#clock.now()) throw new ControlError(409, 'ORDER_EXPIRED', 'time_expire has passed');
    const { appId, payerOpenId } = order.terms;
    const wrongPayer = payerOpenId
      ? payerOpenId !== this.#users.openIdOf(user, appId)
      : (order.payerId ?? user.id) !== user.id;
    if (wrongPayer) throw new ControlError(403, 'WRONG_PAYER', '商家订单信息有误: the order is for another person');
    assertNetwork(order.terms, user);
    if (!payerOpenId) order.payerId = user.id;
    return order;
  }

  /** Pays an order, of which a coupon pays `couponFen`. */
  pay(order: PayOrder, user: WechatUser, couponFen = 0): string {
    const now = this.#clock.now();
    const transactionId = `4200${digits(6)}${beijingDigits(now).slice(0, 8)}${digits(10)}`;
    const openId = this.#users.openIdOf(user, order.terms.appId) ?? '';
    order.payment = { transactionId, paidAt: now, openId, couponFen };
    return transactionId;
  }

  /**
   * Returns the trade state. An order with a refund stays REFUND for every outcome of the refund.
   * @see https://pay.weixin.qq.com/doc/v3/merchant/4012791859
   */
  stateOf(order: PayOrder): TradeState {
    if (order.payment) return order.refunds.length > 0 ? 'REFUND' : 'SUCCESS';
    // WeChat Pay closes unpaid orders after seven days.
    return order.closed || this.#clock.now() >= order.createdAt + 7 * dayMs ? 'CLOSED' : 'NOTPAY';
  }

  #assertPermitted(): void {
    if (this.#faults.takeVariant('create', 'product-not-open'))
      throw new PayError(403, 'NO_AUTH', '商户号该产品权限未开通，请前往商户平台>产品中心检查后重试');
    if (this.#faults.takeVariant('create', 'collection-restricted'))
      throw new PayError(
        403,
        'NO_AUTH',
        '此商家的收款功能已被限制，暂无法支付。商家可登录微信商户平台查看原因和解决方案',
      );
  }

  #assertSame(known: PayOrder, terms: OrderTerms): void {
    if (known.payment) throw new PayError(400, 'ORDERPAID', '该订单已支付');
    if (this.stateOf(known) === 'CLOSED') throw new PayError(400, 'ORDER_CLOSED', '该订单已关闭，请重新下单');
    if (!isDeepStrictEqual(known.terms, terms)) {
      throw this.#faults.takeVariant('create', 'out-trade-no-used')
        ? new PayError(403, 'OUT_TRADE_NO_USED', '请求重入时，参数与首次请求时不一致')
        : new PayError(400, 'INVALID_REQUEST', '201 商户订单号重复');
    }
    if (known.payableUntil <= this.#clock.now()) throw new PayError(400, 'ORDER_CLOSED', '订单已过期，请重新下单');
  }

  #newOrder(terms: OrderTerms): PayOrder {
    const createdAt = this.#clock.now();
    const { tradeType, expiresAt } = terms;
    // A time_expire in the past is moved to the next minute, and a late one is cut.
    const lifeMs =
      expiresAt === undefined
        ? 7 * dayMs
        : Math.min(Math.max(remainingLifeMs(expiresAt), minuteMs), latestExpiryMs[tradeType]);
    return { terms, createdAt, payableUntil: createdAt + lifeMs, closed: false, refunds: [] };
  }

  #newPaymentHandle(order: PayOrder): string {
    const now = this.#clock.now();
    const { tradeType } = order.terms;
    const native = tradeType === 'NATIVE';
    if (native) this.#voidPaymentHandles(order);
    const key = native ? `weixin://wxpay/bizpayurl/up?pr=${alphanumeric(9)}&groupid=00` : newPrepayId(now);
    this.#paymentHandles.set(key, { order, expiresAt: now + paymentHandleLifetimeMs[tradeType] });
    return key;
  }

  #voidPaymentHandles(order: PayOrder): void {
    for (const [key, paymentHandle] of this.#paymentHandles)
      if (paymentHandle.order === order) this.#paymentHandles.delete(key);
  }
}

/** Creates a prepay_id in the format of WeChat Pay. */
export function newPrepayId(now: number): string {
  return `wx${beijingDigits(now)}${alphanumeric(18).toLowerCase()}00`;
}

/** The URL under which the phone's browser pays an H5 order. */
export function h5Url(prepayId: string): string {
  return `https://wx.tenpay.com/cgi-bin/mmpayweb-bin/checkmweb?prepay_id=${prepayId}&package=${digits(10)}`;
}

/**
 * Rejects an H5 payment from another network than that of the order. Merchants behind a proxy sent the address of the proxy:
 * yansongda/pay #239 and #240, w7corp/easywechat #968, helei112g/payment #172.
 */
function assertNetwork({ tradeType, payerAddress }: OrderTerms, { address }: WechatUser): void {
  if (tradeType !== 'MWEB' || address === undefined || address === payerAddress) return;
  throw new ControlError(
    403,
    'WRONG_NETWORK',
    `268498465 网络环境未能通过安全验证，请稍后再试: the order names ${payerAddress}, the phone has ${address}`,
  );
}

function assertExpiry({ tradeType, expiresAt }: OrderTerms): void {
  if (expiresAt === undefined) return;
  const inMs = remainingLifeMs(expiresAt);
  if (inMs > 0 && inMs <= latestExpiryMs[tradeType]) return;
  const detail = { field: '/time_expire', issue: 'must be a time to come, not too far', location: 'body', value: '' };
  throw new PayError(400, 'PARAM_ERROR', 'time_expire时间非法', detail);
}

/**
 * Returns the time left until time_expire, in ms. time_expire is on the merchant's real clock, so the result does not
 * depend on the virtual clock.
 */
function remainingLifeMs(expiresAt: number): number {
  return expiresAt - Date.now();
}
