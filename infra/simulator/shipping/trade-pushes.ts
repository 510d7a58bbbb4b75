// The pushes about paid orders, and the faults of these pushes.
import type { Clock } from '../clock.ts';
import type { DeliveryResult } from '../deliver.ts';
import type { Faults } from '../faults.ts';
import { sendUnsteadily } from '../mini-program/unsteady-push.ts';
import type { WechatUser } from '../wechat-users.ts';
import type { XmlFields } from '../xml.ts';
import { estimatedAt, seconds } from './trade-order.ts';
import type { Trade } from './trade-order.ts';

export interface PushWorld {
  clock: Clock;
  faults: Faults;
  sendEvent: (user: WechatUser, event: string, fields: XmlFields) => Promise<DeliveryResult>;
}

/**
 * Sends the events of the order shipping management.
 * @see https://developers.weixin.qq.com/miniprogram/dev/platform-capabilities/business-capabilities/order-shipping/order-shipping
 */
export class TradePushes {
  readonly #world: PushWorld;

  constructor(world: PushWorld) {
    this.#world = world;
  }

  /** The order was shipped, or settled. */
  settlement(trade: Trade): Promise<DeliveryResult | null> {
    return this.#sendAbout(trade, 'trade_manage_order_settlement', settlementFields(trade));
  }

  remindOfShipping(trade: Trade): Promise<DeliveryResult | null> {
    const msg = '订单已超过48小时未发货，请尽快发货';
    return this.#sendAbout(trade, 'trade_manage_remind_shipping', { ...orderFields(trade), msg });
  }

  remindOfApi(user: WechatUser): Promise<DeliveryResult> {
    const msg = '你的小程序已有交易，请尽快完成发货信息录入接入';
    return this.#world.sendEvent(user, 'trade_manage_remind_access_api', { msg });
  }

  limited(user: WechatUser): Promise<DeliveryResult> {
    const msg = '小程序未接入发货信息管理服务，支付功能已被限制';
    return this.#world.sendEvent(user, 'wxa_trade_controlled', { msg });
  }

  /** Returns the result of the first attempt; null for a push that is lost or late. */
  async #sendAbout({ user }: Trade, event: string, about: XmlFields): Promise<DeliveryResult | null> {
    const { faults, sendEvent } = this.#world;
    const fields = faults.takeVariant('trade-push', 'numbers-as-text') ? withTexts(about) : about;
    return sendUnsteadily(this.#world, 'trade-push', () => sendEvent(user, event, fields));
  }
}

function orderFields({ order, payment, mchId }: Trade): XmlFields {
  return {
    transaction_id: payment.transactionId,
    merchant_id: mchId,
    sub_merchant_id: '',
    merchant_trade_no: order.terms.outTradeNo,
    pay_time: seconds(payment.paidAt),
  };
}

function settlementFields(trade: Trade): XmlFields {
  const { received, settledAt, uploadedAt } = trade;
  return {
    ...orderFields(trade),
    shipped_time: seconds(uploadedAt),
    ...(received && settledAt !== undefined
      ? {
          confirm_receive_method: received.method,
          confirm_receive_time: seconds(received.at),
          settlement_time: seconds(settledAt),
        }
      : { estimated_settlement_time: seconds(estimatedAt(trade)) }),
  };
}

function withTexts(fields: XmlFields): XmlFields {
  return Object.fromEntries(
    Object.entries(fields).map(([name, value]) => [name, typeof value === 'number' ? String(value) : value]),
  );
}
