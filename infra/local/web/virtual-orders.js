// The console of virtual payment: its orders, refunds by hand, and the actions of WeChat and of Apple.
import { phone, virtualConsole } from './calls.js';
import { button, command, el, liveList, operatorCommand, say, yuan } from './dom.js';

/** The words for `status` of an order. */
const states = { 1: 'unpaid', 2: 'paid, not delivered', 4: 'delivered', 5: 'refunded', 6: 'closed' };

export function showVirtualOrders({ orders, status }) {
  const list = liveList(orders, {
    load: async () => (await virtualConsole()).orders,
    line: (order) => orderLine(order, act),
    empty: 'No virtual orders yet.',
  });

  /** Performs an action, and shows the answer of the webhook to its push. */
  async function act(action, { outTradeNo }) {
    try {
      const answer = await phone('POST', '/_merchant/virtual', { action, outTradeNo });
      if (answer) say(status, `answered ${answer.status ?? 'nothing'}`, answer.body);
      else say(status, action, 'no push was sent');
      await list.refresh();
    } catch (error) {
      say(status, 'error', error.message);
    }
  }
}

function orderLine(order, act) {
  const { outTradeNo, productId, quantity, amountFen, refundedFen, leftFen, paidBy, status, refunds } = order;
  const owed = paidBy !== undefined && leftFen > 0;
  const choice = (label, action) => button(label, () => act(action, order), { kind: 'person' });
  return el(
    'li',
    {},
    el('b', {}, `${productId} × ${quantity}`),
    el('span.path', { title: outTradeNo }, outTradeNo),
    el('span', {}, yuan(amountFen)),
    refundedFen > 0 ? el('span.money.frozen', {}, `已退款 ${yuan(refundedFen)}`) : undefined,
    paidBy === 'apple' ? el('span', {}, 'paid through Apple') : undefined,
    el(`span.result.${status === 4 ? 'good' : 'other'}`, {}, states[status]),
    paidBy && choice('Deliver again', 'redeliver'),
    paidBy === 'apple' ? choice('Apple asks', 'apple-question') : undefined,
    owed
      ? choice(...(paidBy === 'apple' ? ['Apple refunds', 'apple-refund'] : ['Refund', 'console-refund']))
      : undefined,
    owed && paidBy === 'wechat' ? command(refundCommand(order, refunds)) : undefined,
  );
}

/** The operator function that refunds the rest. */
function refundCommand({ outTradeNo, leftFen }, { length }) {
  const outRefundNo = `${outTradeNo.slice(-20)}-${length + 1}`;
  return operatorCommand('pay-refund', { outTradeNo, outRefundNo, amountFen: leftFen });
}
