// The session of a user in the mini-program, and the client that calls the API in this session.
import { addressOf, phone } from './calls.js';
import { wx } from './wx.js';

const { createClient } = await loadClient();

/** Runs the client that `npm run clients` writes. It is CommonJS and uses the global `wx` of mini-programs. */
async function loadClient() {
  const code = await (await fetch('/_web/wechat-lambda.miniprogram.js')).text();
  const module = { exports: {} };
  new Function('wx', 'module', code)(wx, module);
  return module.exports;
}

/** Exchanges a code of `wx.login` for a session. */
export async function logIn(person) {
  const { code } = await phone('POST', `/_phone/users/${person.id}/login-code`);
  person.session = await clientOf(person).loginMiniapp({ code });
  return person.session;
}

/**
 * Calls the API as this user. Without a session the mini-program logs in first, without asking the user.
 * @param {object} person
 * @param {(api: object) => Promise<object>} call receives the client
 */
export async function callAs(person, call) {
  if (!person.session) await logIn(person);
  try {
    return await call(clientOf(person));
  } catch (error) {
    // The session has ended: the next click logs in.
    if (error.status === 401) person.session = undefined;
    throw error;
  }
}

function clientOf(person) {
  return createClient({ baseUrl: addressOf(''), getToken: () => person.session?.token });
}
