// The right half: people, each with a phone of their own that keeps what it shows.
import { phone } from './calls.js';
import { scan } from './chat.js';
import { button, chinese, el, face, problem, say as sayIn, show, waiting } from './dom.js';
import { buyCoffee, openMiniProgram } from './mini-program.js';

const names = ['Li Lei', 'Han Meimei', 'Wang Fang', 'Zhang Wei'];

/**
 * @typedef {object} Person
 * @property {string} id
 * @property {string} name
 * @property {HTMLElement} choice the button that hands their phone to you
 * @property {{token: string, user: {id: string, username: string}} | undefined} session of the mini-program
 * @property {Node[]} chat with the official account
 * @property {{title: string, nodes: Node[]}} screen
 */

export function createPhone({ bar, screen, status, people, newPerson, apps, codeOnPage }) {
  /** @type {Person[]} */
  const everybody = [];
  /** @type {Person | undefined} */
  let owner;
  let busy = false;

  const say = (state, text) => sayIn(status, state, text);
  const hand = {
    say,
    codeOnPage,
    show(person, title, ...nodes) {
      person.screen = { title, nodes };
      if (person === owner) draw();
    },
  };
  const actions = { open: openMiniProgram, scan, buy: buyCoffee };

  function draw() {
    bar.parentElement.classList.toggle('off', !owner);
    bar.replaceChildren(el('b', {}, owner?.screen.title ?? 'off'), el('span', {}, owner?.name ?? ''));
    show(screen, ...(owner?.screen.nodes ?? [waiting('Add a person to switch the phone on.')]));
    screen.scrollTop = screen.scrollHeight;
    for (const app of apps.querySelectorAll('button')) app.disabled = !owner;
    for (const person of everybody) person.choice.ariaPressed = String(person === owner);
  }

  function handTo(person) {
    owner = person;
    draw();
    say('ready', `you hold the phone of ${person.name}`);
  }

  async function addPerson(name) {
    const { id } = await phone('POST', '/_phone/users', { nickname: name });
    const choice = button(name, () => handTo(person), { kind: 'person' });
    const person = { id, name, choice, session: undefined, chat: [], screen: homeScreen(name) };
    everybody.push(person);
    people.append(choice);
    handTo(person);
    newPerson.elements.nickname.value = names[everybody.length % names.length];
  }

  /** One thing at a time, as hands do; a failure is shown on the phone. */
  async function use(action) {
    if (!owner) return;
    if (busy) return say('busy', 'one thing at a time: the phone is still at the last one');
    busy = true;
    const person = owner;
    hand.show(person, 'WeChat', waiting('One moment…'));
    try {
      await action(hand, person);
    } catch (error) {
      hand.show(person, 'WeChat', problem(error));
      say('error', `that failed for ${person.name}`);
    } finally {
      busy = false;
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
    if (app) void use(actions[app.dataset.app]);
  });
  draw();
}

function homeScreen(name) {
  const nodes = [
    face(name),
    el('h3', {}, `Hello, ${name} `, chinese('你好')),
    el('p', {}, 'A new WeChat user, known to nobody yet. Choose what to do with the phone.'),
  ];
  return { title: 'WeChat', nodes };
}
