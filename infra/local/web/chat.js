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
  hand.person.chat.push(note(notes[kind] ?? kind), ...(push ? [answer(hand, push)] : []));
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

/** Performs an action of the user in the chat. `own` is its line in the chat. */
async function act(hand, action, body, own) {
  const { id, name, chat } = hand.person;
  const { push } = await phone('POST', `/_phone/users/${id}/${action}`, body);
  chat.push(own);
  // WeChat delivers no reply to a user who unfollowed.
  if (action !== 'unfollow' || push.status !== 200) chat.push(answer(hand, push));
  await openChat(hand);
  hand.say(action, `${name} did this; official-events answered ${push.status ?? 'nothing'}`);
}

function writing(hand) {
  const input = el('input', { 'aria-label': 'Message', placeholder: '帮助, 登录, …', autocomplete: 'off' });
  const send = hand.button('Send', async () => {
    const text = input.value.trim();
    if (!text) return;
    await act(hand, 'message', { text }, el('p.bubble.mine', {}, text));
    // Ready for the next message.
    document.querySelector('.write input')?.focus();
  });
  const help = () => act(hand, 'menu-click', { key: 'HELP' }, note('You chose HELP in the menu'));
  const unfollow = () => act(hand, 'unfollow', {}, note('You no longer follow the official account'));
  return el(
    'div.write',
    {},
    field(input, send),
    row(hand.button('HELP', help, { kind: 'quiet' }), hand.button('Unfollow', unfollow, { kind: 'quiet' })),
  );
}

/** The webhook's reply as the user sees it, after WeChat decrypted and checked it. */
function answer(hand, { status, body, error, reply }) {
  if (status !== 200) {
    const reason = status === null ? (error ?? 'no answer') : `HTTP ${status}`;
    return el('p.bubble.bad', {}, `The account is out of order: official-events returned ${reason}`);
  }
  if (reply) return bubble(hand, reply);
  if (body === '' || body === 'success') return note('The account sent no reply');
  return el('p.bubble.bad', {}, 'The account is out of order: WeChat cannot read its reply');
}

/** A message of the app as the user sees it. */
export function bubble(hand, { type, content, articles, title, mediaId, thumbMediaId }) {
  switch (type) {
    case 'text':
      return el('p.bubble', { lang: 'zh' }, ...withLinks(hand, content));
    case 'news':
      return el('div.bubble', { lang: 'zh' }, ...articles.map(article));
    case 'transfer_customer_service':
      return note('The customer service takes over');
    default:
      return el('p.bubble', {}, chinese(type), ` ${title ?? mediaId ?? thumbMediaId}`);
  }
}

/** Splits a text at its links. A click taps the link, which sends the text of the link to the account. */
function withLinks(hand, text) {
  const [before, ...links] = text.split(/<a href="weixin:\/\/bizmsgmenu\?(?=[^"]*">[^<]*<\/a>)/);
  const nodes = links.flatMap((link) => {
    const [, query, label, after] = /^([^"]*)">([^<]*)<\/a>(.*)$/s.exec(link);
    const parameters = new URLSearchParams(query);
    const own = () => el('p.bubble.mine', {}, parameters.get('msgmenucontent'));
    const tap = () => act(hand, 'tap', { menuId: parameters.get('msgmenuid') }, own());
    return [hand.button(label, tap, { kind: 'link' }), after];
  });
  return [before, ...nodes];
}

function article({ title, description, url }) {
  return el('p', {}, el('b', {}, title), ...[description, url].filter(Boolean).map((text) => el('small', {}, text)));
}

/** A line of the chat that is no message. */
export function note(text) {
  return el('p.chat-note', {}, text);
}
