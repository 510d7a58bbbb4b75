// The merchant console: the orders at WeChat Pay with their money, complaints, refunds by hand, and the operator functions
// that answer both.
import { allComplaints, phone } from './calls.js';
import { button, command, el, liveList, operatorCommand, yuan } from './dom.js';

/** The words for `order_state` of the order shipping management; that of a refunded order is its state at WeChat Pay. */
const shippingStates = {
  1: 'to ship',
  2: 'shipped',
  3: 'received',
  4: 'settled',
  6: 'settlement waits',
};

export function showMerchant({ orders, complaints }) {
  const list = liveList(orders, {
    load: () => phone('GET', '/_merchant/orders'),
    line: (order) => orderLine(order, refund),
    empty: 'No orders yet.',
  });
  liveList(complaints, {
    load: allComplaints,
    line: complaintLine,
    empty: 'No complaints yet.',
  });

  async function refund({ outTradeNo, amountFen, refundedFen }) {
    try {
      await phone('POST', '/_merchant/refunds', { outTradeNo, amountFen: amountFen - refundedFen });
      await list.refresh();
    } catch (error) {
      list.fail(error);
    }
  }
}

function orderLine(order, refund) {
  const { outTradeNo, description, amountFen, state, createdAt, shipping } = order;
  const shippingState = shippingStates[shipping?.orderState];
  const owed = state === 'paid' || state === 'partly refunded';
  return el(
    'li',
    {},
    el('time', {}, timeOf(createdAt)),
    el('b', {}, description),
    el('span.path', { title: outTradeNo }, outTradeNo),
    el('span', {}, yuan(amountFen)),
    ...moneyOf(order),
    shippingState && el('span', {}, shippingState),
    el(`span.result.${state === 'paid' ? 'good' : 'other'}`, {}, state),
    owed ? button('Refund', () => refund(order), { kind: 'person' }) : undefined,
    owed && shipping?.orderState === 1 ? command(shipCommand(outTradeNo)) : undefined,
  );
}

/** The part of the money that WeChat still holds, and the part that the merchant has. */
function moneyOf({ frozenFen, settledFen }) {
  return [
    frozenFen > 0 ? el('span.money.frozen', {}, `待结算 ${yuan(frozenFen)}`) : undefined,
    settledFen > 0 ? el('span.money.settled', {}, `已结算 ${yuan(settledFen)}`) : undefined,
  ];
}

function complaintLine(complaint) {
  const { createdAt, state, outTradeNo, text, refundFen, buyerWaits, inPlatformService } = complaint;
  return el(
    'li',
    {},
    el('time', {}, timeOf(createdAt)),
    el(`b.result.${state === 'PROCESSED' ? 'good' : 'bad'}`, {}, state),
    el('span', {}, text),
    el('span.path', { title: outTradeNo }, outTradeNo),
    refundFen === undefined ? undefined : el('span', {}, `wants ${yuan(refundFen)} back`),
    buyerWaits ? el('span', {}, 'the buyer waits for an answer') : undefined,
    inPlatformService ? el('span', {}, 'WeChat stepped in') : undefined,
    ...complaintCommands(complaint).map(command),
  );
}

/** The operator functions that the state of a complaint allows. Virtual payment has no approval of a refund. */
function complaintCommands({ complaintId, state, refundFen, history, isVirtual, outTradeNo }) {
  if (state === 'PROCESSED') return [];
  const act = (action, more = {}) => operatorCommand('complaints', { action, complaintId, ...more });
  const isApproved = history.some(({ type }) => type === 'MERCHANT_APPROVE_REFUND');
  const refund = { outRefundNo: `R${complaintId}`, amountFen: refundFen };
  const refundCommand = isVirtual
    ? operatorCommand('pay-refund', { outTradeNo, ...refund })
    : act('approve-refund', refund);
  return [
    act('reply', { content: '您好，我们马上处理。' }),
    ...(refundFen === undefined || isApproved ? [] : [refundCommand]),
    act('complete'),
  ];
}

function shipCommand(outTradeNo) {
  const parcels = [{ carrier: 'YTO', trackingNo: 'YT1234567890123' }];
  return operatorCommand('order-ship', { outTradeNo, parcels });
}

function timeOf(text) {
  return new Date(text).toLocaleTimeString('en-GB');
}
