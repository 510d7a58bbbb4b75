// Buys a coffee with WeChat Pay in the mini-program.
import { phone } from './calls.js';
import { paymentSheet } from './dom.js';
import { title } from './mini-program.js';
import { showOrder } from './orders.js';
import { callAs } from './session.js';

export async function buyCoffee(hand) {
  const purchase = { sku: 'coffee', tradeType: 'JSAPI' };
  const { order, payment } = await callAs(hand.person, (api) => api.prepay(purchase));
  showSheet(hand, order, payment);
}

function showSheet(hand, order, payment) {
  const { person } = hand;
  const { outTradeNo, state } = order;
  const pay = async () => {
    const { notify } = await phone('POST', `/_phone/users/${person.id}/pay`, { prepayId: payment.package });
    await showOrder(hand, outTradeNo, { 'pay-notify': notify });
  };
  hand.show(
    title,
    paymentSheet(
      ['WeChat Pay ', '微信支付'],
      order,
      hand.button('Pay', pay),
      hand.button('Not now', () => showOrder(hand, outTradeNo), { kind: 'quiet' }),
    ),
  );
  hand.say(state, `the order waits for ${person.name} to pay`);
}
