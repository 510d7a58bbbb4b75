// The mini-program on the phone: it logs in by itself and shows the user's account.
import { askPicture, avatarHint, followCheck } from './avatar.js';
import { phone } from './calls.js';
import { chinese, el, face, facts, field, pairs, row, stack } from './dom.js';
import { openService } from './service-chat.js';
import { callAs, logIn } from './session.js';

export const title = 'Mini-program';

export async function openMiniProgram(hand) {
  const { person } = hand;
  const { isNewUser } = await logIn(person);
  showAccount(hand, isNewUser ? 'Welcome ' : 'Welcome back ', isNewUser ? '欢迎' : '欢迎回来');
  hand.say('logged in', `${person.name} uses the mini-program`);
}

function showAccount(hand, greeting, inChinese) {
  const { person } = hand;
  const { user } = person.session;
  const welcome = el('div', {}, el('h3', {}, greeting, chinese(inChinese)), avatarHint(person));
  const profile = el('div.profile', {}, face(user.nickname ?? person.name, user.avatarUrl), welcome);
  hand.show(
    title,
    profile,
    facts({
      username: user.username,
      nickname: user.nickname ?? '–',
      phone: user.phone ?? 'not bound',
      id: user.id,
    }),
    user.phone ? undefined : stack(hand.button('Bind phone', () => bindPhone(hand))),
    pairs(
      hand.button('Choose avatar', async () => askPicture(hand, title, () => showPicture(hand)), { kind: 'quiet' }),
      hand.button('Change name', async () => askName(hand), { kind: 'quiet' }),
      hand.button('Customer service', () => openService(hand), { kind: 'quiet' }),
      hand.button('Close account', async () => askToClose(hand), { kind: 'quiet' }),
    ),
  );
  void followCheck(hand, profile, () => showPicture(hand));
}

/** Shows the account after a change of its picture. */
function showPicture(hand) {
  if (hand.person.newPicture) showAccount(hand, 'Welcome back ', '欢迎回来');
  else showAccount(hand, 'Picture changed ', '头像已更换');
}

/** Exchanges a code of the phone button for a new session. */
async function bindPhone(hand) {
  const { person } = hand;
  const { code } = await phone('POST', `/_phone/users/${person.id}/phone-code`);
  person.session = await callAs(person, (api) => api.bindPhone({ code }));
  showAccount(hand, 'Phone bound ', '手机号已绑定');
  hand.say('bound', `the username of ${person.name} is the phone number now, which answers mask`);
}

function askName(hand) {
  const { person } = hand;
  const input = el('input', {
    'aria-label': 'New name',
    autocomplete: 'off',
    value: person.session?.user.nickname ?? person.name,
  });
  const save = hand.button('Save', async () => {
    const { user } = await callAs(person, (api) => api.updateProfile({ nickname: input.value }));
    person.session.user = user;
    showAccount(hand, 'Name changed ', '昵称已修改');
    hand.say('saved', `${person.name} is called ${user.nickname} here`);
  });
  hand.show(title, el('h3', {}, 'What shall we call you? ', chinese('昵称')), field(input, save));
}

function askToClose(hand) {
  const { person } = hand;
  const close = async () => {
    // Closing needs a fresh login.
    await logIn(person);
    await callAs(person, (api) => api.closeAccount());
    person.session = undefined;
    person.newPicture = undefined;
    hand.show(
      title,
      el('h3', {}, 'Account closed ', chinese('已注销')),
      el('p', {}, 'The next login creates a new account.'),
    );
    hand.say('closed', `${person.name} has no account any more`);
  };
  hand.show(
    title,
    el('h3', {}, 'Close this account? ', chinese('注销账号')),
    el('p', {}, 'Name, picture and phone are deleted, WeChat is unlinked. Orders stay, without a user.'),
    row(
      hand.button('Keep it', () => openMiniProgram(hand)),
      hand.button('Close it', close, { kind: 'quiet' }),
    ),
  );
}
