// The user pays.
import type { ControlBody } from '../control-body.ts';
import { controlParamError } from '../control-error.ts';
import type { PhoneActions } from './action.ts';

export const payActions: PhoneActions = {
  pay: async ({ pay: { orders, notifier, faults } }, user, body) => {
    const order = orders.openPaymentSheet(...readPayment(body), user);
    const couponFen = faults.takeVariant('pay', 'coupon') ? Math.floor(order.terms.totalFen / 2) : 0;
    const transactionId = orders.pay(order, user, couponFen);
    return { transactionId, notify: await notifier.notifyPayment(order) };
  },
};

function readPayment({ prepayId, codeUrl, h5Url }: ControlBody): ['JSAPI' | 'NATIVE' | 'MWEB', string] {
  // Accepts the bare id and the `package` value of the client call.
  if (typeof prepayId === 'string') return ['JSAPI', prepayId.replace(/^prepay_id=/, '')];
  if (typeof codeUrl === 'string') return ['NATIVE', codeUrl];
  if (typeof h5Url === 'string') return ['MWEB', /[?&]prepay_id=([^&]+)/.exec(h5Url)?.[1] ?? h5Url];
  throw controlParamError('one of prepayId, codeUrl, h5Url is needed');
}
