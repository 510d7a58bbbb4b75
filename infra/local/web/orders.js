// The orders of the user in the mini-program: payment, shipping, receipt and complaints.
import { allComplaints, phone } from './calls.js';
import { chinese, el, facts, field, row, waiting, yuan } from './dom.js';
import { title } from './mini-program.js';
import { callAs } from './session.js';

const payments = {
  PAID: ['Paid', '已支付'],
  REFUNDING: ['Your money is on its way back', '退款中'],
  REFUNDED: ['Your money is back', '已退款'],
};

const shippings = {
  'to-ship': ['Waits for the merchant to ship', '待发货'],
  shipped: ['On its way to you', '待收货'],
  received: ['You have received it', '已收货'],
  settled: ['Completed', '交易完成'],
};

export async function openOrders(hand) {
  const { orders } = await callAs(hand.person, (api) => api.listOrders());
  const open = (order) =>
    hand.button(`${order.description} · ${yuan(order.amountFen)}`, () => showOrder(hand, order.outTradeNo), {
      kind: 'order',
    });
  const line = (order) => el('li', {}, open(order), el('span', {}, describe(order).join(' ')));
  hand.show(
    title,
    el('h3', {}, 'My orders ', chinese('我的订单')),
    orders.length > 0 ? el('ol.orders', {}, ...orders.map(line)) : el('p', {}, 'No orders yet: buy a coffee.'),
  );
  hand.say('orders', `of ${hand.person.name}, from GET /pay/orders`);
}

/**
 * Reads the order from the API and shows it.
 * @param {object} hand
 * @param {string} outTradeNo
 * @param {Record<string, object | null>} [sent] what WeChat sent because of the last action: result by receiver, null when a
 * fault dropped it
 */
export async function showOrder(hand, outTradeNo, sent = {}) {
  const { person } = hand;
  const again = hand.button('Refresh', () => showOrder(hand, outTradeNo, sent), { kind: 'quiet' });
  hand.show(title, waiting('Loading the order…'), again);
  const { order } = await callAs(person, (api) => api.getOrder({ outTradeNo }));
  const complaint = (await allComplaints()).findLast((one) => one.outTradeNo === outTradeNo);
  const [text, chineseText] = describe(order);
  hand.show(
    title,
    el(`p.state.${order.state === 'PAID' ? 'good' : 'open'}`, {}, order.state),
    el('h3', {}, `${text} `, chinese(chineseText)),
    el('p.price', {}, yuan(order.amountFen)),
    facts({
      order: outTradeNo,
      ...(order.paidAt && { paid: new Date(order.paidAt).toLocaleTimeString() }),
      ...shippingFacts(order.shipping),
      ...complaintFacts(complaint),
      ...Object.fromEntries(Object.entries(sent).map(([receiver, result]) => [receiver, outcome(result)])),
    }),
    row(again, ...actionsOf(hand, order, complaint)),
  );
  hand.say(order.shipping?.state ?? order.state, `is the state of the order of ${person.name}`);
}

/** The buttons that the state of the order allows. */
function actionsOf(hand, order, complaint) {
  const { outTradeNo, shipping, state } = order;
  const buttons = [];
  const quiet = (label, action) => hand.button(label, action, { kind: 'quiet' });
  if (shipping?.state === 'shipped') {
    const receive = async () => {
      const { push } = await phone('POST', `/_phone/users/${hand.person.id}/receive`, { outTradeNo });
      await showOrder(hand, outTradeNo, { 'miniapp-events': push });
    };
    buttons.push(hand.button('Confirm receipt 确认收货', receive));
  }
  const isOpen = complaint && complaint.state !== 'PROCESSED';
  if (isOpen) buttons.push(quiet('My complaint 投诉', async () => showComplaint(hand, order, complaint)));
  else if (state === 'PAID') buttons.push(quiet('Complain 投诉', async () => askComplaint(hand, order)));
  return buttons;
}

function askComplaint(hand, { outTradeNo, amountFen, refundedFen }) {
  const text = el('input', { 'aria-label': 'What went wrong', autocomplete: 'off', maxlength: '200', required: true });
  const money = el('input', { type: 'checkbox' });
  const send = hand.button('Send', async () => {
    const refund = money.checked && { refundFen: amountFen - refundedFen };
    const body = { outTradeNo, text: text.value, ...refund };
    // WeChat notifies of a complaint about a virtual order by a push.
    const { notify, push } = await phone('POST', `/_phone/users/${hand.person.id}/complain`, body);
    await showOrder(hand, outTradeNo, push === undefined ? { 'pay-notify': notify } : { 'miniapp-events': push });
  });
  hand.show(
    title,
    el('h3', {}, 'What went wrong? ', chinese('投诉商家')),
    el('p', {}, 'WeChat receives the complaint and notifies the merchant.'),
    field(text, send),
    el('label', {}, money, ' I want my money back ', chinese('申请退款')),
    hand.button('Back', () => showOrder(hand, outTradeNo), { kind: 'quiet' }),
  );
}

/** Shows the messages of both sides. At WeChat Pay the buyer can answer or withdraw the complaint. */
function showComplaint(hand, { outTradeNo }, { complaintId, history, isVirtual }) {
  const act = async (body) => {
    const { notify } = await phone('POST', `/_merchant/complaints/${complaintId}`, body);
    await showOrder(hand, outTradeNo, body.action === 'user-cancels' ? {} : { 'pay-notify': notify });
  };
  const text = el('input', { 'aria-label': 'Answer', autocomplete: 'off', maxlength: '200', required: true });
  const bubbles = history
    .filter((entry) => entry.text)
    .map((entry) => el(`p.bubble${entry.operator === '投诉人' ? '.mine' : ''}`, {}, entry.text));
  const answer = hand.button('Answer', () => act({ action: 'user-responds', text: text.value }));
  hand.show(
    title,
    el('div.chat', {}, ...bubbles),
    isVirtual ? undefined : field(text, answer),
    row(
      ...(isVirtual ? [] : [hand.button('Withdraw 撤诉', () => act({ action: 'user-cancels' }), { kind: 'quiet' })]),
      hand.button('Back', () => showOrder(hand, outTradeNo), { kind: 'quiet' }),
    ),
  );
}

/** The state of an order in English and Chinese: that of the shipping once the order is paid. */
function describe({ state, shipping }) {
  const shown = state === 'PAID' ? shippings[shipping?.state] : undefined;
  return shown ?? payments[state] ?? ['Not paid yet', '尚未支付'];
}

function shippingFacts(shipping) {
  if (!shipping) return {};
  const { state, delivery, parcels, estimatedSettlementAt } = shipping;
  return {
    shipping: `${state}, ${delivery}`,
    ...(parcels.length > 0 && { parcels: parcels.map((one) => `${one.carrier} ${one.trackingNo}`).join(', ') }),
    ...(estimatedSettlementAt && { 'settled by': new Date(estimatedSettlementAt).toLocaleDateString() }),
  };
}

function complaintFacts(complaint) {
  if (!complaint) return {};
  const answer = complaint.history.findLast(({ operator, text }) => operator === '商户' && text);
  return { complaint: complaint.state, ...(answer && { answer: answer.text }) };
}

/** Describes the result of a notification or a push, which is null when a fault dropped it. */
function outcome(result) {
  if (!result) return 'was not sent';
  return result.status === null ? 'did not answer' : `answered ${result.status}`;
}
