// "Scan the code on the page": the phone scans, WeChat tells the official account, the account's reply is a message.
import { CallError, phone } from './calls.js';
import { el } from './dom.js';

const told = {
  subscribe: 'You now follow the official account',
  scan: 'You scanned a code of the official account',
  expired: 'This QR code has expired 二维码已过期',
};

export async function scan(hand, person) {
  const content = hand.codeOnPage();
  if (!content) throw new CallError('NO_CODE', 'The page shows no code that can be scanned: ask it for a new one.');
  const { kind, push } = await phone('POST', `/_phone/users/${person.id}/scan`, { content });
  person.chat.push(el('p.chat-note', {}, told[kind] ?? kind));
  if (push) person.chat.push(bubble(push));
  hand.show(person, 'Official account', el('div.chat', {}, ...person.chat));
  hand.say(kind, `${person.name} scanned the code`);
}

/** The answer of our webhook as the person sees it. */
function bubble({ status, body, error }) {
  if (status !== 200) {
    const reason = status === null ? (error ?? 'no answer') : `HTTP ${status}`;
    return el('p.bubble.bad', {}, `The account is out of order: official-events said ${reason}`);
  }
  const reply = replyText(body);
  return reply ? el('p.bubble', { lang: 'zh' }, reply) : el('p.chat-note', {}, 'The account said nothing to that');
}

/** The text of a passive reply; empty for `success`, which is no XML. */
function replyText(body) {
  return new DOMParser().parseFromString(body, 'text/xml').querySelector('xml > Content')?.textContent ?? '';
}
