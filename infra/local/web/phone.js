// The right half: the users, each with a phone that keeps its screen.
import { phone } from './calls.js';
import { openChat } from './chat.js';
import { buyCoffee } from './coffee.js';
import { button, chinese, el, face, problem, say as sayIn, show, waiting } from './dom.js';
import { openH5 } from './h5-browser.js';
import { openMiniProgram } from './mini-program.js';
import { openOrders } from './orders.js';
import { scan } from './scan.js';
import { openVirtualGoods } from './virtual-goods.js';

const names = ['Li Lei', 'Han Meimei', 'Wang Fang', 'Zhang Wei'];
const launch = {
  open: openMiniProgram,
  scan,
  buy: buyCoffee,
  wallet: openVirtualGoods,
  orders: openOrders,
  chat: openChat,
  h5: openH5,
};

/**
 * @typedef {object} Person
 * @property {string} id
 * @property {string} name
 * @property {{token: string, user: {id: string, username: string}} | undefined} session of the mini-program
 * @property {{uploadId: string, url: string, state: 'checking' | 'refused'} | undefined} newPicture the chosen picture,
 * which is not the avatar yet
 * @property {Node[]} chat with the official account
 * @property {{title: string, nodes: Node[]}} screen
 * @property {Node | undefined} trouble a failure, above the content of the screen
 *
 * Access of the apps to a phone.
 * @typedef {object} Hand
 * @property {Person} person the owner of the phone
 * @property {(title: string, ...nodes: Node[]) => void} show on this phone
 * @property {(label: string, action: () => Promise<void>, options?: object) => HTMLElement} button one on this phone
 * @property {(state: string, text: string) => void} say
 * @property {() => string | undefined} codeOnPage
 */

export function createPhone({ bar, screen, status, people, newPerson, apps, codeOnPage }) {
  /** @type {Hand[]} */
  const everybody = [];
  /** @type {Hand | undefined} */
  let holding;
  let busy = false;

  const say = (state, text) => sayIn(status, state, text);

  function draw() {
    const person = holding?.person;
    bar.parentElement.classList.toggle('off', !person);
    bar.replaceChildren(el('b', {}, person?.screen.title ?? 'off'), el('span', {}, person?.name ?? ''));
    if (person) show(screen, person.trouble, ...person.screen.nodes);
    else show(screen, waiting('Add a person to switch the phone on.'));
    screen.scrollTop = screen.scrollHeight;
    for (const app of apps.querySelectorAll('button')) app.disabled = !person;
    for (const hand of everybody) hand.choice.ariaPressed = String(hand === holding);
  }

  function handOf(person) {
    const hand = {
      person,
      say,
      codeOnPage,
      choice: button(person.name, () => handTo(hand), { kind: 'person' }),
      show(title, ...nodes) {
        person.screen = { title, nodes };
        person.trouble = undefined;
        if (hand === holding) draw();
      },
      button: (label, action, options) => button(label, () => use(hand, action), options),
    };
    return hand;
  }

  function handTo(hand) {
    holding = hand;
    draw();
    say('ready', `you hold the phone of ${hand.person.name}`);
  }

  async function addPerson(name) {
    const { id } = await phone('POST', '/_phone/users', { nickname: name });
    const hand = handOf({
      id,
      name,
      session: undefined,
      newPicture: undefined,
      chat: [],
      screen: homeScreen(name),
      trouble: undefined,
    });
    everybody.push(hand);
    people.append(hand.choice);
    handTo(hand);
    newPerson.elements.nickname.value = names[everybody.length % names.length];
  }

  /** Runs one action at a time. A failure appears on the phone, above the content of the screen. */
  async function use(hand, action) {
    if (busy) return say('busy', 'one thing at a time: the phone is still at the last one');
    busy = true;
    const { person } = hand;
    person.trouble?.remove();
    person.trouble = undefined;
    status.replaceChildren();
    try {
      await action();
    } catch (error) {
      person.trouble = problem(error);
      if (hand === holding) screen.prepend(person.trouble);
      say('error', `that failed for ${person.name}`);
    } finally {
      busy = false;
    }
  }

  async function open(hand, app) {
    hand.show('WeChat', waiting('One moment…'));
    try {
      await app(hand);
    } catch (error) {
      hand.show('WeChat');
      throw error;
    }
  }

  newPerson.elements.nickname.value = names[0];
  newPerson.addEventListener('submit', (event) => {
    event.preventDefault();
    const name = newPerson.elements.nickname.value.trim();
    if (!name) return;
    addPerson(name).catch((error) => {
      say('error', 'nobody was added');
      show(screen, problem(error));
    });
  });
  apps.addEventListener('click', ({ target }) => {
    const app = target.closest('button');
    const hand = holding;
    if (app && hand) void use(hand, () => open(hand, launch[app.dataset.app]));
  });
  draw();
}

function homeScreen(name) {
  const nodes = [
    face(name),
    el('h3', {}, `Hello, ${name} `, chinese('你好')),
    el('p', {}, 'A new WeChat user without an account. Choose what to do with the phone.'),
  ];
  return { title: 'WeChat', nodes };
}
