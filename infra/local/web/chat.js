// The chat of the official account. WeChat pushes each action to the webhook; the webhook's reply is a chat message.
import { phone } from './calls.js';
import { chinese, el, field, row } from './dom.js';

const notes = {
  subscribe: 'You now follow the official account',
  scan: 'You scanned a code of the official account',
  account: 'You follow this official account already',
  expired: 'This QR code has expired 二维码已过期',
};

/** Shows the chat. */
export async function openChat(hand) {
  const { person } = hand;
  const { follows } = await phone('GET', `/_phone/users/${person.id}`);
  const hello = el('p.chat-note', {}, 'Follow the account to write to it');
  const nodes = person.chat.length > 0 || follows ? person.chat : [hello];
  hand.show('Official account', el('div.chat', { role: 'log' }, ...nodes), follows ? writing(hand) : following(hand));
}

/** Shows the result of a scanned code of the account. */
export async function afterScan(hand, { kind, push }) {
  hand.person.chat.push(note(notes[kind] ?? kind), ...(push ? [answer(push)] : []));
  await openChat(hand);
}

/** Offers to follow the account by the code on its card. */
function following(hand) {
  const follow = async () => {
    const { accountQr } = await phone('GET', '/');
    await afterScan(hand, await phone('POST', `/_phone/users/${hand.person.id}/scan`, { content: accountQr }));
    hand.say('subscribe', `${hand.person.name} follows the official account`);
  };
  return el('div.write', {}, hand.button('Follow', follow));
}

function writing(hand) {
  const { id, name, chat } = hand.person;
  const act = async (action, body, own) => {
    const { push } = await phone('POST', `/_phone/users/${id}/${action}`, body);
    chat.push(own);
    // WeChat delivers no reply to a user who unfollowed.
    if (action !== 'unfollow' || push.status !== 200) chat.push(answer(push));
    await openChat(hand);
    hand.say(action, `${name} did this; official-events answered ${push.status ?? 'nothing'}`);
  };
  const input = el('input', { 'aria-label': 'Message', placeholder: '帮助, 登录, …', autocomplete: 'off' });
  const send = hand.button('Send', async () => {
    const text = input.value.trim();
    if (!text) return;
    await act('message', { text }, el('p.bubble.mine', {}, text));
    // Ready for the next message.
    document.querySelector('.write input')?.focus();
  });
  const help = () => act('menu-click', { key: 'HELP' }, note('You chose HELP in the menu'));
  const unfollow = () => act('unfollow', {}, note('You no longer follow the official account'));
  return el(
    'div.write',
    {},
    field(input, send),
    row(hand.button('HELP', help, { kind: 'quiet' }), hand.button('Unfollow', unfollow, { kind: 'quiet' })),
  );
}

/** The webhook's reply as the user sees it, after WeChat decrypted and checked it. */
function answer({ status, body, error, reply }) {
  if (status !== 200) {
    const reason = status === null ? (error ?? 'no answer') : `HTTP ${status}`;
    return el('p.bubble.bad', {}, `The account is out of order: official-events returned ${reason}`);
  }
  if (reply) return bubble(reply);
  if (body === '' || body === 'success') return note('The account sent no reply');
  return el('p.bubble.bad', {}, 'The account is out of order: WeChat cannot read its reply');
}

function bubble({ type, content, articles, title, mediaId, thumbMediaId }) {
  switch (type) {
    case 'text':
      return el('p.bubble', { lang: 'zh' }, content);
    case 'news':
      return el('div.bubble', { lang: 'zh' }, ...articles.map(article));
    case 'transfer_customer_service':
      return note('The customer service takes over');
    default:
      return el('p.bubble', {}, chinese(type), ` ${title ?? mediaId ?? thumbMediaId}`);
  }
}

function article({ title, description, url }) {
  return el('p', {}, el('b', {}, title), ...[description, url].filter(Boolean).map((text) => el('small', {}, text)));
}

function note(text) {
  return el('p.chat-note', {}, text);
}
