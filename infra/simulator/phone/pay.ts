// The person pays.
import type { Body } from '../control-body.ts';
import { paramError } from '../control-error.ts';
import type { Actions } from './action.ts';

export const payActions: Actions = {
  pay: async ({ pay: { orders, announce } }, person, body) => {
    const order = orders.openSheet(...readPayment(body), person);
    const transactionId = orders.pay(order, person);
    return { transactionId, notify: await announce.payment(order) };
  },
};

function readPayment({ prepayId, codeUrl, h5Url }: Body): ['JSAPI' | 'NATIVE' | 'MWEB', string] {
  // Both the bare id and the `package` value of the client call are fine.
  if (typeof prepayId === 'string') return ['JSAPI', prepayId.replace(/^prepay_id=/, '')];
  if (typeof codeUrl === 'string') return ['NATIVE', codeUrl];
  if (typeof h5Url === 'string') return ['MWEB', /[?&]prepay_id=([^&]+)/.exec(h5Url)?.[1] ?? h5Url];
  throw paramError('one of prepayId, codeUrl, h5Url is needed');
}
