// The merchant console: the orders at WeChat Pay, and refunds by hand.
import { phone } from './calls.js';
import { button, el, liveList } from './dom.js';

export function showMerchant(list) {
  const orders = liveList(list, {
    load: () => phone('GET', '/_merchant/orders'),
    line: (order) => line(order, refund),
    empty: 'No orders yet.',
  });

  async function refund({ outTradeNo, amountFen, refundedFen }) {
    try {
      await phone('POST', '/_merchant/refunds', { outTradeNo, amountFen: amountFen - refundedFen });
      await orders.refresh();
    } catch (error) {
      orders.fail(error);
    }
  }
}

function line(order, refund) {
  const { outTradeNo, description, amountFen, state, createdAt } = order;
  const owed = state === 'paid' || state === 'partly refunded';
  return el(
    'li',
    {},
    el('time', {}, new Date(createdAt).toLocaleTimeString('en-GB')),
    el('b', {}, description),
    el('span.path', { title: outTradeNo }, outTradeNo),
    el('span', {}, `¥${(amountFen / 100).toFixed(2)}`),
    el(`span.result.${state === 'paid' ? 'good' : 'other'}`, {}, state),
    owed ? button('Refund', () => refund(order), { kind: 'person' }) : undefined,
  );
}
