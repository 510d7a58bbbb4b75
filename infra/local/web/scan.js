// "Scan the code on the page": opens the app that the code belongs to.
import { CallError, phone } from './calls.js';
import { afterScan } from './chat.js';
import { chinese, el, face, facts, row } from './dom.js';
import { title } from './mini-program.js';
import { callAs } from './session.js';

export async function scan(hand) {
  const { person } = hand;
  const content = hand.codeOnPage();
  if (!content) throw new CallError('NO_CODE', 'The page shows no code that can be scanned: ask it for a new one.');
  const scanned = await phone('POST', `/_phone/users/${person.id}/scan`, { content });
  hand.say(scanned.kind, `${person.name} scanned the code`);
  // WeChat starts a mini-program with a percent-encoded scene.
  if (scanned.kind === 'mini-program') await askToConfirm(hand, decodeURIComponent(scanned.query.scene));
  else await afterScan(hand, scanned);
}

/** Shows the mini-program's page for its code. The scene is the ticket of the web page. */
async function askToConfirm(hand, scene) {
  const { person } = hand;
  const decide = (decision) => callAs(person, (api) => api.decideQrLogin({ ticket: scene, decision }));
  const { siteName, requestedAt, place, browser } = await decide('scan');
  const { user } = person.session;

  const confirm = async () => {
    const { status } = await decide('confirm');
    hand.show(title, el('h3', {}, 'Confirmed ', chinese('已确认')), el('p', {}, 'The web page goes on by itself.'));
    hand.say(status, `${person.name} logs the web page in`);
  };
  const cancel = async () => {
    const { status } = await decide('cancel');
    hand.show(title, el('h3', {}, 'Cancelled ', chinese('已取消')), el('p', {}, 'The web page stays logged out.'));
    hand.say(status, `${person.name} did not log in`);
  };
  hand.show(
    title,
    face(siteName),
    el('h3', {}, `Log in to ${siteName}? `, chinese('确认登录')),
    el('p', {}, `The web page will know you as ${user.nickname ?? user.username}. Cancel if the page is not yours.`),
    facts({
      asked: new Date(requestedAt).toLocaleTimeString(),
      place: place ?? 'unknown',
      browser: browser ?? 'unknown',
    }),
    row(hand.button('Confirm', confirm), hand.button('Cancel', cancel, { kind: 'quiet' })),
  );
}
