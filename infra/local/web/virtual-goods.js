// Buys virtual goods in the mini-program, such as a top-up of the wallet. WeChat permits only virtual payment for them.
import { chinese, el, field, paymentSheet, yuan } from './dom.js';
import { title } from './mini-program.js';
import { showOrder } from './orders.js';
import { callAs, logIn } from './session.js';
import { requestVirtualPayment } from './wx.js';

const CANCELLED = -2;
const SESSION_KEY_EXPIRED = -15007;

/** Shows the balance of the wallet, and the virtual goods of the catalogue. */
export async function openVirtualGoods(hand) {
  const { person } = hand;
  const { balanceFen } = await callAs(person, (api) => api.getWallet());
  const { items } = await callAs(person, (api) => api.getCatalog());
  const goods = items.filter(({ virtualGood }) => virtualGood);
  hand.show(
    title,
    el('h3', {}, 'My wallet ', chinese('我的钱包')),
    el('p.price', {}, yuan(balanceFen)),
    ...goods.flatMap((item) => [
      el('p', {}, item.description),
      item.stepFen ? offerRange(hand, item) : offer(hand, item),
    ]),
    goods.length === 0 ? el('p', {}, 'The catalogue has no virtual goods.') : undefined,
  );
  hand.say('wallet', `of ${person.name}, from GET /wallet and GET /catalog`);
}

function offer(hand, { sku, unitFen }) {
  return hand.button(`Buy · ${yuan(unitFen)}`, () => order(hand, { sku }));
}

/** The buyer chooses an amount: a multiple of the step. The browser counts the steps from `min`. */
function offerRange(hand, { sku, description, minFen, maxFen, stepFen }) {
  const firstFen = Math.ceil(minFen / stepFen) * stepFen;
  const amount = el('input', {
    'aria-label': `${description} in yuan`,
    type: 'number',
    min: firstFen / 100,
    max: maxFen / 100,
    step: stepFen / 100,
    value: firstFen / 100,
  });
  const buy = hand.button('Top up 充值', async () => {
    if (amount.reportValidity()) await order(hand, { sku, amountFen: Math.round(amount.valueAsNumber * 100) });
  });
  return field(amount, buy);
}

async function order(hand, purchase) {
  const placed = await callAs(hand.person, (api) => api.prepay({ ...purchase, tradeType: 'VIRTUAL' }));
  const apple = el('input', { type: 'checkbox' });
  const pay = (choice) => openPayment(hand, purchase, { ...placed, choice });
  hand.show(
    title,
    paymentSheet(
      ['Virtual payment ', '虚拟支付'],
      placed.order,
      el('label', {}, apple, ' Through Apple ', chinese('苹果支付')),
      hand.button('Pay', () => pay({ apple: apple.checked })),
      hand.button('Cancel', () => pay({ cancel: true }), { kind: 'quiet' }),
    ),
  );
  hand.say(placed.order.state, `the order waits for ${hand.person.name} to pay`);
}

/** Opens the payment. A payment that was signed with an old session key needs a new login and a new order. */
async function openPayment(hand, purchase, { order: { outTradeNo }, payment, choice }) {
  try {
    const { notify } = await requestVirtualPayment(hand.person, payment, choice);
    await showOrder(hand, outTradeNo, { 'miniapp-events': notify });
  } catch (error) {
    if (error.errCode === CANCELLED) return showOrder(hand, outTradeNo);
    if (error.errCode !== SESSION_KEY_EXPIRED) throw error;
    await logIn(hand.person);
    await order(hand, purchase);
    hand.say('logged in', 'because the session key was too old: pay the new order');
  }
}
