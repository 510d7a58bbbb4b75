// The pushes of virtual payment.
import type { Clock } from '../clock.ts';
import type { DeliveryResult } from '../deliver.ts';
import type { Faults } from '../faults.ts';
import { sendUnsteadily } from '../mini-program/unsteady-push.ts';
import { openText } from '../push/envelope.ts';
import type { PushConsole } from '../push/console.ts';
import { digits } from '../random.ts';
import { seconds } from '../shipping/trade-order.ts';
import type { WechatUser } from '../wechat-users.ts';
import type { XmlFields } from '../xml.ts';
import { SANDBOX, totalFen } from './ledger.ts';
import type { VirtualComplaint, VirtualOrder, VirtualRefund } from './ledger.ts';

interface PushWorld {
  clock: Clock;
  faults: Faults;
  console: PushConsole;
  sendEvent: (user: WechatUser, event: string, fields: XmlFields, accepted?: () => void) => Promise<DeliveryResult>;
  provide: (order: VirtualOrder) => void;
}

/** The answer to a push, decrypted; `status` is null if there is none. */
export type Notice = Pick<DeliveryResult, 'status' | 'body' | 'error'>;

/** Changes of a push: a null removes the field, and an object changes the fields of the object. */
export interface FieldChanges {
  [name: string]: string | number | null | FieldChanges;
}

/**
 * Sends the events of virtual payment. The sandbox has no pushes.
 * @see https://developers.weixin.qq.com/miniprogram/dev/platform-capabilities/business-capabilities/virtual-payment.html
 */
export class VirtualPushes {
  readonly #world: PushWorld;

  constructor(world: PushWorld) {
    this.#world = world;
  }

  /** Asks the merchant to deliver. The accepting answer marks the order as delivered. */
  deliver(order: VirtualOrder, { retryTimes = 0, changes = {} }: { retryTimes?: number; changes?: FieldChanges } = {}) {
    const isUnitPrice = this.#world.faults.takeVariant('virtual-push', 'unit-price');
    const fields = change({ ...deliveryFields(order, isUnitPrice), RetryTimes: retryTimes }, changes);
    return this.#send(order, 'xpay_goods_deliver_notify', fields, () => this.#world.provide(order));
  }

  refunded(refund: VirtualRefund): Promise<Notice | null> {
    return this.#send(refund.order, 'xpay_refund_notify', refundFields(refund));
  }

  complained({ order, createdAt }: VirtualComplaint): Promise<Notice | null> {
    return this.#send(order, 'xpay_complaint_notify', {
      WxOrderId: order.wxOrderId,
      MchOrderId: order.outTradeNo,
      ComplaintTime: seconds(createdAt),
      RequestId: digits(16),
    });
  }

  /**
   * Passes on the question of Apple whether a payment shall be refunded. All values are text, and the openid is absent:
   * developers.weixin.qq.com, community posts 000224bdbc4a98d8f3d46f0da66800 and 00028847c541b8f542f406eb96bc00.
   * @param order undefined for an order that virtual payment does not have
   */
  async ask(user: WechatUser, outTradeNo: string, order: VirtualOrder | undefined): Promise<Notice> {
    const now = seconds(this.#world.clock.now());
    return this.#open(
      await this.#world.sendEvent(user, 'xpay_subscribe_ios_refund_query_notify', {
        refund_time: String(now),
        order_time: String(order?.payment ? seconds(order.payment.paidAt) : now),
        channel_bill: order?.payment?.channelOrderId ?? '',
        bundleid: 'com.tencent.xin',
        product_id: order?.purchase.productId ?? '',
        p_count: String(order?.purchase.quantity ?? 1),
        refund_request_reason: 'UNINTENDED_PURCHASE',
        consumption_status: '0',
        provide_status: order?.providedAt === undefined ? '0' : '1',
        service_type: 'unipdt',
        pay_order_id: outTradeNo,
      }),
    );
  }

  /** Returns the answer to the first attempt; null for a push that is not sent, lost or late. */
  async #send(order: VirtualOrder, event: string, fields: XmlFields, accepted?: () => void): Promise<Notice | null> {
    if (order.env === SANDBOX) return null;
    const send = () => this.#world.sendEvent(order.user, event, fields, accepted);
    const result = await sendUnsteadily(this.#world, 'virtual-push', send);
    return result && this.#open(result);
  }

  #open({ status, body, error }: DeliveryResult): Notice {
    return { status, body: this.#readBody(body), ...(error !== undefined && { error }) };
  }

  #readBody(body: string): string {
    try {
      return body === '' || body === 'success' ? body : openText(this.#world.console.sealing, body);
    } catch {
      // The log has the reason why the answer was not accepted.
      return body;
    }
  }
}

/** WeChat does not document whether the prices are those of one good or of all; `isUnitPrice`: of one. */
function deliveryFields(order: VirtualOrder, isUnitPrice: boolean): XmlFields {
  const { env, outTradeNo, payment, purchase, attach } = order;
  const priceFen = isUnitPrice ? purchase.unitFen : totalFen(order);
  return {
    OutTradeNo: outTradeNo,
    Env: env,
    ...(payment?.wxpayOrderId !== undefined && {
      WeChatPayInfo: {
        MchOrderNo: payment.channelOrderId,
        TransactionId: payment.wxpayOrderId,
        PaidTime: seconds(payment.paidAt),
      },
    }),
    GoodsInfo: {
      ProductId: purchase.productId,
      Quantity: purchase.quantity,
      OrigPrice: priceFen,
      ActualPrice: priceFen,
      Attach: attach,
    },
  };
}

function refundFields({ order, refundOrderId, wxRefundId, wxpayRefundId, ...refund }: VirtualRefund): XmlFields {
  const isDone = refund.state === 'done';
  return {
    WxRefundId: wxRefundId,
    ...(refundOrderId !== undefined && { MchRefundId: refundOrderId }),
    WxOrderId: order.wxOrderId,
    MchOrderId: order.outTradeNo,
    RefundFee: refund.amountFen,
    RetCode: isDone ? 0 : 1,
    RetMsg: isDone ? '退款成功' : '退款失败',
    RefundStartTimestamp: seconds(refund.createdAt),
    RefundSuccTimestamp: isDone && refund.endedAt !== undefined ? seconds(refund.endedAt) : 0,
    WxpayRefundTransactionId: wxpayRefundId,
  };
}

function change(fields: XmlFields, changes: FieldChanges): XmlFields {
  const changed = { ...fields };
  for (const [name, value] of Object.entries(changes)) {
    if (value === null) delete changed[name];
    else if (typeof value === 'object') changed[name] = change((changed[name] ?? {}) as XmlFields, value);
    else changed[name] = value;
  }
  return changed;
}
