import type { Order } from '../../store/orders.ts';
import type { MiniappPush } from '../../wechat/miniapp-push.ts';
import type { VirtualPayEvent } from '../../wechat/miniapp-push-content.ts';
import type { Transaction, WechatRefund } from '../pay-api.ts';
import { markVerified, type Verified } from '../verified.ts';
import type { VirtualSettings } from './client.ts';
import { isoOf } from './query-order.ts';
import { refundOf } from './refunds.ts';
import { ENV_NUMBERS } from './sign.ts';

/** An event of virtual payment, by its name. */
export type VirtualEvent<Name extends VirtualPayEvent['event']> = Extract<VirtualPayEvent, { event: Name }>;
export type DeliveryEvent = VirtualEvent<'xpay_goods_deliver_notify'>;
export type RefundEvent = VirtualEvent<'xpay_refund_notify'>;

/** The mini-program, and its virtual payment. */
export type VirtualSeller = { appId: string } & VirtualSettings;

/** Only an encrypted push proves its content. */
type Proof = Pick<MiniappPush, 'openedWith'>;

/**
 * Reads the payment that a delivery push proves: the push is encrypted, and every field equals the order. WeChat does not
 * document whether the price is that of one good or of all, and names no payment of Apple, so another push is no mismatch
 * yet.
 * @returns undefined if a query must decide
 * @see https://developers.weixin.qq.com/miniprogram/dev/platform-capabilities/business-capabilities/virtual-payment.html
 */
export function readDelivery(
  { appId, offerId, env }: VirtualSeller,
  { openedWith }: Proof,
  { openId, outTradeNo, goods, payment, ...event }: DeliveryEvent,
  order: Order,
): Verified<Transaction> | undefined {
  const amountFen = positive(goods.actualPrice);
  const paidAtS = positive(payment?.paidTime);
  if (!openedWith || !payment?.transactionId || amountFen === undefined || paidAtS === undefined) return undefined;
  const isEqual =
    outTradeNo === order.outTradeNo &&
    openId === (order.openId ?? openId) &&
    event.env === String(ENV_NUMBERS[env]) &&
    isSoldBy({ offerId, env }, order) &&
    goods.productId === order.goods?.productId &&
    goods.quantity === String(order.goods.quantity) &&
    amountFen === order.amountFen;
  if (!isEqual) return undefined;
  return markVerified({
    appId,
    mchId: offerId,
    outTradeNo,
    tradeState: 'SUCCESS',
    env,
    payment: { transactionId: payment.transactionId, paidAt: isoOf(paidAtS), amountFen, currency: 'CNY' },
  });
}

/**
 * Reads the successful refund of an order that an encrypted push proves. A refund in the console or by Apple has only the
 * number of WeChat.
 * @returns undefined if a query must decide
 * @see https://developers.weixin.qq.com/miniprogram/dev/platform-capabilities/business-capabilities/virtual-payment.html
 */
export function readVirtualRefund(
  seller: VirtualSeller,
  { openedWith }: Proof,
  { openId, refund }: RefundEvent,
  order: Order,
): Verified<WechatRefund> | undefined {
  const amountFen = positive(refund.refundFee);
  const successAtS = positive(refund.succeededTime);
  const isOfOrder =
    refund.mchOrderId === order.outTradeNo && openId === (order.openId ?? openId) && isSoldBy(seller, order);
  if (!openedWith || !isOfOrder || refund.retCode !== '0' || refund.wxRefundId === '' || amountFen === undefined)
    return undefined;
  return refundOf({ virtual: seller }, order, {
    ...refundNumbers(refund),
    amountFen,
    status: 'SUCCESS',
    ...(successAtS !== undefined && { successAt: isoOf(successAtS) }),
  });
}

/** Returns the numbers of a refund. The ledger has a refund without a number of the merchant under that of WeChat. */
export function refundNumbers({ mchRefundId, wxRefundId }: RefundEvent['refund']) {
  return { outRefundNo: mchRefundId || wxRefundId, refundId: wxRefundId };
}

/** A push does not name the offer. */
function isSoldBy({ offerId, env }: VirtualSettings, order: Order): boolean {
  return offerId === order.mchId && env === order.env;
}

/** Reads a positive number: fen, or epoch seconds. */
function positive(text = ''): number | undefined {
  return /^[1-9]\d{0,9}$/.test(text) ? Number(text) : undefined;
}
