import { isDeepStrictEqual } from 'node:util';
import { beijingDigits, beijingIso } from './beijing-time.ts';
import type { Clock } from './clock.ts';
import { ControlError } from './control-error.ts';
import { PayError } from './pay-error.ts';
import type { TradeType } from './pay-fields.ts';
import type { People, Person } from './people.ts';
import { alphanumeric, digits } from './random.ts';

/** The checked body of a create call. */
export interface CreateRequest {
  appid: string;
  mchid: string;
  description: string;
  out_trade_no: string;
  time_expire?: string;
  attach?: string;
  notify_url: string;
  amount: { total: number; currency?: string };
  payer?: { openid: string };
  scene_info?: { device_id?: string };
}

export interface PayOrder {
  tradeType: TradeType;
  request: CreateRequest;
  createdAt: number;
  /** Last moment to pay, on the virtual clock. */
  payableUntil: number;
  closed: boolean;
  /** Native and H5: the first person to open the payment sheet; nobody else can pay then. */
  payerId?: string;
  payment?: { transactionId: string; paidAt: number; openId: string };
}

interface Handle {
  order: PayOrder;
  expiresAt: number;
}

const minuteMs = 60_000;
const dayMs = 86_400_000;
const handleLifetimeMs: Record<TradeType, number> = {
  JSAPI: 120 * minuteMs,
  NATIVE: 120 * minuteMs,
  MWEB: 5 * minuteMs,
};
const latestExpiryMs: Record<TradeType, number> = { JSAPI: 15 * dayMs, NATIVE: 7 * dayMs, MWEB: 15 * dayMs };

/** The merchant's orders, and the handles (prepay_id, code_url) by which a phone finds them. */
export class PayOrders {
  readonly #clock: Clock;
  readonly #people: People;
  readonly #orders = new Map<string, PayOrder>();
  readonly #handles = new Map<string, Handle>();

  constructor(clock: Clock, people: People) {
    this.#clock = clock;
    this.#people = people;
  }

  /**
   * Creates or repeats an order (pay 2.1, "Repeat semantics") and answers a fresh handle: the
   * prepay_id for JSAPI and H5, the code_url for Native.
   */
  create(tradeType: TradeType, request: CreateRequest): string {
    const known = this.#orders.get(request.out_trade_no);
    if (known) this.#assertSame(known, tradeType, request);
    else this.#assertExpiry(tradeType, request);
    const order = known ?? this.#newOrder(tradeType, request);
    this.#orders.set(request.out_trade_no, order);
    return this.#newHandle(order);
  }

  find(outTradeNo: string): PayOrder {
    const order = this.#orders.get(outTradeNo);
    if (!order) throw new PayError(404, 'ORDER_NOT_EXIST', '订单不存在');
    return order;
  }

