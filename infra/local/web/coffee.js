// Buys a coffee with WeChat Pay in the mini-program.
import { phone } from './calls.js';
import { chinese, el, facts, waiting } from './dom.js';
import { title } from './mini-program.js';
import { callAs } from './session.js';

const words = {
  PAID: ['Enjoy your coffee', '请慢用'],
  REFUNDING: ['Your money is on its way back', '退款中'],
  REFUNDED: ['Your money is back', '已退款'],
};

export async function buyCoffee(hand) {
  const purchase = { sku: 'coffee', tradeType: 'JSAPI' };
  const { order, payment } = await callAs(hand.person, (api) => api.prepay(purchase));
  showSheet(hand, order, payment);
}

function showSheet(hand, order, payment) {
  const { person } = hand;
  const pay = async () => {
    const { notify } = await phone('POST', `/_phone/users/${person.id}/pay`, { prepayId: payment.package });
    await showOrder(hand, order, notify);
  };
  hand.show(
    title,
    el(
      'div.sheet',
      { role: 'group', 'aria-label': 'Payment' },
      el('p', {}, 'WeChat Pay ', chinese('微信支付')),
      el('p', {}, order.description),
      el('p.price', {}, yuan(order.amountFen)),
      hand.button('Pay', pay),
      hand.button('Not now', () => showOrder(hand, order), { kind: 'quiet' }),
    ),
  );
  hand.say(order.state, `the order waits for ${person.name} to pay`);
}

/** Reads the order from the API and shows it. */
async function showOrder(hand, { outTradeNo }, notify) {
  const again = hand.button('Refresh', () => showOrder(hand, { outTradeNo }, notify), { kind: 'quiet' });
  hand.show(title, waiting('Loading the order…'), again);
  const { order } = await callAs(hand.person, (api) => api.getOrder({ outTradeNo }));
  const [text, chineseText] = words[order.state] ?? ['Not paid yet', '尚未支付'];
  hand.show(
    title,
    el(`p.state.${order.state === 'PAID' ? 'good' : 'open'}`, {}, order.state),
    el('h3', {}, `${text} `, chinese(chineseText)),
    el('p.price', {}, yuan(order.amountFen)),
    facts({
      order: order.outTradeNo,
      ...(order.paidAt && { paid: new Date(order.paidAt).toLocaleTimeString() }),
      ...(notify !== undefined && { 'pay-notify': outcome(notify) }),
    }),
    again,
  );
  hand.say(order.state, `is the state of the order of ${hand.person.name}`);
}

/** Describes the result of WeChat's notification, which is absent when a fault dropped it. */
function outcome(notify) {
  if (!notify) return 'was not sent';
  return notify.status === null ? 'did not answer' : `answered ${notify.status}`;
}

function yuan(fen) {
  return `¥${(fen / 100).toFixed(2)}`;
}
