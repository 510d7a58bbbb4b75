// The mini-program on the phone: its login, and a coffee that is paid with WeChat Pay.
import { api, phone } from './calls.js';
import { button, chinese, el, face, facts, problem } from './dom.js';

const title = 'Mini-program';

export async function openMiniProgram(hand, person) {
  const { user, isNewUser } = await logIn(person);
  hand.show(
    person,
    title,
    face(person.name),
    el('h3', {}, isNewUser ? 'Welcome ' : 'Welcome back ', chinese(isNewUser ? '欢迎' : '欢迎回来')),
    facts({ username: user.username, id: user.id, account: isNewUser ? 'new' : 'known' }),
  );
  hand.say('logged in', `${person.name} uses the mini-program`);
}

export async function buyCoffee(hand, person) {
  const { token } = person.session ?? (await logIn(person));
  const body = { sku: 'coffee', tradeType: 'JSAPI' };
  const { order, payment } = await api('POST', '/pay/prepay', { token, body }).catch((error) => {
    // The session is over: the next click logs in again.
    if (error.status === 401) person.session = undefined;
    throw error;
  });
  showSheet(hand, person, order, payment);
}

async function logIn(person) {
  const { code } = await phone('POST', `/_phone/users/${person.id}/login-code`);
  const session = await api('POST', '/miniapp/login', { body: { code } });
  person.session = session;
  return session;
}

function showSheet(hand, person, order, payment, trouble) {
  const pay = async () => {
    try {
      const { notify } = await phone('POST', `/_phone/users/${person.id}/pay`, { prepayId: payment.package });
      await showOrder(hand, person, order, notify);
    } catch (error) {
      showSheet(hand, person, order, payment, problem(error));
    }
  };
  const leave = () => showOrder(hand, person, order);
  hand.show(
    person,
    title,
    el(
      'div.sheet',
      { role: 'group', 'aria-label': 'Payment' },
      el('p', {}, 'WeChat Pay ', chinese('微信支付')),
      el('p', {}, order.description),
      el('p.price', {}, yuan(order.amountFen)),
      trouble,
      button('Pay', pay),
      button('Not now', leave, { kind: 'quiet' }),
    ),
  );
  hand.say(order.state, `the order waits for ${person.name} to pay`);
}

/** Asks the API what became of the order, and shows it. */
async function showOrder(hand, person, { outTradeNo }, notify) {
  const refresh = () => showOrder(hand, person, { outTradeNo }, notify);
  try {
    const { order } = await api('GET', `/pay/orders/${outTradeNo}`, { token: person.session?.token });
    const paid = order.state === 'PAID';
    hand.show(
      person,
      title,
      el(`p.state.${paid ? 'good' : 'open'}`, {}, order.state),
      el('h3', {}, paid ? 'Enjoy your coffee ' : 'Not paid yet ', chinese(paid ? '请慢用' : '尚未支付')),
      el('p.price', {}, yuan(order.amountFen)),
      facts({
        order: order.outTradeNo,
        ...(order.paidAt && { paid: new Date(order.paidAt).toLocaleTimeString() }),
        ...(notify !== undefined && { 'pay-notify': outcome(notify) }),
      }),
      paid ? undefined : button('Ask again', refresh, { kind: 'quiet' }),
    );
    hand.say(order.state, `is what the API says of the order of ${person.name}`);
  } catch (error) {
    hand.show(person, title, problem(error), button('Ask again', refresh, { kind: 'quiet' }));
  }
}

/** What became of WeChat's notification; there is none when a fault swallowed it. */
function outcome(notify) {
  if (!notify) return 'was not sent';
  return notify.status === null ? 'did not answer' : `answered ${notify.status}`;
}

function yuan(fen) {
  return `¥${(fen / 100).toFixed(2)}`;
}
