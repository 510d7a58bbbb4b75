import { beijingDigits } from '../beijing-time.ts';
import type { Clock } from '../clock.ts';
import { ControlError } from '../control-error.ts';
import { PlatformError } from '../platform/error.ts';
import { digits } from '../random.ts';
import type { WechatUser } from '../wechat-users.ts';
import type { Env, Purchase, VirtualOrder, VirtualRefund } from './ledger.ts';

interface NewOrder {
  env: Env;
  outTradeNo: string;
  user: WechatUser;
  purchase: Purchase;
  attach: string;
}

/** An order or a refund, by its number: `order_id` of the merchant, or `wx_order_id` of virtual payment. */
export type OrderKey = { orderId: string } | { wxOrderId: string };

/** All orders of virtual payment. The client of the buyer creates an order, and each number can be used once. */
export class VirtualOrders {
  readonly #clock: Clock;
  readonly #orders = new Map<string, VirtualOrder>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Oldest first. */
  all(): VirtualOrder[] {
    return [...this.#orders.values()];
  }

  has(outTradeNo: string): boolean {
    return this.#orders.has(outTradeNo);
  }

  open(about: NewOrder): VirtualOrder {
    const createdAt = this.#clock.now();
    const digitsOfNow = beijingDigits(createdAt).slice(2);
    const order: VirtualOrder = {
      ...about,
      wxOrderId: `VPO${digitsOfNow}${digits(9)}`,
      token: `E-${digitsOfNow}${digits(6)}`,
      createdAt,
      isClosed: false,
      refunds: [],
    };
    this.#orders.set(about.outTradeNo, order);
    return order;
  }

  pay(order: VirtualOrder, by: 'wechat' | 'apple'): void {
    const paidAt = this.#clock.now();
    const day = beijingDigits(paidAt).slice(0, 8);
    order.payment = {
      paidAt,
      channelOrderId: `${day}${digits(10)}`,
      ...(by === 'wechat' && { wxpayOrderId: `4500000138${day}${digits(10)}` }),
    };
  }

  /** Marks an order as delivered; a repetition changes nothing. */
  provide(order: VirtualOrder): void {
    order.providedAt ??= this.#clock.now();
  }

  close(order: VirtualOrder): void {
    if (order.payment) throw new ControlError(409, 'ORDER_PAID', 'a paid order cannot be closed');
    order.isClosed = true;
  }

  /** @throws ControlError if the buyer never opened the order */
  get(outTradeNo: string): VirtualOrder {
    const order = this.#orders.get(outTradeNo);
    if (!order) throw new ControlError(404, 'ORDER_UNKNOWN', `no buyer opened a virtual order ${outTradeNo}`);
    return order;
  }

  /** @throws ControlError if this user did not pay the order */
  getPaid(outTradeNo: string, payer: WechatUser): VirtualOrder {
    const order = this.get(outTradeNo);
    if (!order.payment || order.user !== payer)
      throw new ControlError(404, 'ORDER_UNKNOWN', `the user did not pay an order ${outTradeNo}`);
    return order;
  }

  /** @throws PlatformError 268490002 */
  find(env: Env, key: OrderKey): VirtualOrder {
    const order = this.all().find((one) =>
      'orderId' in key ? one.outTradeNo === key.orderId : one.wxOrderId === key.wxOrderId,
    );
    if (order?.env !== env) throw missing();
    return order;
  }

  findRefund(env: Env, key: OrderKey): VirtualRefund | undefined {
    return this.all()
      .filter((order) => order.env === env)
      .flatMap(({ refunds }) => refunds)
      .find((refund) =>
        'orderId' in key ? refund.refundOrderId === key.orderId : refund.wxRefundId === key.wxOrderId,
      );
  }
}

/** WeChat reports an unknown number as a wrong parameter (developers.weixin.qq.com, community post 00086804f30f68d81505ff6c063400). */
function missing(): PlatformError {
  return new PlatformError(268490002, '数据不存在');
}
