// The mini-program on the phone: it logs in by itself and shows the user's account.
import { api, phone } from './calls.js';
import { chinese, el, facts, field, row, stack } from './dom.js';
import { openService } from './service-chat.js';

export const title = 'Mini-program';

export async function openMiniProgram(hand) {
  const { person } = hand;
  const { isNewUser } = await logIn(person);
  showAccount(hand, isNewUser ? 'Welcome ' : 'Welcome back ', isNewUser ? '欢迎' : '欢迎回来');
  hand.say('logged in', `${person.name} uses the mini-program`);
}

/** Calls the API as this user. Without a session the mini-program logs in first, without asking the user. */
export async function callAs(person, method, path, body) {
  const { token } = person.session ?? (await logIn(person));
  try {
    return await api(method, path, { token, body });
  } catch (error) {
    // The session has ended: the next click logs in.
    if (error.status === 401) person.session = undefined;
    throw error;
  }
}

/** Exchanges a code of `wx.login` for a session. */
async function logIn(person) {
  const { code } = await phone('POST', `/_phone/users/${person.id}/login-code`);
  person.session = await api('POST', '/miniapp/login', { body: { code } });
  return person.session;
}

function showAccount(hand, greeting, inChinese) {
  const { user } = hand.person.session;
  hand.show(
    title,
    el('h3', {}, greeting, chinese(inChinese)),
    facts({
      username: user.username,
      nickname: user.nickname ?? '–',
      phone: user.phone ?? 'not bound',
      id: user.id,
    }),
    stack(
      user.phone ? undefined : hand.button('Bind phone', () => bindPhone(hand)),
      hand.button('Change name', async () => askName(hand), { kind: 'quiet' }),
      hand.button('Customer service', () => openService(hand), { kind: 'quiet' }),
      hand.button('Close account', async () => askToClose(hand), { kind: 'quiet' }),
    ),
  );
}

/** Exchanges a code of the phone button for a new session. */
async function bindPhone(hand) {
  const { person } = hand;
  const { code } = await phone('POST', `/_phone/users/${person.id}/phone-code`);
  person.session = await callAs(person, 'POST', '/miniapp/phone', { code });
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
    const { user } = await callAs(person, 'PUT', '/miniapp/profile', { nickname: input.value });
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
    await callAs(person, 'DELETE', '/me');
    person.session = undefined;
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
    el('p', {}, 'Name and phone are deleted, WeChat is unlinked. Orders stay, without a user.'),
    row(
      hand.button('Keep it', () => openMiniProgram(hand)),
      hand.button('Close it', close, { kind: 'quiet' }),
    ),
  );
}
