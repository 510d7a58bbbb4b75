// The merchant console: the orders that WeChat Pay knows, and the refund by hand.
import { phone } from './calls.js';
import { button, el, problem } from './dom.js';

const everyMs = 1000;

export function showMerchant(list) {
  let shown = '';

  async function refresh() {
    try {
      const orders = await phone('GET', '/_merchant/orders');
      const text = JSON.stringify(orders);
      if (text === shown) return;
      shown = text;
      const items = orders.toReversed().map((order) => line(order, refund));
      list.replaceChildren(...(items.length > 0 ? items : [el('li.waiting', {}, 'Nobody has ordered anything yet.')]));
    } catch (error) {
      fail(error);
    }
  }

  async function refund({ outTradeNo, amountFen, refundedFen }) {
    try {
      await phone('POST', '/_merchant/refunds', { outTradeNo, amountFen: amountFen - refundedFen });
      await refresh();
    } catch (error) {
      fail(error);
    }
  }

  function fail(error) {
    // Once: a screen reader would read it out each second.
    if (shown === error.message) return;
    shown = error.message;
    list.replaceChildren(el('li', {}, problem(error)));
  }

  async function run() {
    if (document.visibilityState === 'visible') await refresh();
    setTimeout(run, everyMs);
  }
  void run();
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