  findByTransaction(transactionId: string): PayOrder {
    if (!/^\d{28}$/.test(transactionId)) throw new PayError(500, 'INVALID_TRANSACTIONID', '订单号非法');
    const order = [...this.#orders.values()].find(({ payment }) => payment?.transactionId === transactionId);
    if (!order) throw new PayError(404, 'ORDER_NOT_EXIST', '订单不存在');
    return order;
  }

  /** Closes an unpaid order; closing twice is fine (pay 2.6). */
  close(outTradeNo: string): void {
    const order = this.find(outTradeNo);
    if (order.payment) throw new PayError(400, 'ORDERPAID', '该订单已支付');
    order.closed = true;
  }

  /** Opens the payment sheet: the order that this person could pay now, or the reason why not. */
  openSheet(tradeType: TradeType, key: string, person: Person): PayOrder {
    const handle = this.#handles.get(key);
    if (handle?.order.tradeType !== tradeType) {
      throw new ControlError(
        404,
        'PREPAY_UNKNOWN',
        `no ${tradeType} payment ${key}; a repeated create voids its old code`,
      );
    }
    const { order } = handle;
    if (order.payment) throw new ControlError(409, 'ORDER_PAID', '该订单已支付: the order is paid already');
    if (this.#isClosed(order)) throw new ControlError(409, 'ORDER_CLOSED', '订单已关闭: the order is closed');
    if (handle.expiresAt <= this.#clock.now())
      throw new ControlError(410, 'PREPAY_EXPIRED', 'create again for a new one');
    if (order.payableUntil <= this.#clock.now()) throw new ControlError(409, 'ORDER_EXPIRED', 'time_expire has passed');
    const openId = this.#people.openIdOf(person, order.request.appid);
    const wrongPayer = order.request.payer
      ? order.request.payer.openid !== openId
      : (order.payerId ?? person.id) !== person.id;
    if (wrongPayer) throw new ControlError(403, 'WRONG_PAYER', '商家订单信息有误: the order is for another person');
    if (!order.request.payer) order.payerId = person.id;
    return order;
  }

  pay(order: PayOrder, person: Person): string {
    const now = this.#clock.now();
    const transactionId = `4200${digits(6)}${beijingDigits(now).slice(0, 8)}${digits(10)}`;
    const openId = this.#people.openIdOf(person, order.request.appid) ?? '';
    order.payment = { transactionId, paidAt: now, openId };
    return transactionId;
  }

  /** The order as query and notification show it (pay 2.5, 4.4). */
  describe(order: PayOrder): object {
    const { appid, mchid, out_trade_no, amount, attach, scene_info } = order.request;
    const base = {
      appid,
      mchid,
      out_trade_no,
      promotion_detail: [],
      scene_info: { device_id: scene_info?.device_id ?? '' },
    };
    if (!order.payment) {
      const [state, text] = this.#isClosed(order) ? ['CLOSED', '订单已关闭'] : ['NOTPAY', '订单未支付'];
      return { ...base, trade_state: state, trade_state_desc: text, amount: { total: amount.total, currency: 'CNY' } };
    }
    const { transactionId, paidAt, openId } = order.payment;
    return {
      ...base,
      transaction_id: transactionId,
      trade_type: order.tradeType,
      trade_state: 'SUCCESS',
      trade_state_desc: '支付成功',
      bank_type: 'OTHERS',
      ...(attach !== undefined && { attach }),
      success_time: beijingIso(paidAt),
      payer: { openid: openId },
      amount: { total: amount.total, payer_total: amount.total, currency: 'CNY', payer_currency: 'CNY' },
    };
  }

  #assertSame(known: PayOrder, tradeType: TradeType, request: CreateRequest): void {
    if (known.payment) throw new PayError(400, 'ORDERPAID', '该订单已支付');
    if (this.#isClosed(known)) throw new PayError(400, 'ORDER_CLOSED', '该订单已关闭，请重新下单');
    if (known.tradeType !== tradeType || !isDeepStrictEqual(known.request, request)) {
      throw new PayError(403, 'OUT_TRADE_NO_USED', '请求重入时，参数与首次请求时不一致');
    }
    if (known.payableUntil <= this.#clock.now()) throw new PayError(400, 'ORDER_CLOSED', '订单已过期，请重新下单');
  }

  #assertExpiry(tradeType: TradeType, { time_expire: timeExpire }: CreateRequest): void {
    if (timeExpire === undefined) return;
    const inMs = lifeOf(timeExpire);
    if (inMs > 0 && inMs <= latestExpiryMs[tradeType]) return;
    const detail = {
      field: '/time_expire',
      value: timeExpire,
      issue: 'must be a time to come, not too far',
      location: 'body',
    };
    throw new PayError(400, 'PARAM_ERROR', 'time_expire时间非法', detail);
  }

  #newOrder(tradeType: TradeType, request: CreateRequest): PayOrder {
    const createdAt = this.#clock.now();
    const lifeMs = request.time_expire === undefined ? 7 * dayMs : Math.max(lifeOf(request.time_expire), minuteMs);
    return { tradeType, request, createdAt, payableUntil: createdAt + lifeMs, closed: false };
  }

  #newHandle(order: PayOrder): string {
    const now = this.#clock.now();
    const native = order.tradeType === 'NATIVE';
    if (native) this.#voidHandles(order);
    const key = native
      ? `weixin://wxpay/bizpayurl/up?pr=${alphanumeric(9)}&groupid=00`
      : `wx${beijingDigits(now)}${alphanumeric(18).toLowerCase()}00`;
    this.#handles.set(key, { order, expiresAt: now + handleLifetimeMs[order.tradeType] });
    return key;
  }

  #voidHandles(order: PayOrder): void {
    for (const [key, handle] of this.#handles) if (handle.order === order) this.#handles.delete(key);
  }

  // Unpaid orders close by themselves after seven days.
  #isClosed(order: PayOrder): boolean {
    return order.closed || (!order.payment && this.#clock.now() >= order.createdAt + 7 * dayMs);
  }
}

/**
 * How long an order of this time_expire may still be paid. The merchant's clock is the real one, so this is measured on
 * it: however far the virtual clock was moved, a new order lives as long as it was meant to.
 */
function lifeOf(timeExpire: string): number {
  return Date.parse(timeExpire) - Date.now();
}
