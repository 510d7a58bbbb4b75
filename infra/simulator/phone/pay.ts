// The user pays, and confirms the receipt of a paid order.
import { readText } from '../control-body.ts';
import type { ControlBody } from '../control-body.ts';
import { ControlError, controlParamError } from '../control-error.ts';
import { isRefunded } from '../shipping/trade-order.ts';
import type { PhoneActions } from './action.ts';
import { payVirtually } from './virtual-pay.ts';

export const payActions: PhoneActions = {
  pay: async (world, user, body) => {
    if (body.virtual !== undefined) return payVirtually(world, user, body);
    const {
      pay: { orders, notifier, faults },
      trade,
    } = world;
    const order = orders.openPaymentSheet(...readPayment(body), user);
    if (trade.isLimited(order)) throw new ControlError(403, 'PAYMENT_LIMITED', 'requestPayment:fail, errno 102');
    const couponFen = faults.takeVariant('pay', 'coupon') ? Math.floor(order.terms.totalFen / 2) : 0;
    const transactionId = orders.pay(order, user, couponFen);
    const notify = await notifier.notifyPayment(order);
    await trade.paid(order, user);
    return { transactionId, notify };
  },
  /**
   * Confirms the receipt of a shipped order, as in the mini-program's view `weappOrderConfirm`.
   * @see https://developers.weixin.qq.com/miniprogram/dev/platform-capabilities/business-capabilities/order-shipping/order-shipping
   */
  receive: async ({ trade }, user, body) => {
    const outTradeNo = readText(body, 'outTradeNo');
    const own = trade.all().find(({ order, user: payer }) => payer === user && order.terms.outTradeNo === outTradeNo);
    if (!own) throw new ControlError(404, 'ORDER_UNKNOWN', 'the user paid no such order in the mini-program');
    if (!own.upload?.isFinal || own.received || isRefunded(own))
      throw new ControlError(409, 'NOT_SHIPPED', 'only a shipped order can be received, and only once');
    return { push: await trade.receive(own) };
  },
};

function readPayment({ prepayId, codeUrl, h5Url }: ControlBody): ['JSAPI' | 'NATIVE' | 'MWEB', string] {
  // Accepts the bare id and the `package` value of the client call.
  if (typeof prepayId === 'string') return ['JSAPI', prepayId.replace(/^prepay_id=/, '')];
  if (typeof codeUrl === 'string') return ['NATIVE', codeUrl];
  if (typeof h5Url === 'string') return ['MWEB', /[?&]prepay_id=([^&]+)/.exec(h5Url)?.[1] ?? h5Url];
  throw controlParamError('one of prepayId, codeUrl, h5Url, virtual is needed');
}
