// The customer-service chat of the mini-program. The app's messages arrive later than the answer to a push, so the chat
// is loaded again every second.
import { phone } from './calls.js';
import { bubble, note } from './chat.js';
import { el, field } from './dom.js';

const everyMs = 1000;

/** Opens the customer service and shows the chat. */
export async function openService(hand) {
  const log = el('div.chat', { role: 'log' });
  await act(hand, 'enter-service', {});
  await refresh(hand, log);
  hand.show('Customer service', log, writing(hand, log));
  void follow(hand, log);
}

function writing(hand, log) {
  const input = el('input', {
    'aria-label': 'Message to the customer service',
    placeholder: '帮助, …',
    autocomplete: 'off',
  });
  const send = hand.button('Send', async () => {
    const text = input.value.trim();
    if (!text) return;
    await act(hand, 'message', { app: 'miniapp', text });
    input.value = '';
    await refresh(hand, log);
  });
  return el('div.write', {}, field(input, send));
}

/** Performs an action of the user. The user of a mini-program sees no failure of its webhook. */
async function act(hand, action, body) {
  const { id, name } = hand.person;
  const { push } = await phone('POST', `/_phone/users/${id}/${action}`, body);
  const answer = push.status === null ? `gave no answer: ${push.error}` : `answered ${push.status}`;
  hand.say(action, `${name} did this; miniapp-events ${answer}`);
}

/** Loads the chat while the phone shows it. */
async function follow(hand, log) {
  while (hand.person.screen.nodes.includes(log)) {
    await new Promise((resolve) => setTimeout(resolve, everyMs));
    // The next click reports a simulator that does not answer.
    await refresh(hand, log).catch(() => undefined);
  }
}

async function refresh(hand, log) {
  const { serviceChat } = await phone('GET', `/_phone/users/${hand.person.id}`);
  const shown = String(serviceChat.length);
  if (log.dataset.shown === shown) return;
  log.dataset.shown = shown;
  const lines = serviceChat.map((line) => (line.from === 'person' ? own(line) : bubble(hand, line)));
  log.replaceChildren(...(lines.length > 0 ? lines : [note('Ask anything 有什么可以帮您')]));
  log.parentElement?.scrollTo({ top: log.parentElement.scrollHeight });
}

function own({ type, content }) {
  return el('p.bubble.mine', {}, content ?? type);
}
